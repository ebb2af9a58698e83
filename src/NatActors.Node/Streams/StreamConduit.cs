using NatActors.Multiformats;
using NatActors.Transports;

namespace NatActors.Node.Streams;

/// <summary>A stream as a conduit: a relayed connection, to be secured and muxed end to end like a TCP connection.</summary>
public sealed class StreamConduit : IConduit
{
    private readonly PeerStream _stream;

    /// <summary>A conduit over the stream, which it owns from now on.</summary>
    public StreamConduit(PeerStream stream, Multiaddr localAddress, Multiaddr remoteAddress)
    {
        _stream = stream;
        LocalAddress = localAddress;
        RemoteAddress = remoteAddress;
    }

    /// <inheritdoc />
    public Multiaddr LocalAddress { get; }

    /// <inheritdoc />
    public Multiaddr RemoteAddress { get; }

    /// <inheritdoc />
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _stream.ReadAsync(buffer, cancellationToken);

    /// <inheritdoc />
    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _stream.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc />
    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => _stream.CompleteWritesAsync(cancellationToken);

    /// <inheritdoc />
    public void Abort() => _stream.Reset();

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
