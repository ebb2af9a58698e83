using NatActors.Multiformats;
using NatActors.Testing;
using NatActors.Transports.Muxing;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Tests.Muxing;

/// <summary>
/// Streams that write, read, finish, cancel and reset at random on both ends at once. What is received must be what was sent, from its first
/// byte; nothing may hang, and at the end both links know of no stream.
/// </summary>
public sealed class YamuxLinkRandomTests
{
    private const int StreamsPerSide = 40;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Random_use_neither_hangs_nor_mixes_up_bytes(ulong seed)
    {
        var random = new SeededRandomSource(seed);
        var small = new YamuxOptions { MaxInboundStreams = 20, MaxReceiveWindow = 512 * 1024 };
        await using var pair = new LinkPair(small, small, capacity: 1 + random.NextInt(100_000), maxRead: 1 + random.NextInt(100_000));
        var serving = new[] { ServeAsync(pair.Dialer, seed + 10), ServeAsync(pair.Listener, seed + 20) };
        var users = Enumerable.Range(0, StreamsPerSide)
            .SelectMany(i => new[] { UseAsync(pair.Dialer, seed + 100 + (ulong)i), UseAsync(pair.Listener, seed + 200 + (ulong)i) });
        await Task.WhenAll(users).WaitAsync(LinkPair.Patience);
        await pair.Dialer.Link.CloseAsync(CancellationToken.None).AsTask().WaitAsync(LinkPair.Patience);
        await Task.WhenAll(pair.Dialer.Done, pair.Listener.Done).WaitAsync(LinkPair.Patience);
        Assert.Equal(0, pair.Dialer.Link.StreamCount + pair.Listener.Link.StreamCount);
        Assert.Equal(LinkEndKind.ClosedLocally, (await pair.Dialer.Done).Kind);
        Assert.Equal(LinkEndKind.ClosedByPeer, (await pair.Listener.Done).Kind);
        pair.Dialer.StopAccepting();
        pair.Listener.StopAccepting();
        await Task.WhenAll(serving).WaitAsync(LinkPair.Patience);
    }

    /// <summary>Opens a stream, writes a pattern that its first byte names, reads the echo, and may break off anywhere.</summary>
    private static async Task UseAsync(LinkOwner owner, ulong seed)
    {
        var random = new SeededRandomSource(seed);
        if (owner.Link.TryOpenStream() is not { } stream)
        {
            return;
        }

        var bytes = StreamTestExtensions.Pattern(1 + random.NextInt(700_000), random.NextInt(256));
        try
        {
            await Task.WhenAll(WriteAsync(stream, bytes, random), ReadEchoAsync(stream, bytes, new SeededRandomSource(seed + 1)));
        }
        catch (IOException)
        {
            // Refused, reset at random on either side, or the link's end.
        }
        finally
        {
            stream.Reset();
        }
    }

    private static async Task WriteAsync(IMuxedStream stream, byte[] bytes, RandomSource random)
    {
        for (var offset = 0; offset < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - offset, 1 + random.NextInt(100_000));
            await stream.WriteAsync(bytes.AsMemory(offset, length));
            offset += length;
            if (random.NextInt(200) == 0)
            {
                stream.Reset();
            }
        }

        await stream.CompleteWritesAsync();
    }

    private static async Task ReadEchoAsync(IMuxedStream stream, byte[] expected, RandomSource random)
    {
        var received = 0;
        while (true)
        {
            var buffer = new byte[1 + random.NextInt(100_000)];
            var read = await ReadOrCancelAsync(stream, buffer, random);
            if (read == 0)
            {
                break;
            }

            Assert.True(expected.AsSpan(received, read).SequenceEqual(buffer.AsSpan(0, read)));
            received += read;
        }

        Assert.Equal(expected.Length, received);
    }

    /// <summary>Sometimes cancels first: that must lose no byte.</summary>
    private static async Task<int> ReadOrCancelAsync(IMuxedStream stream, byte[] buffer, RandomSource random)
    {
        if (random.NextInt(4) == 0)
        {
            using var cancel = new CancellationTokenSource();
            var reading = stream.ReadAsync(buffer, cancel.Token).AsTask();
            await cancel.CancelAsync();
            try
            {
                return await reading;
            }
            catch (OperationCanceledException)
            {
                // Tried again below.
            }
        }

        return await stream.ReadAsync(buffer);
    }

    private static async Task ServeAsync(LinkOwner owner, ulong seed)
    {
        var random = new SeededRandomSource(seed);
        var echoes = new List<Task>();
        await foreach (var stream in owner.AcceptAllAsync())
        {
            echoes.Add(EchoAsync(stream, random.NextInt(8) == 0 ? random.NextInt(300_000) : int.MaxValue));
        }

        await Task.WhenAll(echoes);
    }

    private static async Task EchoAsync(IMuxedStream stream, int resetAfter)
    {
        try
        {
            var buffer = new byte[50_000];
            for (var echoed = 0; await stream.ReadAsync(buffer) is var read and > 0; echoed += read)
            {
                await stream.WriteAsync(buffer.AsMemory(0, read));
                if (echoed > resetAfter)
                {
                    stream.Reset();
                }
            }

            await stream.CompleteWritesAsync();
        }
        catch (IOException)
        {
            // Reset by the other side or by chance.
        }
    }
}
