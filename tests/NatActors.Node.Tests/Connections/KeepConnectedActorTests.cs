using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Connections;

public sealed class KeepConnectedActorTests : TestKit
{
    private readonly NodeContext _node = MakeNode(1);
    private readonly NodeContext _peer = MakeNode(2);
    private readonly List<NodeEvent> _events = [];
    private readonly TestProbe _connections;
    private readonly IActorRef _keeper;

    public KeepConnectedActorTests()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
        _connections = CreateTestProbe();
        _node.Refs.Connections = _connections.Ref;
        _node.Events.Subscribe(_events.Add);
        _keeper = Sys.ActorOf(Props.Create(
            typeof(KeepConnectedActor), _node, Multiaddr.Parse("/ip4/192.0.1.1/tcp/4001").WithPeerId(_peer.Self)));
        _connections.ExpectMsg<ConnectionsMessages.Subscribe>(Patience);
        ExpectDial();
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    [Fact]
    public void It_tries_again_with_doubled_rests_and_says_so_once()
    {
        for (var rest = KeepConnectedActor.FirstRest; rest <= TimeSpan.FromSeconds(8); rest += rest)
        {
            Fail();
            Time.Advance(rest - TimeSpan.FromMilliseconds(1));
            _connections.ExpectNoMsg(TimeSpan.Zero);
            Time.Advance((rest / 4) + TimeSpan.FromMilliseconds(1));
            ExpectDial();
        }

        Assert.Single(_events.OfType<NodeEvents.Error>());
    }

    [Fact]
    public void A_lost_connection_is_dialed_again_after_the_first_rest()
    {
        var connection = Connection(7, _peer.Key);
        _keeper.Tell(new ConnectionsMessages.ConnectionUp(connection));
        var protect = _connections.ExpectMsg<ConnectionsMessages.Protect>(Patience);
        Assert.Equal((7L, true), (protect.ConnectionId, protect.IdleOnly));

        _keeper.Tell(new ConnectionsMessages.ConnectionDown(connection, "cable"));
        AwaitTurn();
        Time.Advance(KeepConnectedActor.FirstRest * 1.25);

        ExpectDial();
    }

    [Fact]
    public void While_another_connection_stands_nothing_is_dialed()
    {
        _keeper.Tell(new ConnectionsMessages.ConnectionUp(Connection(7, _peer.Key)));
        _keeper.Tell(new ConnectionsMessages.ConnectionUp(Connection(8, _peer.Key)));
        _connections.ExpectMsg<ConnectionsMessages.Protect>(Patience);
        _connections.ExpectMsg<ConnectionsMessages.Protect>(Patience);

        _keeper.Tell(new ConnectionsMessages.ConnectionDown(Connection(7, _peer.Key), "cable"));
        AwaitTurn();
        Time.Advance(KeepConnectedActor.LongestRest);
        AwaitTurn();

        _connections.ExpectNoMsg(TimeSpan.Zero);
    }

    private void ExpectDial() => Assert.Equal(_peer.Self, _connections.ExpectMsg<ConnectionsMessages.Dial>(Patience).Peer);

    private void Fail()
    {
        _keeper.Tell(new ConnectionsMessages.DialFailed(0, new DialFailure(DialFailureKind.AllFailed, "nobody there")));
        AwaitTurn();
    }

    /// <summary>What was told before has been handled when this returns.</summary>
    private void AwaitTurn()
    {
        var asker = CreateTestProbe();
        _keeper.Tell(new Akka.Actor.Identify(0), asker.Ref);
        asker.ExpectMsg<ActorIdentity>(Patience);
    }
}
