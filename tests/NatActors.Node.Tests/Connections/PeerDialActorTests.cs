using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Port;
using NatActors.Protocols.Connections;
using NatActors.Transports.Port;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Connections;

/// <summary>The dial of one peer whose 4-tuple something else has taken: the peer's own connect, or a punch.</summary>
public sealed class PeerDialActorTests : TestKit
{
    private static readonly Multiaddr There = Multiaddr.Parse("/ip4/192.0.1.1/tcp/4001");

    private readonly NodeContext _node = MakeNode(1) with { Transports = [new TcpTransport()] };
    private readonly TestProbe _ports;
    private readonly IActorRef _dial;

    public PeerDialActorTests()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
        _ports = CreateTestProbe();
        _node.Refs.Ports = _ports.Ref;
        var goal = new DialGoal(MakeNode(2).Self, DirectOnly: false, FreshPort: false);
        _dial = Sys.ActorOf(Props.Create(typeof(PeerDialActor), _node, goal, new[] { There }, Array.Empty<Multiaddr>(), TestActor));
    }

    [Fact]
    public void The_peers_own_connection_is_awaited_and_fails_the_dial_with_it()
    {
        Answer(ConnectFailureKind.Accepted);
        var awaited = ExpectMsg<PeerDialMessages.AwaitAccepted>(Patience);
        Assert.Equal(There, awaited.Remote);
        Handled();

        _dial.Tell(new ConnectionsMessages.DialFailed(awaited.Id, new DialFailure(DialFailureKind.HandshakeFailed, "no handshake")));

        Assert.Contains("no handshake", ExpectMsg<PeerDialMessages.Failed>(Patience).Failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void The_dial_fails_when_somebody_else_connected_from_there()
    {
        Answer(ConnectFailureKind.Accepted);
        var awaited = ExpectMsg<PeerDialMessages.AwaitAccepted>(Patience);

        _dial.Tell(new ConnectionsMessages.Dialed(awaited.Id, Connection(7, MakeNode(3).Key)));

        Assert.Contains(MakeNode(3).Self.ToString(), ExpectMsg<PeerDialMessages.Failed>(Patience).Failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_punch_that_took_over_has_the_time_of_a_handshake()
    {
        Answer(ConnectFailureKind.Superseded);
        Handled();

        ((TestScheduler)Sys.Scheduler).Advance(_node.Options.Connections.UpgradeTimeout);

        Assert.Contains("taken", ExpectMsg<PeerDialMessages.Failed>(Patience).Failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_punch_that_took_over_ends_the_dial_by_coming_up()
    {
        Answer(ConnectFailureKind.Superseded);
        Handled();

        _dial.Tell(new PeerDialMessages.Abort());

        Watch(_dial);
        ExpectTerminated(_dial, Patience);
    }

    [Fact]
    public void Any_other_failure_is_told_at_once()
    {
        Answer(ConnectFailureKind.Refused);

        Assert.Equal(DialFailureKind.AllFailed, ExpectMsg<PeerDialMessages.Failed>(Patience).Failure.Kind);
    }

    private void Answer(ConnectFailureKind kind)
    {
        var asked = _ports.ExpectMsg<PortMessages.Dial>(Patience);
        _dial.Tell(new PortMessages.DialFailed(asked.Id, new ConnectFailure(kind, "taken")));
    }

    /// <summary>All that was told before has been handled, and nothing was said of it: the answer to this comes next.</summary>
    private void Handled()
    {
        _dial.Tell(new Akka.Actor.Identify(1));
        ExpectMsg<ActorIdentity>(Patience);
    }
}
