using System.Net.Sockets;

namespace NatActors.Transports.Port;

/// <summary>
/// Makes the sockets of a transport. On Linux a socket belongs for life to the network namespace of the thread that made it, so a
/// laboratory can run several nodes in one process, each with a factory of its own namespace.
/// </summary>
public interface ISocketFactory
{
    /// <summary>A new TCP socket, not yet bound.</summary>
    /// <exception cref="SocketException">The system refuses, e.g. because the address family is switched off or descriptors are
    /// short.</exception>
    Socket CreateTcp(AddressFamily family);

    /// <summary>A new UDP socket, not yet bound.</summary>
    /// <exception cref="SocketException">As for TCP.</exception>
    Socket CreateUdp(AddressFamily family);
}

/// <summary>Sockets of the calling thread's namespace, which is the process's own unless somebody changed it.</summary>
public sealed class SystemSocketFactory : ISocketFactory
{
    /// <summary>The one instance; it has no state.</summary>
    public static SystemSocketFactory Instance { get; } = new();

    private SystemSocketFactory()
    {
    }

    /// <inheritdoc />
    public Socket CreateTcp(AddressFamily family) => new(family, SocketType.Stream, ProtocolType.Tcp);

    /// <inheritdoc />
    public Socket CreateUdp(AddressFamily family) => new(family, SocketType.Dgram, ProtocolType.Udp);
}
