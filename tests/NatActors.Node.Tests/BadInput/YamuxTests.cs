using NatActors.Node.Connections;
using NatActors.Node.Tests.Whole;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Tests.BadInput;

/// <summary>Peers that are honest up to Noise and break yamux.</summary>
[Collection(BadInputCollection.Name)]
public sealed class YamuxTests
{
    private const uint Mebibyte = 1 << 20;

    public static TheoryData<string, YamuxHeader[]> Violations => new()
    {
        { "an unknown version", [new YamuxHeader(1, 0, YamuxFlags.Syn, 1, 0)] },
        { "an unknown type", [new YamuxHeader(0, 9, YamuxFlags.None, 0, 0)] },
        { "data on the session", [new YamuxHeader(YamuxFrameType.Data, YamuxFlags.None, 0, 0)] },
        { "a stream of our own", [new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, 2, 0)] },
        { "more data than the window", [new YamuxHeader(YamuxFrameType.Data, YamuxFlags.Syn, 1, Mebibyte)] },
        { "data of four gibibytes", [new YamuxHeader(YamuxFrameType.Data, YamuxFlags.Syn, 1, uint.MaxValue)] },
        {
            "credit beyond all bounds",
            [
                new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, 1, uint.MaxValue),
                new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.None, 1, uint.MaxValue),
            ]
        },
        {
            "the same stream twice",
            [
                new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, 1, 0),
                new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, 1, 0),
            ]
        },
        { "data on a stream that nobody opened", [new YamuxHeader(YamuxFrameType.Data, YamuxFlags.None, 77, 16)] },
        { "a ping on a stream", [new YamuxHeader(YamuxFrameType.Ping, YamuxFlags.Syn, 1, 7)] },
        { "a ping that is neither", [new YamuxHeader(YamuxFrameType.Ping, YamuxFlags.None, 0, 7)] },
        { "a goodbye on a stream", [new YamuxHeader(YamuxFrameType.GoAway, YamuxFlags.None, 1, 0)] },
        { "a goodbye", [new YamuxHeader(YamuxFrameType.GoAway, YamuxFlags.None, 0, 0)] },
        { "a goodbye of an unknown kind", [new YamuxHeader(YamuxFrameType.GoAway, YamuxFlags.None, 0, 4711)] },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task A_peer_that_breaks_yamux_loses_its_connection(string what, YamuxHeader[] frames)
    {
        Assert.NotEmpty(what);
        await using var victim = await Victim.StartAsync();
        await using var bad = await BadPeer.SecuredAsync(victim.Node.Address);

        foreach (var frame in frames)
        {
            await TrySendAsync(bad, Frames(1, _ => frame));
        }

        await bad.Secured.CompleteWritesAsync();
        Assert.True(await BadPeer.IsCutAsync(bad.Secured));
        await victim.Node.Events.NextAsync<NodeEvents.Disconnected>(e => e.Peer == bad.Id);
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task Frames_of_random_bytes_cost_the_connection_only()
    {
        await using var victim = await Victim.StartAsync();
        var random = new Random(20_261_122);
        for (var i = 0; i < 50; i++)
        {
            await using var bad = await BadPeer.SecuredAsync(victim.Node.Address);
            var bytes = new byte[random.Next(1, 4000)];
            random.NextBytes(bytes);
            bytes[0] = (byte)(i % 3 == 0 ? bytes[0] : 0);
            await bad.Secured.WriteAsync(bytes);
            await bad.Secured.CompleteWritesAsync();
            Assert.True(await BadPeer.IsCutAsync(bad.Secured));
        }

        await victim.IsWellAsync();
    }

    [Fact]
    public async Task Streams_opened_and_reset_as_fast_as_can_be_hold_no_memory()
    {
        await using var victim = await Victim.StartAsync();
        await using var bad = await BadPeer.SecuredAsync(victim.Node.Address);
        var reading = BadPeer.IsCutAsync(bad.Secured);
        uint id = 1;
        for (var batch = 0; batch < 400; batch++)
        {
            var first = id;
            id += 2 * 1000;
            if (!await TrySendAsync(bad, Frames(2000, i => new YamuxHeader(
                YamuxFrameType.WindowUpdate, i % 2 == 0 ? YamuxFlags.Syn : YamuxFlags.Rst, first + (2 * (uint)(i / 2)), 0))))
            {
                break;
            }

            if (batch % 100 == 99)
            {
                await victim.IsWellAsync(mebibytes: 48);
            }
        }

        await victim.IsWellAsync();
        bad.Secured.Abort();
        Assert.True(await reading);
    }

    [Fact]
    public async Task Streams_opened_without_end_are_refused_beyond_the_limit()
    {
        await using var victim = await Victim.StartAsync(
            o => o with { Connections = new ConnectionOptions { MaxStreamsPerConnection = 100, StreamNegotiationTimeout = TimeSpan.FromSeconds(1) } });
        await using var bad = await BadPeer.SecuredAsync(victim.Node.Address);
        var reading = BadPeer.IsCutAsync(bad.Secured);

        for (var batch = 0; batch < 100; batch++)
        {
            var first = (uint)(1 + (batch * 4000));
            await TrySendAsync(bad, Frames(2000, i => new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, first + (2 * (uint)i), 0)));
        }

        await victim.IsWellAsync();
        bad.Secured.Abort();
        Assert.True(await reading);
    }

    [Fact]
    public async Task Pings_without_end_that_are_not_read_cost_the_connection()
    {
        await using var victim = await Victim.StartAsync();
        await using var bad = await BadPeer.SecuredAsync(victim.Node.Address);

        var sent = 0;
        while (sent < 4000 && await TrySendAsync(bad, Frames(2000, i => new YamuxHeader(YamuxFrameType.Ping, YamuxFlags.Syn, 0, (uint)i))))
        {
            sent++;
        }

        Assert.True(sent < 4000, "eight million pings were taken");
        await victim.Node.Events.NextAsync<NodeEvents.Disconnected>(e => e.Peer == bad.Id);
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task Resets_updates_and_answers_that_nobody_asked_for_are_dropped_until_they_are_too_many()
    {
        await using var victim = await Victim.StartAsync();
        await using var bad = await BadPeer.SecuredAsync(victim.Node.Address);
        var reading = BadPeer.IsCutAsync(bad.Secured);

        var sent = 0;
        while (sent < 100 && await TrySendAsync(bad, Frames(2000, i => (i % 3) switch
            {
                0 => new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Rst, (uint)(i + 1), 0),
                1 => new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Ack, (uint)(i + 1), 1000),
                _ => new YamuxHeader(YamuxFrameType.Ping, YamuxFlags.Ack, 0, (uint)i),
            })))
        {
            sent++;
        }

        Assert.InRange(sent, new AbuseOptions().IdleFrameBurst / 2000, 99);
        var gone = await victim.Node.Events.NextAsync<NodeEvents.Disconnected>(e => e.Peer == bad.Id);
        Assert.Contains(nameof(YamuxViolation.IdleFrameFlood), gone.Reason, StringComparison.Ordinal);
        await victim.IsWellAsync();
        bad.Secured.Abort();
        Assert.True(await reading);
    }

    private static byte[] Frames(int count, Func<int, YamuxHeader> make)
    {
        var bytes = new byte[count * YamuxHeader.Size];
        for (var i = 0; i < count; i++)
        {
            make(i).Write(bytes.AsSpan(i * YamuxHeader.Size));
        }

        return bytes;
    }

    private static async Task<bool> TrySendAsync(BadPeer peer, byte[] frames)
    {
        try
        {
            await peer.Secured.WriteAsync(frames).AsTask().WaitAsync(LoopbackNode.Guard);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
