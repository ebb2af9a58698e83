using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Connections;
using NatActors.Node.Port;
using NatActors.Node.Security;
using NatActors.Protocols.Addresses;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Port;
using NatActors.Transports.Security;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Addresses;

public sealed class HairpinActorTests : TestKit
{
    private static readonly Multiaddr Outside = Multiaddr.Parse("/ip4/192.0.1.9/tcp/5001");

    private readonly NodeContext _node = Secured(MakeNode(1));
    private readonly TestProbe _ports;

    public HairpinActorTests()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
        _ports = CreateTestProbe();
        _node.Refs.Ports = _ports.Ref;
    }

    [Fact]
    public void The_node_itself_answering_proves_the_hairpin() => Assert.Equal(HairpinOutcome.Reached, Answered(_node));

    [Fact]
    public void Another_peer_answering_is_no_hairpin() => Assert.Equal(HairpinOutcome.NotReached, Answered(Secured(MakeNode(2))));

    [Fact]
    public void Somebody_who_says_nothing_is_no_hairpin()
    {
        Try();
        var dial = _ports.ExpectMsg<PortMessages.Dial>(Patience);
        var (near, _) = MemoryConduit.CreatePair();
        dial.ReplyTo.Tell(new PortMessages.Dialed(dial.Id, near, PortReused: false));
        dial.ReplyTo.Tell(new Akka.Actor.Identify("handled?"), TestActor);
        ExpectMsg<ActorIdentity>(Patience);

        ((TestScheduler)Sys.Scheduler).Advance(HairpinActor.Patience);

        Assert.Equal(HairpinOutcome.NotReached, ExpectMsg<HairpinMessages.Tried>(Patience).Outcome);
    }

    [Theory]
    [InlineData(ConnectFailureKind.TimedOut, HairpinOutcome.NotReached)]
    [InlineData(ConnectFailureKind.Refused, HairpinOutcome.NotReached)]
    [InlineData(ConnectFailureKind.Reset, HairpinOutcome.NotReached)]
    [InlineData(ConnectFailureKind.Unreachable, HairpinOutcome.NotTried)]
    [InlineData(ConnectFailureKind.NotPermitted, HairpinOutcome.NotTried)]
    public void A_dial_that_fails_counts_only_where_the_way_itself_failed(ConnectFailureKind failure, HairpinOutcome outcome)
    {
        Try();
        var dial = _ports.ExpectMsg<PortMessages.Dial>(Patience);
        Assert.Equal((Outside, DialPort.Fresh), (dial.Address, dial.From));

        dial.ReplyTo.Tell(new PortMessages.DialFailed(dial.Id, new ConnectFailure(failure, "")));

        var tried = ExpectMsg<HairpinMessages.Tried>(Patience);
        Assert.Equal((Outside, outcome), (tried.Address, tried.Outcome));
    }

    [Fact]
    public void What_this_node_cannot_dial_is_not_tried()
    {
        Try(Multiaddr.Parse("/ip4/192.0.1.9/udp/5001"));

        Assert.Equal(HairpinOutcome.NotTried, ExpectMsg<HairpinMessages.Tried>(Patience).Outcome);
    }

    private HairpinOutcome Answered(NodeContext other)
    {
        Try();
        var dial = _ports.ExpectMsg<PortMessages.Dial>(Patience);
        var (near, far) = MemoryConduit.CreatePair();
        var seed = new ConnectionSeed
        {
            Id = 1, Conduit = far, Role = ConnectionRole.Listener, Direction = ConnectionDirection.Inbound,
        };
        _ = ConnectionUpgrade.RunAsync(other, seed, () => TimeSpan.Zero, Task.CompletedTask, CancellationToken.None);
        dial.ReplyTo.Tell(new PortMessages.Dialed(dial.Id, near, PortReused: false));
        return ExpectMsg<HairpinMessages.Tried>(Patience).Outcome;
    }

    private void Try(Multiaddr? address = null) => Sys.ActorOf(Props.Create(typeof(Parent), _node, address ?? Outside, TestActor));

    private static NodeContext Secured(NodeContext node) =>
        node with { Security = [new NoiseUpgrade(node.Key, node.Random)] };

    /// <summary>Passes on what its child says.</summary>
    private sealed class Parent(NodeContext node, Multiaddr address, IActorRef listener) : UntypedActor
    {
        protected override void PreStart() => Context.ActorOf(Props.Create(typeof(HairpinActor), node, address));

        protected override void OnReceive(object message) => listener.Tell(message);
    }
}
