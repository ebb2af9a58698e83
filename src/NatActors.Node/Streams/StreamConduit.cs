using NatActors.Multiformats;
using NatActors.Protocols.Relay;
using NatActors.Transports;

namespace NatActors.Node.Streams;

/// <summary>A stream as a conduit: a relayed connection, to be secured and muxed end to end like a TCP connection.</summary>
public sealed class StreamConduit : IConduit
{
    private readonly PeerStream _stream;

    /// <summary>A conduit over the stream, which it owns from now on.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="localAddress">This side's address.</param>
    /// <param name="remoteAddress">The other side's address.</param>
    /// <param name="circuit">Counts what passes against the relay's limits, this side as the source; null when there are none.</param>
    public StreamConduit(PeerStream stream, Multiaddr localAddress, Multiaddr remoteAddress, CircuitMeter? circuit = null)
    {
        _stream = stream;
        LocalAddress = localAddress;
        RemoteAddress = remoteAddress;
        Circuit = circuit;
    }

    /// <summary>What passed, and the relay's limits, this side being the source; null when there are none.</summary>
    public CircuitMeter? Circuit { get; }

    /// <inheritdoc />
    public Multiaddr LocalAddress { get; }

    /// <inheritdoc />
    public Multiaddr RemoteAddress { get; }

    /// <inheritdoc />
    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Circuit is null ? _stream.ReadAsync(buffer, cancellationToken) : ReadCountedAsync(Circuit, buffer, cancellationToken);

    /// <inheritdoc />
    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Only counted: it is the relay that holds to the limit.
        Circuit?.Admit(CircuitDirection.FromSource, buffer.Length);
        return _stream.WriteAsync(buffer, cancellationToken);
    }

    /// <inheritdoc />
    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => _stream.CompleteWritesAsync(cancellationToken);

    /// <inheritdoc />
    public void Abort() => _stream.Reset();

    /// <inheritdoc />
    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async ValueTask<int> ReadCountedAsync(CircuitMeter circuit, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await _stream.ReadAsync(buffer, cancellationToken);
        circuit.Admit(CircuitDirection.FromDestination, read);
        return read;
    }
}
