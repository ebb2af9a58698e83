using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Ping;
using NatActors.Node.Streams;
using NatActors.Protocols.Perf;
using NatActors.Protocols.Ping;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Ping;

public sealed class PingActorTests : TestKit
{
    private readonly NodeContext _node = MakeNode(1);
    private readonly NodeContext _peer = MakeNode(2, new NodeOptions { Echo = true });
    private readonly TestProbe _connections;
    private readonly IActorRef _ping;
    private readonly IActorRef _answering;
    private readonly ConnectionInfo _connection;

    public PingActorTests()
    {
        _connections = CreateTestProbe();
        _node.Refs.Connections = _connections.Ref;
        _connection = Connection(7, _peer.Key);
        _ping = Sys.ActorOf(Props.Create(typeof(PingActor), _node));
        _answering = Sys.ActorOf(Props.Create(typeof(PingActor), _peer));
    }

    [Fact]
    public void Pings_come_back_and_are_told_one_by_one()
    {
        var events = new List<NodeEvent>();
        using var subscription = _node.Events.Subscribe(events.Add);
        _ping.Tell(new PingMessages.Ping(5, _peer.Self, 2, TestActor));

        Connect();

        Assert.Equal((5L, 1), Told(ExpectMsg<PingMessages.Pinged>(Patience)));
        Assert.Equal((5L, 2), Told(ExpectMsg<PingMessages.Pinged>(Patience)));
        ExpectMsg(new PingMessages.PingFinished(5), Patience);
        Assert.Equal(2, events.OfType<NodeEvents.Pinged>().Count(e => e.Peer.Equals(_peer.Self)));
    }

    [Fact]
    public void A_ping_that_the_node_makes_for_itself_is_no_event()
    {
        var events = new List<NodeEvent>();
        using var subscription = _node.Events.Subscribe(events.Add);
        _ping.Tell(new PingMessages.Ping(5, _peer.Self, 1, TestActor) { Quiet = true });

        Connect();

        ExpectMsg<PingMessages.Pinged>(Patience);
        ExpectMsg(new PingMessages.PingFinished(5), Patience);
        Assert.Empty(events);
    }

    [Fact]
    public void Requests_for_a_peer_under_ping_wait_for_their_turn_and_may_be_cancelled()
    {
        for (var id = 1; id <= 3; id++)
        {
            _ping.Tell(new PingMessages.Ping(id, _peer.Self, 1, TestActor));
        }

        _ping.Tell(new PingMessages.Cancel(2, TestActor));
        Connect();
        Assert.Equal((1L, 1), Told(ExpectMsg<PingMessages.Pinged>(Patience)));
        ExpectMsg(new PingMessages.PingFinished(1), Patience);

        Connect();
        Assert.Equal((3L, 1), Told(ExpectMsg<PingMessages.Pinged>(Patience)));
        ExpectMsg(new PingMessages.PingFinished(3), Patience);
    }

    [Fact]
    public void Requests_that_wait_are_bounded()
    {
        for (var id = 0; id <= PingActor.MaxWaitingPings + 1; id++)
        {
            _ping.Tell(new PingMessages.Ping(id, _peer.Self, 1, TestActor));
        }

        Assert.Equal(PingActor.MaxWaitingPings + 1, ExpectMsg<PingMessages.PingFailed>(Patience).Id);
    }

    [Fact]
    public void A_stream_that_cannot_be_opened_fails_the_request()
    {
        _ping.Tell(new PingMessages.Ping(1, _peer.Self, 1, TestActor));
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);

        open.ReplyTo.Tell(new ConnectionsMessages.StreamFailed(
            open.Id, new StreamFailure(StreamFailureKind.NotConnected, "no connection")));

