using System.Net;
using System.Net.Sockets;
using NatActors.Multiformats;

namespace NatActors.Transports.Port;

/// <summary>
/// TCP over IPv4 and IPv6 with one port for listening and dialing (SO_REUSEADDR and SO_REUSEPORT), as hole punching needs it
/// (libp2p specs, connections/hole-punching.md). Linux only: elsewhere these options mean something else.
/// </summary>
public sealed class TcpTransport : IPortTransport
{
    private readonly ISocketFactory _sockets;

    /// <summary>A transport in this process's network namespace.</summary>
    public TcpTransport()
        : this(SystemSocketFactory.Instance)
    {
    }

    /// <summary>A transport whose sockets come from the given factory.</summary>
    public TcpTransport(ISocketFactory sockets)
    {
        ArgumentNullException.ThrowIfNull(sockets);
        _sockets = sockets;
    }

    /// <inheritdoc />
    public bool CanListen(Multiaddr address) => address.TryGetTcpEndPoint(out _);

    /// <inheritdoc />
    public bool CanDial(Multiaddr address) => address.TryGetTcpEndPoint(out var endPoint) && endPoint.Port != 0;

    /// <inheritdoc />
    public BindResult Bind(Multiaddr address) => Open(address, listening: true);

    /// <inheritdoc />
    public BindResult BindForDialing(Multiaddr address) => Open(address, listening: false);

    private BindResult Open(Multiaddr address, bool listening)
    {
        if (!address.TryGetTcpEndPoint(out var endPoint))
        {
            return SocketFailures.BindFailed(
                BindFailureKind.NotSupported,
                $"{address} is no TCP listen address: use the form /ip4/0.0.0.0/tcp/4001 or /ip6/::/tcp/4001.");
        }

        if (!OperatingSystem.IsLinux())
        {
            return SocketFailures.BindFailed(BindFailureKind.NotSupported, "One TCP port for listening and dialing works on Linux only.");
        }

        try
        {
            RefuseHeldPort(endPoint);
            return new BindResult(new TcpPortBinding(_sockets, BindShared(endPoint), listening), null, null);
        }
        catch (SocketException error)
        {
            return SocketFailures.BindFailed(endPoint, error);
        }
    }

    /// <summary>
    /// With SO_REUSEPORT two processes of one user can hold the same port without a word, each getting half of the connections. A listener
    /// without it is refused in that case, so one is opened and closed first. Port 0 needs no check: the kernel gives out only ports that
    /// nobody has.
    /// </summary>
    private void RefuseHeldPort(IPEndPoint endPoint)
    {
        if (endPoint.Port == 0)
        {
            return;
        }

        using var probe = _sockets.CreateTcp(endPoint.AddressFamily);
        LinuxSockets.KeepToOneFamily(probe);
        LinuxSockets.AllowAddressReuse(probe);
        probe.Bind(endPoint);
        probe.Listen(1);
        LinuxSockets.StopListening(probe);
    }

    private Socket BindShared(IPEndPoint endPoint)
    {
        var socket = _sockets.CreateTcp(endPoint.AddressFamily);
        try
        {
            LinuxSockets.KeepToOneFamily(socket);
            LinuxSockets.AllowAddressReuse(socket);
            LinuxSockets.AllowPortReuse(socket);
            socket.Bind(endPoint);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
