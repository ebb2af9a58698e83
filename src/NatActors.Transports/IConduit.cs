using NatActors.Multiformats;

namespace NatActors.Transports;

/// <summary>
/// An ordered, reliable byte pipe between two peers, still to be secured and muxed: a TCP connection, a relayed stream, a simulated link,
/// or another conduit under a cipher. One reader and one writer at a time; reading and writing may overlap.
/// </summary>
public interface IConduit : IAsyncDisposable
{
    /// <summary>This side's address: for TCP the bound ip and port; for a relayed conduit the circuit address it arrived on.</summary>
    Multiaddr LocalAddress { get; }

    /// <summary>The other side's address, without its peer id.</summary>
    Multiaddr RemoteAddress { get; }

    /// <summary>
    /// Reads at least one byte into a non-empty buffer; 0 means that the other side has finished writing. With an empty buffer it only waits until
    /// there may be something to read, or the end, takes nothing and returns 0: who may have to wait long needs no buffer meanwhile.
    /// Throws <see cref="IOException"/> when the conduit broke or was aborted, <see cref="OperationCanceledException"/> when cancelled
    /// (after which the conduit may only be aborted).
    /// </summary>
    ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes the whole buffer; completes when the buffer may be reused. Throws as <see cref="ReadAsync"/> does.
    /// </summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default);

    /// <summary>Tells the other side that no more bytes follow (half-close); reading goes on.</summary>
    ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default);

    /// <summary>Cuts the conduit at once: pending and later reads and writes fail with <see cref="IOException"/>. Safe from any thread, any number of times.</summary>
    void Abort();
}
