using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.HolePunch;
using NatActors.Node.Network;
using NatActors.Node.PortMapping;
using NatActors.Node.Relay;
using NatActors.Node.Report;
using NatActors.Protocols.AutoNat;
using NatActors.Transports.Network;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Report;

public sealed class ReportActorTests : TestKit
{
    private readonly NodeContext _node = MakeNode(1);
    private readonly PrivateKey _far = MakeNode(2).Key;
    private readonly TestProbe _services;

    public ReportActorTests()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
        _services = CreateTestProbe();
        var refs = _node.Refs;
        refs.Node = refs.Addresses = refs.Network = refs.AutoNat = refs.RelayClient = refs.PortMap = refs.HolePunch = _services.Ref;
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    [Fact]
    public void Answers_when_every_service_has_spoken()
    {
        var report = Start(_node);
        Answer<NodeMessages.GetStatus>(report, Status(Connection(1, _far)));
        Answer<AddressMessages.GetState>(report, new AddressMessages.State(AddressSet.Empty, [], []));
        Answer<NetworkMessages.GetState>(report, new NetworkMessages.State(NetworkState.None, ["a line"]));
        Answer<AutoNatMessages.GetState>(report, new AutoNatMessages.State(new NodeVerdict { Verdict = Reachability.Private }, []));
        Answer<RelayClientMessages.GetState>(report, new RelayClientMessages.State([], ["a candidate"]));
        Answer<PortMapMessages.GetState>(report, new PortMapMessages.State([new("pcp", "10.0.0.1", "", null, "")], []));
        ExpectNoMsg(TimeSpan.Zero);
        Answer<HolePunchMessages.GetState>(report, new HolePunchMessages.State([]));

        var made = ExpectMsg<NodeMessages.Report>(Patience).Value;
        Assert.Empty(made.Unanswered);
        Assert.Equal(("a line", "a candidate", "pcp"), (made.KeepAlive[0], made.RelayCandidates[0], made.MappingProtocols[0].Protocol));
        Assert.Equal((_node.Self, Reachability.Private), (made.Self, made.Reachability.Verdict));
        Assert.Equal("", Assert.Single(made.Connections).WhyRelayed);
        ExpectTerminated(Watch(report), Patience);
    }

    [Fact]
    public void Says_which_service_did_not_answer_in_time()
    {
        var report = Start(_node);
        Answer<AutoNatMessages.GetState>(report, new AutoNatMessages.State(NodeVerdict.None, []));
        ExpectNoMsg(TimeSpan.Zero);

        Time.Advance(ReportActor.Timeout);

        Assert.Equal(
            ["addresses", "connections", "hole punching", "network", "port mapping", "relays"],
            ExpectMsg<NodeMessages.Report>(Patience).Value.Unanswered);
    }

    [Fact]
    public void What_is_switched_off_is_not_asked()
    {
        Start(_node with { Options = new NodeOptions { PortMapping = false, HolePunching = false } });
        _services.FishForMessage(m => m is RelayClientMessages.GetState, Patience);
        Time.Advance(ReportActor.Timeout);

        var unanswered = ExpectMsg<NodeMessages.Report>(Patience).Value.Unanswered;
        Assert.DoesNotContain("port mapping", unanswered);
        Assert.DoesNotContain("hole punching", unanswered);
    }

    [Fact]
    public void One_that_is_stopped_answers_with_what_it_has()
    {
        var report = Start(_node);
        Answer<NodeMessages.GetStatus>(report, Status());
        report.Tell(PoisonPill.Instance);

        Assert.DoesNotContain("connections", ExpectMsg<NodeMessages.Report>(Patience).Value.Unanswered);
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Relayed_connections_stand_first_with_the_reason_of_their_last_punch()
    {
        var other = MakeNode(3).Key;
        var report = Start(_node);
        Answer<NodeMessages.GetStatus>(report, Status(
            Connection(1, _node.Key), Connection(2, _far, relayed: true), Connection(3, other, relayed: true)));
        Answer<HolePunchMessages.GetState>(report, new HolePunchMessages.State(
            [Punch(_far, "the latest reason"), Punch(_far, "an older one")]));
        Time.Advance(ReportActor.Timeout);

        var made = ExpectMsg<NodeMessages.Report>(Patience).Value;
        Assert.Equal(
            ["the latest reason", "no hole punch with this peer has ended yet", ""], made.Connections.Select(c => c.WhyRelayed));
        Assert.Equal(2, made.Punches.Count);
    }

    [Fact]
    public void Without_hole_punching_that_is_why_a_connection_stays_relayed()
    {
        var report = Start(_node with { Options = new NodeOptions { HolePunching = false } });
        Answer<NodeMessages.GetStatus>(report, Status(Connection(2, _far, relayed: true)));
        Time.Advance(ReportActor.Timeout);

        Assert.Contains("switched off", Assert.Single(ExpectMsg<NodeMessages.Report>(Patience).Value.Connections).WhyRelayed);
    }

    private IActorRef Start(NodeContext node) => Sys.ActorOf(Props.Create(typeof(ReportActor), node, TestActor));

    private void Answer<TQuestion>(IActorRef report, object answer)
    {
        _services.FishForMessage(m => m is TQuestion, Patience);
        report.Tell(answer, _services.Ref);
    }

    private NodeMessages.Status Status(params IEnumerable<ConnectionInfo> connections) =>
        new(_node.Self, [], [.. connections.Select(c => new ConnectionsMessages.ConnectionStatus(c, null, 0))]);

    private static NodeEvents.PunchEnded Punch(PrivateKey peer, string reason) =>
        new(peer.PeerId, PunchOutcome.Relayed, 3, TimeSpan.FromSeconds(2), reason);
}