        ExpectMsg(new PingMessages.PingFailed(1, "no connection"), Patience);
    }

    [Fact]
    public async Task A_wrong_echo_fails_the_request_and_resets_the_stream()
    {
        _ping.Tell(new PingMessages.Ping(1, _peer.Self, 1, TestActor));
        var far = Open();

        await far.WriteAsync(new byte[32]);

        Assert.Contains("not what was sent", ExpectMsg<PingMessages.PingFailed>(Patience).Reason);
        await Assert.ThrowsAsync<IOException>(() => ReadAllAsync(far));
    }

    [Fact]
    public async Task A_stream_that_opens_after_the_request_was_cancelled_is_reset()
    {
        _ping.Tell(new PingMessages.Ping(1, _peer.Self, 1, TestActor));
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        _ping.Tell(new PingMessages.Cancel(1, TestActor));
        _ping.Tell(new PingMessages.Ping(9, _peer.Self, 0, TestActor));
        Assert.Equal(9, ExpectMsg<PingMessages.PingFailed>(Patience).Id);

        var (near, far) = StreamPair(PingProtocol.Id, _peer.Self);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, _connection));

        await Assert.ThrowsAsync<IOException>(() => ReadAllAsync(far));
    }

    [Fact]
    public async Task A_peer_may_hold_two_ping_streams_and_no_third()
    {
        var streams = Enumerable.Range(0, 3).Select(_ => StreamPair(PingProtocol.Id, _node.Self)).ToArray();
        foreach (var (near, _) in streams)
        {
            _answering.Tell(new StreamMessages.InboundStream(near, Connection(1, _node.Key)));
        }

        await Assert.ThrowsAsync<IOException>(() => ReadAllAsync(streams[2].Far));

        await streams[1].Far.WriteAsync(new byte[32]);
        await streams[1].Far.CompleteWritesAsync();
        Assert.Equal(new byte[32], await ReadAllAsync(streams[1].Far));
    }

    [Fact]
    public async Task A_ping_cut_short_by_its_peer_is_reset()
    {
        var (near, far) = StreamPair(PingProtocol.Id, _node.Self);
        _answering.Tell(new StreamMessages.InboundStream(near, Connection(1, _node.Key)));

        await far.WriteAsync(new byte[31]);
        await far.CompleteWritesAsync();

        await Assert.ThrowsAsync<IOException>(() => ReadAllAsync(far));
    }

    [Theory]
    [InlineData(0UL, 0UL)]
    [InlineData(1_000_000UL, 700_000UL)]
    public void A_measurement_moves_all_bytes_both_ways(ulong upload, ulong download)
    {
        _ping.Tell(new PingMessages.Measure(5, _peer.Self, upload, download, TestActor));

        Connect();

        var measured = (PingMessages.Measured)FishForMessage(m => m is PingMessages.Measured, Patience);
        Assert.Equal((5L, upload, download), (measured.Id, measured.Result.UploadBytes, measured.Result.DownloadBytes));
    }

    [Fact]
    public async Task A_measurement_whose_server_ends_early_fails()
    {
        _ping.Tell(new PingMessages.Measure(5, _peer.Self, 0, 10, TestActor));
        var far = Open();
        await far.CompleteWritesAsync();

        Assert.Contains(nameof(PerfFailure.TooFewBytes), ExpectMsg<PingMessages.MeasureFailed>(Patience).Reason);
    }

    [Fact]
    public async Task One_who_asks_for_too_much_loses_the_stream()
    {
        var (near, far) = StreamPair(PerfProtocol.Id, _node.Self);
        _answering.Tell(new StreamMessages.InboundStream(near, Connection(1, _node.Key)));

        await far.WriteAsync(new byte[] { 0xff, 0, 0, 0, 0, 0, 0, 0 });

        await Assert.ThrowsAsync<IOException>(() => ReadAllAsync(far));
    }

    [Fact]
    public async Task The_echo_returns_what_comes_and_is_served_only_when_asked_for()
    {
        Assert.Null(_node.Protocols.Find(EchoService.Id, limited: false));
        AwaitCondition(() => _peer.Protocols.Find(EchoService.Id, limited: false) is not null, Patience, Often);
        var far = Echo(_answering);

        await far.WriteAsync("so it goes"u8.ToArray());
        await far.CompleteWritesAsync();

        Assert.Equal("so it goes"u8.ToArray(), await ReadAllAsync(far));
    }

    [Fact]
    public async Task A_peer_gets_as_many_echoes_as_the_option_says_and_again_when_one_is_over()
    {
        var node = MakeNode(3, new NodeOptions { Echo = true, Abuse = new AbuseOptions { EchoStreamsPerPeer = 2 } });
        var answering = Sys.ActorOf(Props.Create(typeof(PingActor), node));
        var (first, second, third) = (Echo(answering), Echo(answering), Echo(answering));

        await Assert.ThrowsAnyAsync<IOException>(() => third.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
        await second.CompleteWritesAsync();
        Assert.Empty(await ReadAllAsync(second));
        await AwaitAssertAsync(async () => Assert.Equal(1, await RoundTripAsync(Echo(answering))), Patience, Often);
        Assert.Equal(1, await RoundTripAsync(first));
    }

    [Fact]
    public async Task An_echo_whose_reader_never_reads_is_reset_after_the_stall_timeout()
    {
        var node = MakeNode(3, new NodeOptions { Echo = true, Abuse = new AbuseOptions { StallTimeout = TimeSpan.FromSeconds(1) } });
        var far = Echo(Sys.ActorOf(Props.Create(typeof(PingActor), node)));

        // The windows of both ways and the buffer between them fill up; then the write hangs until the echo gives up.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (true)
            {
                await far.WriteAsync(new byte[64 * 1024]).AsTask().WaitAsync(Patience);
            }
        });
    }

    private PeerStream Echo(IActorRef answering)
    {
        var (near, far) = StreamPair(EchoService.Id, _node.Self);
        answering.Tell(new StreamMessages.InboundStream(near, Connection(1, _node.Key)));
        return far;
    }

    private static async Task<int> RoundTripAsync(PeerStream stream)
    {
        await stream.WriteAsync(new byte[] { 7 });
        return await stream.ReadAsync(new byte[1]);
    }

    private static (long Id, int Number) Told(PingMessages.Pinged pinged) => (pinged.Id, pinged.Number);

    private void Connect() => Open(StreamsToPeer);

    private PeerStream Open() => Open(_ => { });

    private PeerStream Open(Action<PeerStream> serve)
    {
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        Assert.Equal((_peer.Self, true), (open.Peer, open.AllowLimited));
        var (near, far) = StreamPair(open.Protocols[0], _peer.Self);
        serve(far);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, _connection));
        return far;
    }

    private void StreamsToPeer(PeerStream far) => _answering.Tell(new StreamMessages.InboundStream(far, Connection(1, _node.Key)));
}
