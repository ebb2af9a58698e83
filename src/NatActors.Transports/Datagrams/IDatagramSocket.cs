using System.Net;

namespace NatActors.Transports.Datagrams;

/// <summary>One datagram that arrived.</summary>
/// <param name="Length">Its bytes in the buffer that was handed in; a longer datagram is cut there, so offer one byte more than the protocol allows.</param>
/// <param name="From">Who sent it, as its packet says: anybody can claim anything.</param>
public readonly record struct ReceivedDatagram(int Length, IPEndPoint From);

/// <summary>
/// A UDP socket of its own port, for small exchanges beside the shared port: name servers, gateways. One receive at a time; sending may
/// overlap it.
/// </summary>
public interface IDatagramSocket : IAsyncDisposable
{
    /// <summary>
    /// Where it is bound, with the real port. With <see cref="DatagramOptions.Remote"/> the address is the one that the system sends from;
    /// without it may be the wildcard.
    /// </summary>
    IPEndPoint LocalEndPoint { get; }

    /// <summary>Sends one datagram.</summary>
    /// <param name="datagram">Its bytes; may be reused when the task completes.</param>
    /// <param name="to">Where to; with <see cref="DatagramOptions.Remote"/> only that one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The system refuses: no way there, closed, or (with a remote) an earlier one found no listener.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> datagram, IPEndPoint to, CancellationToken cancellationToken = default);

    /// <summary>Waits for one datagram.</summary>
    /// <param name="buffer">Where it goes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">The socket is closed, or (with a remote) nobody listens there.</exception>
    ValueTask<ReceivedDatagram> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);
}

/// <summary>How a datagram socket is bound.</summary>
public sealed record DatagramOptions
{
    /// <summary>A fresh port, no multicast, any sender.</summary>
    public static DatagramOptions Default { get; } = new();

    /// <summary>The local port, 0 to 65535; default 0: the system chooses.</summary>
    public int Port { get; init; }

    /// <summary>Others on this machine may bind the same port too, as protocols with a fixed client port need. Default false.</summary>
    public bool SharePort { get; init; }

    /// <summary>
    /// The only partner: others are not heard, and the system tells when nobody listens there. Default null: anybody, and silence is all
    /// that there is.
    /// </summary>
    public IPEndPoint? Remote { get; init; }

    /// <summary>
    /// The multicast groups to join on the interface of the local address, of its family; the socket is then bound to the wildcard, as
    /// groups need it. Default none.
    /// </summary>
    public IReadOnlyList<IPAddress> Groups { get; init; } = [];

    /// <summary>How many routers a multicast datagram may cross, 1 to 255. Default 1: none (SSDP in UPnP 2.0 asks for 2).</summary>
    public int MulticastTtl { get; init; } = 1;
}

/// <summary>What opening a datagram socket came to: a socket, or why there is none. Exactly one is set.</summary>
public sealed record DatagramOpenResult(IDatagramSocket? Socket, string? Failure);

/// <summary>Opens datagram sockets.</summary>
public interface IDatagramSockets
{
    /// <summary>Opens a socket.</summary>
    /// <param name="local">The local address: an interface's, or the wildcard of a family. Multicast leaves by the interface of this address.</param>
    /// <param name="options">How it is bound; null for <see cref="DatagramOptions.Default"/>.</param>
    DatagramOpenResult Open(IPAddress local, DatagramOptions? options = null);
}
