using System.Buffers.Binary;
using System.Diagnostics;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Ping;
using NatActors.Node.Streams;

namespace NatActors.Benchmarks.Peers;

/// <summary>What the measurements do with streams. The js peers do the same, in tests/interop/bench.mjs.</summary>
internal static class StreamWork
{
    /// <summary>8 bytes big-endian, how many are wanted back, then payload until its end; then those.</summary>
    public const string Perf = "/perf/1.0.0";

    public const string Echo = EchoService.Id;

    public const string Ping = "/ipfs/ping/1.0.0";

    public const double Mebibyte = 1024 * 1024;

    private const int BufferSize = 256 * 1024;

    /// <summary>The answering side of <see cref="Perf"/>, as often at once as it is asked.</summary>
    public static async Task ServePerfAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        var header = new byte[sizeof(ulong)];
        await stream.ReadExactlyAsync(header, cancellationToken);
        await DrainAsync(stream);
        await SendAsync(stream, (long)BinaryPrimitives.ReadUInt64BigEndian(header));
        await stream.CompleteWritesAsync(cancellationToken);
    }

    /// <summary>Opens a stream and sends that many bytes; until the peer has told that it has read the last one.</summary>
    public static async Task<TimeSpan> UploadAsync(INatNode node, PeerId peer, long bytes)
    {
        var started = Stopwatch.GetTimestamp();
        await using var stream = await node.OpenStreamAsync(peer, Perf, allowLimited: true);
        await stream.WriteAsync(new byte[sizeof(ulong)]);
        await SendAsync(stream, bytes);
        await stream.CompleteWritesAsync();
        await DrainAsync(stream);
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Opens a stream and has that many bytes sent; until the last one is there.</summary>
    public static async Task<TimeSpan> DownloadAsync(INatNode node, PeerId peer, long bytes)
    {
        var started = Stopwatch.GetTimestamp();
        await using var stream = await node.OpenStreamAsync(peer, Perf, allowLimited: true);
        var header = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(header, (ulong)bytes);
        await stream.WriteAsync(header);
        await stream.CompleteWritesAsync();
        var received = await DrainAsync(stream);
        return received == bytes ? Stopwatch.GetElapsedTime(started) : throw new IOException($"{received} bytes came instead of {bytes}.");
    }

    /// <summary>Messages to one that echoes, each after the last one has come back; how long each took.</summary>
    public static async Task<TimeSpan[]> RoundTripsAsync(PeerStream stream, int size, int count)
    {
        var times = new TimeSpan[count];
        var message = new byte[size];
        var answer = new byte[size];
        for (var i = 0; i < count; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await stream.WriteAsync(message);
            await stream.ReadExactlyAsync(answer);
            times[i] = Stopwatch.GetElapsedTime(started);
        }

        return times;
    }

    /// <summary>Messages to one that echoes, each a write of its own that waits for nothing; until the last has come back.</summary>
    public static async Task<TimeSpan> PipelineAsync(PeerStream stream, int size, int count)
    {
        var started = Stopwatch.GetTimestamp();
        var reading = ReadAsync(stream, (long)size * count);
        var message = new byte[size];
        for (var i = 0; i < count; i++)
        {
            await stream.WriteAsync(message);
        }

        await reading;
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>One stream for one message: opened, its protocol proposed along with the message, answered, closed.</summary>
    public static async Task RequestAsync(INatNode node, PeerId peer, int size)
    {
        await using var stream = await node.OpenStreamAsync(peer, Echo);
        await stream.WriteAsync(new byte[size]);
        await stream.ReadExactlyAsync(new byte[size]);
        await stream.CompleteWritesAsync();
        if (await stream.ReadAsync(new byte[1]) != 0)
        {
            throw new IOException("More came back than was sent.");
        }
    }

    /// <summary>So many jobs, so many at once; how long all took.</summary>
    public static async Task<TimeSpan> ManyAsync(int count, int atOnce, Func<int, Task> job)
    {
        var started = Stopwatch.GetTimestamp();
        var left = count;
        async Task WorkAsync(int worker)
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await job(worker);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(worker => Task.Run(() => WorkAsync(worker))));
        return Stopwatch.GetElapsedTime(started);
    }

    public static double Rate(long bytes, TimeSpan time) => bytes / Mebibyte / time.TotalSeconds;

    private static async Task ReadAsync(PeerStream stream, long bytes)
    {
        var buffer = new byte[BufferSize];
        while (bytes > 0)
        {
            var read = await stream.ReadAsync(buffer);
            bytes -= read > 0 ? read : throw new IOException($"{bytes} bytes did not come back.");
        }
    }

    private static async Task SendAsync(PeerStream stream, long bytes)
    {
        var buffer = new byte[BufferSize];
        for (var left = bytes; left > 0; left -= BufferSize)
        {
            await stream.WriteAsync(buffer.AsMemory(0, (int)Math.Min(left, BufferSize)));
        }
    }

    private static async Task<long> DrainAsync(PeerStream stream)
    {
        var buffer = new byte[BufferSize];
        long total = 0;
        while (await stream.ReadAsync(buffer) is var read and > 0)
        {
            total += read;
        }

        return total;
    }
}
