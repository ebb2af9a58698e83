using NatActors.Multiformats;
using NatActors.Transports;

namespace NatActors.Testing;

/// <summary>
/// Two conduits joined in memory, bounded and back-pressured like sockets: a writer whose reader does not read comes to a stop.
/// </summary>
public sealed class MemoryConduit : IConduit
{
    /// <summary>Bytes on their way in each direction unless said otherwise; about a socket's buffers.</summary>
    public const int DefaultCapacity = 64 * 1024;

    private readonly MemoryPipe _in;
    private readonly MemoryPipe _out;

    private MemoryConduit(MemoryPipe inbound, MemoryPipe outbound, string local, string remote)
    {
        _in = inbound;
        _out = outbound;
        LocalAddress = Multiaddr.Parse(local);
        RemoteAddress = Multiaddr.Parse(remote);
    }

    /// <summary>Joins two ends.</summary>
    /// <param name="capacity">Bytes that may be on their way in each direction.</param>
    /// <param name="maxRead">Most bytes that one read returns, to split messages anywhere; 1 gives single bytes.</param>
    public static (MemoryConduit Dialer, MemoryConduit Listener) CreatePair(int capacity = DefaultCapacity, int maxRead = int.MaxValue)
    {
        const string Dialer = "/ip4/127.0.0.1/tcp/50001";
        const string Listener = "/ip4/127.0.0.1/tcp/4001";
        var there = new MemoryPipe(capacity, maxRead);
        var back = new MemoryPipe(capacity, maxRead);
        return (new MemoryConduit(back, there, Dialer, Listener), new MemoryConduit(there, back, Listener, Dialer));
    }

    /// <inheritdoc />
    public Multiaddr LocalAddress { get; }

    /// <inheritdoc />
    public Multiaddr RemoteAddress { get; }

    /// <summary>Bytes written by the other side and not yet read.</summary>
    public int Unread => _in.Count;

    /// <inheritdoc />
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _in.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc />
    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _out.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc />
    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default)
    {
        _out.Complete();
        return default;
    }

    /// <inheritdoc />
    public void Abort()
    {
        _in.Abort();
        _out.Abort();
    }

    /// <summary>Closes in order: what was written can still be read by the other side.</summary>
    public ValueTask DisposeAsync()
    {
        _out.Complete();
        return default;
    }
}
