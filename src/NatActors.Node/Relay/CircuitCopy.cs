using System.Buffers;
using NatActors.Node.Metrics;
using NatActors.Node.Streams;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Relay;

/// <summary>How one direction of a circuit ended.</summary>
internal enum CopyEnd
{
    /// <summary>The sender finished, and the receiver was told.</summary>
    Finished,

    /// <summary>The limit is reached.</summary>
    LimitReached,

    /// <summary>One of the two streams broke.</summary>
    Broken,
}

/// <summary>
/// Copies one direction of a circuit. No byte passes a mailbox; the buffer is rented while something flows or is awaited.
/// </summary>
internal static class CircuitCopy
{
    /// <summary>
    /// The bytes of one read. A yamux window is 256 KiB and a Noise frame 64 KiB at most; this is the memory of an idle direction, and
    /// 4,096
    /// circuits of two directions stay under 128 MiB with it.
    /// </summary>
    public const int BufferSize = 16 * 1024;

    /// <summary>Copies until the source ends, the limit is reached, or something breaks. Throws nothing but cancellation.</summary>
    public static async Task<CopyEnd> RunAsync(
        PeerStream from,
        PeerStream to,
        Meters meters,
        CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (true)
            {
                var read = await from.ReadAsync(buffer.AsMemory(0, BufferSize), cancellationToken);
                if (read == 0)
                {
                    await to.CompleteWritesAsync(cancellationToken);
                    return CopyEnd.Finished;
                }

                var admitted = meters.Limit.Admit(meters.Direction, read);
                if (admitted > 0)
                {
                    meters.Traffic.OnSent(admitted);
                    meters.Writes.Begin();
                    await to.WriteAsync(buffer.AsMemory(0, admitted), cancellationToken);
                    meters.Writes.End();
                }

                if (admitted < read)
                {
                    return CopyEnd.LimitReached;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return CopyEnd.Broken;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>What counts the bytes of one direction.</summary>
    /// <param name="Limit">The circuit's limits.</param>
    /// <param name="Direction">The direction.</param>
    /// <param name="Traffic">All that the relay server carries.</param>
    /// <param name="Writes">Sees a receiver that takes nothing any more.</param>
    internal sealed record Meters(CircuitMeter Limit, CircuitDirection Direction, TrafficMeter Traffic, WriteWatch Writes);
}
