using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Connections;
using NatActors.Node.Negotiation;
using NatActors.Node.Ping;
using NatActors.Node.Tests.BadInput;
using NatActors.Protocols.Perf;
using NatActors.Protocols.Ping;
using NatActors.Scenarios.Tests.Support;
using NatActors.Wire.Muxing;
using NatActors.Wire.Negotiation;

namespace NatActors.Scenarios.Tests.Hostile;

/// <summary>Attacks of a peer that has proven who it is: on the muxer, and on streams before and after their protocol is agreed.</summary>
public sealed class LinkAttackTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Streams_beyond_the_rate_are_reset_and_who_goes_on_loses_the_connection()
    {
        await using var world = await HostileWorld.StartAsync(new AbuseOptions { StreamsPerSecond = 1, StreamBurst = 200 });
        await using var bad = await SecuredAsync(world);
        var reading = BadPeer.IsCutAsync(bad.Secured);

        await bad.Secured.WriteAsync(Frames(300, i => new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, (uint)(1 + (2 * i)), 0)));
        await world.HonestPeersGoOnAsync();
        Assert.DoesNotContain(world.Victim.Events.All, e => e is NodeEvents.Disconnected gone && gone.Peer == bad.Id);
        await bad.Secured.WriteAsync(Frames(300, i => new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, (uint)(601 + (2 * i)), 0)));

        Assert.Contains(nameof(YamuxViolation.StreamFlood), await world.LostAsync(bad.Id), StringComparison.Ordinal);
        await world.HonestPeersGoOnAsync();
        Assert.True(await reading);
        await world.SettledAsync();
    }

    [Fact]
    public async Task Streams_that_name_no_protocol_end_after_the_time_for_that()
    {
        await using var world = await HostileWorld.StartAsync(connections: new ConnectionOptions { StreamNegotiationTimeout = Second });
        await using var bad = await BadPeer.LinkedAsync(world.Victim.Address, from: HostileWorld.AttackerHost);
        for (var i = 0; i < 50; i++)
        {
            var stream = bad.Link.TryOpenStream()!;
            await stream.WriteAsync(new[] { (byte)(Multistream.Header.Length + 1), (byte)'/' });
        }

        await Eventually.IsAsync(() => world.Victim.Node.GetResources().StreamScopes >= 50);
        await world.HonestPeersGoOnAsync();

        await Eventually.IsAsync(() => world.Victim.Node.GetResources().StreamScopes == 0);
        Assert.False(bad.Ended.IsCompleted);
    }

    [Fact]
    public async Task A_stream_on_which_protocols_are_proposed_without_end_is_reset()
    {
        await using var world = await HostileWorld.StartAsync(new AbuseOptions { NegotiationRounds = 5 });
        await using var bad = await BadPeer.LinkedAsync(world.Victim.Address, from: HostileWorld.AttackerHost);
        var stream = bad.Link.TryOpenStream()!;

        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await StreamNegotiation.ProposeAsync(
                stream, [.. Enumerable.Range(0, 100).Select(i => $"/nonsense/{i}")], CancellationToken.None).WaitAsync(EventLog.Guard);
        });
        await world.HonestPeersGoOnAsync();
        Assert.False(bad.Ended.IsCompleted);
        await Eventually.IsAsync(() => world.Victim.Node.GetResources().StreamScopes == 0);
    }

    [Fact]
    public async Task A_frame_that_is_never_finished_costs_the_connection()
    {
        await using var world = await HostileWorld.StartAsync(
            new AbuseOptions { FrameTimeout = Second }, new ConnectionOptions { KeepAliveInterval = Second });
        await using var bad = await SecuredAsync(world);
        var reading = BadPeer.IsCutAsync(bad.Secured);

        await bad.Secured.WriteAsync(new byte[] { 0, 1 });
        await world.HonestPeersGoOnAsync();

        Assert.Contains("did not finish in time", await world.LostAsync(bad.Id), StringComparison.Ordinal);
        Assert.True(await reading);
        await world.SettledAsync();
    }

    [Fact]
    public async Task Who_sends_without_end_and_answers_no_ping_is_given_up()
    {
        await using var world = await HostileWorld.StartAsync(
            new AbuseOptions { PingDeadline = 2 * Second }, new ConnectionOptions { KeepAliveInterval = Second, KeepAliveTimeout = 20 * Second });
        await using var bad = await SecuredAsync(world);
        var reading = BadPeer.IsCutAsync(bad.Secured);
        await bad.SendFrameAsync(new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, 1, 0));
        var chatting = UntilCutAsync(async () =>
        {
            await bad.SendFrameAsync(new YamuxHeader(YamuxFrameType.Data, YamuxFlags.None, 1, 1), [0]);
            await Idle.ForAsync(TimeSpan.FromMilliseconds(50));
        });
        await world.HonestPeersGoOnAsync();

        Assert.Contains("no longer answers", await world.LostAsync(bad.Id), StringComparison.Ordinal);
        await chatting;
        Assert.True(await reading);
        await world.SettledAsync();
    }

    public static TheoryData<string, YamuxHeader> IdleFrames => new()
    {
        { "pings", new YamuxHeader(YamuxFrameType.Ping, YamuxFlags.Syn, 0, 7) },
        { "empty data", new YamuxHeader(YamuxFrameType.Data, YamuxFlags.None, 1, 0) },
        { "credit of a byte", new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.None, 1, 1) },
        { "resets of nothing", new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Rst, 4711, 0) },
    };

    [Theory]
    [MemberData(nameof(IdleFrames))]
    public async Task Frames_that_carry_nothing_cost_the_connection_when_they_are_too_many(string what, YamuxHeader idle)
    {
        Assert.NotEmpty(what);
        await using var world = await HostileWorld.StartAsync(new AbuseOptions { IdleFramesPerSecond = 1, IdleFrameBurst = 500 });
        await using var bad = await SecuredAsync(world);
        var reading = BadPeer.IsCutAsync(bad.Secured);
        await bad.SendFrameAsync(new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, 1, 0));

        await bad.Secured.WriteAsync(Frames(400, _ => idle));
        await world.HonestPeersGoOnAsync();
        await UntilCutAsync(() => bad.Secured.WriteAsync(Frames(400, _ => idle)).AsTask());

        Assert.Contains(nameof(YamuxViolation.IdleFrameFlood), await world.LostAsync(bad.Id), StringComparison.Ordinal);
        await world.HonestPeersGoOnAsync();
        Assert.True(await reading);
        await world.SettledAsync();
    }

    [Theory]
    [InlineData(PerfProtocol.Id)]
    [InlineData(EchoService.Id)]
    public async Task A_stream_whose_window_is_never_opened_is_reset_after_the_stall_timeout(string protocol)
    {
        await using var world = await HostileWorld.StartAsync(new AbuseOptions { StallTimeout = Second });
        await using var bad = await BadPeer.LinkedAsync(world.Victim.Address, from: HostileWorld.AttackerHost);
        var stream = await bad.OpenAsync(protocol);

        // A measurement of a gibibyte, or an echo of two windows, of which nothing is ever read.
        await stream.WriteAsync(new byte[] { 0, 0, 0, 0, 0x40, 0, 0, 0 });
        var sending = UntilCutAsync(() => stream.WriteAsync(new byte[YamuxOptions.InitialWindow]).AsTask(), once: protocol == PerfProtocol.Id);
        if (protocol == PerfProtocol.Id)
        {
            await sending;
            await stream.CompleteWritesAsync();
        }

        await world.HonestPeersGoOnAsync();

        await Eventually.IsAsync(() => world.Victim.Node.GetResources().StreamScopes == 0);
        await sending.WaitAsync(EventLog.Guard);
        Assert.False(bad.Ended.IsCompleted);
    }

    [Fact]
    public async Task A_peer_that_asks_for_much_and_reads_nothing_at_all_is_given_up()
    {
        await using var world = await HostileWorld.StartAsync(
            new AbuseOptions { StallTimeout = 30 * Second }, new ConnectionOptions { KeepAliveInterval = Second, KeepAliveTimeout = Second });
        await using var bad = await SecuredAsync(world);
        byte[] ask = [.. Line(Multistream.Header), .. Line(PerfProtocol.Id), 0, 0, 0, 1, 0, 0, 0, 0];
        await bad.SendFrameAsync(new YamuxHeader(YamuxFrameType.WindowUpdate, YamuxFlags.Syn, 1, 1 << 30));
        await bad.SendFrameAsync(new YamuxHeader(YamuxFrameType.Data, YamuxFlags.Fin, 1, (uint)ask.Length), ask);
        await world.HonestPeersGoOnAsync();

        Assert.Contains("no longer answers", await world.LostAsync(bad.Id), StringComparison.Ordinal);
        await world.SettledAsync();
    }

    [Fact]
    public async Task Echo_streams_of_one_peer_are_as_many_as_the_option_allows()
    {
        await using var world = await HostileWorld.StartAsync(new AbuseOptions { EchoStreamsPerPeer = 3, StallTimeout = 2 * Second });
        await using var bad = await BadPeer.LinkedAsync(world.Victim.Address, from: HostileWorld.AttackerHost);
        var refused = 0;
        for (var i = 0; i < 10; i++)
        {
            try
            {
                // The reset may overtake the answer to the proposal.
                var stream = await bad.OpenAsync(EchoService.Id);
                await stream.WriteAsync(new byte[] { 1 });
                await stream.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(EventLog.Guard);
            }
            catch (IOException)
            {
                refused++;
            }
        }

        Assert.Equal(7, refused);
        await world.HonestPeersGoOnAsync();
        await Eventually.IsAsync(() => world.Victim.Node.GetResources().StreamScopes == 0);
    }

    private static Task<BadPeer> SecuredAsync(HostileWorld world) => BadPeer.SecuredAsync(world.Victim.Address, from: HostileWorld.AttackerHost);

    private static async Task UntilCutAsync(Func<Task> attack, bool once = false)
    {
        try
        {
            do
            {
                await attack().WaitAsync(EventLog.Guard);
            }
            while (!once);
        }
        catch (IOException)
        {
            // Cut, as it should be.
        }
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

    private static byte[] Line(string text) => [(byte)(text.Length + 1), .. System.Text.Encoding.ASCII.GetBytes(text), (byte)'\n'];
}
