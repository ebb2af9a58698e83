using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Port;
using NatActors.Node.Streams;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Port;
using NatActors.Transports.Security;
using static NatActors.Node.Tests.Connections.ConnectionHarness;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Connections;

public sealed class ConnectionsActorTests : TestKit
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);
    private static readonly Multiaddr Far = Multiaddr.Parse("/ip4/192.0.1.1/tcp/4001");

    private readonly NodeContext _peer = MakeSecuredNode(2);
    private readonly TestProbe _ports;
    private readonly TestProbe _subscriber;

    public ConnectionsActorTests()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
        _ports = CreateTestProbe();
        _subscriber = CreateTestProbe();
    }

    [Fact]
    public async Task The_gater_refuses_an_accepted_conduit_before_a_byte_is_read()
    {
        var connections = Start(new Gater { Accept = "not today" });
        var (near, far) = MemoryConduit.CreatePair();

        connections.Tell(new PortMessages.Accepted(near));

        Assert.True(await IsCutAsync(far));
    }

    [Fact]
    public void A_dial_that_awaits_an_accepted_connection_hears_that_it_came_to_nothing()
    {
        var connections = Start(new Gater());
        var (near, far) = MemoryConduit.CreatePair();
        connections.Tell(new PortMessages.Accepted(near));
        connections.Tell(new PeerDialMessages.AwaitAccepted(5, near.RemoteAddress, TestActor));

        far.Abort();

        var failed = ExpectMsg<ConnectionsMessages.DialFailed>(Patience);
        Assert.Equal((5L, DialFailureKind.HandshakeFailed), (failed.Id, failed.Failure.Kind));
    }

    [Fact]
    public async Task A_dial_that_awaits_an_accepted_connection_hears_who_it_is()
    {
        var connections = Start(new Gater());
        var (near, far) = MemoryConduit.CreatePair();
        connections.Tell(new PortMessages.Accepted(near));
        connections.Tell(new PeerDialMessages.AwaitAccepted(5, near.RemoteAddress, TestActor));

        await UpgradeFarAsync(_peer, far, ConnectionRole.Dialer);

        var dialed = ExpectMsg<ConnectionsMessages.Dialed>(Patience);
        Assert.Equal((5L, _peer.Self), (dialed.Id, dialed.Connection.Peer));
    }

    [Fact]
    public async Task Nobody_is_served_on_a_connection_before_it_is_announced()
    {
        // Whoever hears of the connection takes his time: with the old order the peer's stream was served meanwhile.
        using var served = new ManualResetEventSlim();
        bool? servedBefore = null;
        var node = Node();
        node.Protocols.Register("/t", (_, _) => { served.Set(); return Task.CompletedTask; }, allowLimited: true);
        using var subscription = node.Events.Subscribe(e => servedBefore ??= e is NodeEvents.Connected ? served.Wait(Moment) : null);
        var (near, far) = MemoryConduit.CreatePair();
        Start(node).Tell(new PortMessages.Accepted(near));

        await (await UpgradeFarAsync(_peer, far, ConnectionRole.Dialer)).ProposeAsync("/t");

        _subscriber.ExpectMsg<ConnectionsMessages.ConnectionUp>(Patience);
        Assert.True(served.Wait(Patience));
        Assert.False(servedBefore);
    }

    [Fact]
    public void A_dial_that_awaits_an_accepted_connection_too_late_is_told_at_once()
    {
        var connections = Start(new Gater());

        connections.Tell(new PeerDialMessages.AwaitAccepted(5, Far, TestActor));

        Assert.Equal(5L, ExpectMsg<ConnectionsMessages.DialFailed>(Patience).Id);
    }

    [Fact]
    public void The_gater_refuses_an_address_before_it_is_dialed()
    {
        var connections = Start(new Gater { Dial = "not there" });

        connections.Tell(new ConnectionsMessages.Dial(3, _peer.Self, [Far], TestActor));

        var failed = ExpectMsg<ConnectionsMessages.DialFailed>(Patience);
        Assert.Equal((3L, DialFailureKind.AllFailed), (failed.Id, failed.Failure.Kind));
        Assert.Contains("not there", failed.Failure.Detail, StringComparison.Ordinal);
        _ports.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void What_this_node_itself_listens_on_is_not_dialed_as_somebody_else()
    {
        var connections = Start();
        connections.Tell(new PortMessages.Bound([Far], [Far]));

        connections.Tell(new ConnectionsMessages.Dial(3, _peer.Self, [Far], TestActor));

        Assert.Equal(DialFailureKind.NoAddress, ExpectMsg<ConnectionsMessages.DialFailed>(Patience).Failure.Kind);
        _ports.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task The_gater_refuses_a_proven_peer_and_is_asked_once()
    {
        var gater = new Gater { Peer = "not you" };
        var connections = Start(gater);
        var (near, far) = MemoryConduit.CreatePair();
        connections.Tell(Adopt(near, 4));

        // The refusal may cut the far side before its own handshake is through, or after it.
        try
        {
            var end = await UpgradeFarAsync(_peer, far, ConnectionRole.Listener);
            await end.Ended.WaitAsync(Patience);
        }
        catch (IOException)
        {
            Assert.True(await IsCutAsync(far));
        }

        Assert.Equal(DialFailureKind.Refused, ExpectMsg<ConnectionsMessages.DialFailed>(Patience).Failure.Kind);
        Assert.Equal(1, gater.PeersAsked);
        _subscriber.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task More_handshakes_than_allowed_are_cut()
    {
        var connections = Start(options: new ConnectionOptions { MaxPendingInbound = 1 });
        var (first, _) = MemoryConduit.CreatePair();
        var (second, far) = MemoryConduit.CreatePair();

        connections.Tell(new PortMessages.Accepted(first));
        connections.Tell(new PortMessages.Accepted(second));

        Assert.True(await IsCutAsync(far));
    }

    [Fact]
    public void Closing_all_fails_the_dials_under_way()
    {
        var connections = Start();
        connections.Tell(new ConnectionsMessages.Dial(3, _peer.Self, [Far], TestActor));
        _ports.ExpectMsg<PortMessages.Dial>(Patience);

        connections.Tell(new ConnectionsMessages.CloseAll("good night", TestActor));

        Assert.Equal(
            new DialFailure(DialFailureKind.Cancelled, "good night"), ExpectMsg<ConnectionsMessages.DialFailed>(Patience).Failure);
        ExpectMsg<ConnectionsMessages.AllClosed>(Patience);
        _ports.ExpectMsg<PortMessages.CancelDial>(Patience);
    }

    [Fact]
    public void Everybody_who_closes_all_hears_when_it_is_done()
    {
        var connections = Start();
        var other = CreateTestProbe();
        var (near, _) = MemoryConduit.CreatePair();
        connections.Tell(Adopt(near, 4));

        connections.Tell(new ConnectionsMessages.CloseAll("good night", TestActor));
        connections.Tell(new ConnectionsMessages.CloseAll("good night", other.Ref));

        Assert.Equal(4, ExpectMsg<ConnectionsMessages.DialFailed>(Patience).Id);
        ExpectMsg<ConnectionsMessages.AllClosed>(Patience);
        other.ExpectMsg<ConnectionsMessages.AllClosed>(Patience);
    }

    [Fact]
    public void A_requester_that_was_restarted_and_counts_anew_does_no_harm()
    {
        var connections = Start();
        connections.Tell(new ConnectionsMessages.Dial(0, _peer.Self, [Far], TestActor));
        var first = _ports.ExpectMsg<PortMessages.Dial>(Patience);
        connections.Tell(new ConnectionsMessages.Dial(0, _peer.Self, [Far], TestActor));
        _ports.FishForMessage<PortMessages.Dial>(dial => !dial.ReplyTo.Equals(first.ReplyTo), Patience)
            .ReplyTo.Tell(new PortMessages.DialFailed(1, new(ConnectFailureKind.Refused, "nobody there")));

        Assert.Equal(DialFailureKind.AllFailed, ExpectMsg<ConnectionsMessages.DialFailed>(Patience).Failure.Kind);
    }

    [Fact]
    public async Task A_connection_that_is_being_closed_takes_no_new_dial()
    {
        var connections = Start();
        var up = await ConnectAsync(connections);

        connections.Tell(new ConnectionsMessages.CloseConnection(up.Id, "enough"));
        connections.Tell(new ConnectionsMessages.Dial(9, _peer.Self, [Far], TestActor));

        Assert.Equal(Far, _ports.ExpectMsg<PortMessages.Dial>(Patience).Address);
    }

    [Fact]
    public async Task A_restart_tells_subscribers_what_went_down_and_keeps_them()
    {
        var connections = Start();
        var first = await ConnectAsync(connections);
        var (pending, _) = MemoryConduit.CreatePair();
        connections.Tell(Adopt(pending, 5));
        connections.Tell(new ConnectionsMessages.Dial(6, MakeNode(3).Self, [Far], TestActor));
        _ports.ExpectMsg<PortMessages.Dial>(Patience);

        connections.Tell(new ConnectionsMessages.Adopt(null!, ConnectionRole.Dialer, ConnectionDirection.Inbound));

        Assert.Equal(first.Id, _subscriber.ExpectMsg<ConnectionsMessages.ConnectionDown>(Patience).Connection.Id);
        Assert.Equal(
            [5L, 6L],
            new[] { ExpectMsg<ConnectionsMessages.DialFailed>(Patience).Id, ExpectMsg<ConnectionsMessages.DialFailed>(Patience).Id }.Order());
        var second = await ConnectAsync(connections);
        Assert.True(second.Id > first.Id);
    }

    private static ConnectionsMessages.Adopt Outbound(IConduit conduit) =>
        new(conduit, ConnectionRole.Dialer, ConnectionDirection.Outbound);

    private ConnectionsMessages.Adopt Adopt(IConduit conduit, long id) => Outbound(conduit) with { Id = id, ReplyTo = TestActor };

    private static NodeContext Node(IConnectionGater? gater = null, ConnectionOptions? options = null) =>
        MakeSecuredNode(1, new NodeOptions { Connections = options ?? new ConnectionOptions() }, gater) with { Transports = [new TcpTransport()] };

    private IActorRef Start(IConnectionGater? gater = null, ConnectionOptions? options = null) => Start(Node(gater, options));

    private IActorRef Start(NodeContext node)
    {
        node.Refs.Ports = _ports.Ref;
        var connections = Sys.ActorOf(Props.Create(typeof(ConnectionsActor), node));
        node.Refs.Connections = connections;
        connections.Tell(new ConnectionsMessages.Subscribe(_subscriber.Ref));
        return connections;
    }

    private async Task<ConnectionInfo> ConnectAsync(IActorRef connections)
    {
        var (near, far) = MemoryConduit.CreatePair();
        connections.Tell(Outbound(near));
        await UpgradeFarAsync(_peer, far, ConnectionRole.Listener);
        return _subscriber.ExpectMsg<ConnectionsMessages.ConnectionUp>(Patience).Connection;
    }

    private sealed class Gater : IConnectionGater
    {
        private int _peersAsked;

        public string? Dial { get; init; }

        public string? Accept { get; init; }

        public string? Peer { get; init; }

        public int PeersAsked => _peersAsked;

        public string? RefuseDial(PeerId? peer, Multiaddr address) => Dial;

        public string? RefuseAccept(Multiaddr remoteAddress) => Accept;

        public string? RefusePeer(PeerId peer, Multiaddr remoteAddress, ConnectionDirection direction)
        {
            Interlocked.Increment(ref _peersAsked);
            return Peer;
        }
    }
}
