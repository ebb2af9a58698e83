using System.Buffers;
using NatActors.Node.Streams;

namespace NatActors.Node.Ping;

/// <summary>
/// <c>/echo/1.0.0</c>: returns what comes, until the peer finishes writing. Off unless the owner asks for it; it holds one buffer a
/// stream and
/// reads no faster than it can write back.
/// </summary>
public static class EchoService
{
    /// <summary>The protocol's id.</summary>
    public const string Id = "/echo/1.0.0";

    private const int BufferSize = 64 * 1024;

    /// <summary>The handler.</summary>
    public static async Task EchoAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await stream.ReadAsync(buffer, cancellationToken) is var read and > 0)
            {
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }

            await stream.CompleteWritesAsync(cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
