using System.Buffers;
using NatActors.Node.Streams;
using NatActors.Protocols.Perf;

namespace NatActors.Node.Ping;

/// <summary>Moves the bytes of a throughput measurement between a stream and a pooled buffer, as the machines say.</summary>
internal static class PerfTransfer
{
    // Four full Noise frames at a time: large enough to fill frames, small enough to stay in the cache.
    private const int BufferSize = 256 * 1024;

    /// <summary>The asking side; the machine says what came of it. Throws as the stream does.</summary>
    public static async Task MeasureAsync(
        PeerStream stream, PerfClient client, Func<TimeSpan> clock, Action<PerfProgress> progress, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            buffer.AsSpan().Clear();
            var header = new byte[PerfProtocol.HeaderLength];
            client.WriteHeader(header);
            await stream.WriteAsync(header, cancellationToken);
            while (client.NextUpload(buffer.Length) is var next and > 0)
            {
                await stream.WriteAsync(buffer.AsMemory(0, next), cancellationToken);
                client.OnUploaded(next);
                Report(client, clock(), progress);
            }

            await stream.CompleteWritesAsync(cancellationToken);
            client.OnUploadFinished();
            while (await stream.ReadAsync(buffer, cancellationToken) is var read and > 0)
            {
                if (!client.OnDownloaded(read, clock()))
                {
                    return;
                }

                Report(client, clock(), progress);
            }

            client.OnEnded(clock());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The answering side. Throws as the stream does.</summary>
    public static async Task ServeAsync(PeerStream stream, PerfServer server, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await stream.ReadAsync(buffer, cancellationToken) is var read and > 0)
            {
                if (!server.OnBytes(buffer.AsSpan(0, read)))
                {
                    return;
                }
            }

            if (!server.OnEnded())
            {
                return;
            }

            buffer.AsSpan().Clear();
            while (server.NextDownload(buffer.Length) is var next and > 0)
            {
                await stream.WriteAsync(buffer.AsMemory(0, next), cancellationToken);
                server.OnSent(next);
            }

            await stream.CompleteWritesAsync(cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Report(PerfClient client, TimeSpan now, Action<PerfProgress> progress)
    {
        if (client.TakeProgress(now) is { } report)
        {
            progress(report);
        }
    }
}
