using Akka.Actor;
using Akka.TestKit.Xunit2;
using NatActors.Node.Connections;
using NatActors.Node.Ping;
using NatActors.Node.Port;
using NatActors.Node.Streams;
using NatActors.Testing;
using static NatActors.Node.Tests.Connections.ConnectionHarness;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Whole;

public sealed class LostAndFoundActorTests : TestKit
{
    private readonly NodeContext _node = MakeNode(1);
    private readonly IActorRef _service;

    public LostAndFoundActorTests()
    {
        var nodeActor = ActorOf(Props.Create(typeof(Parent)), "node");
        _service = nodeActor.Ask<IActorRef>("child", Patience).GetAwaiter().GetResult();
        Watch(_service);
        Sys.Stop(_service);
        ExpectTerminated(_service, Patience);

        // Both nodes of a system see all dead letters; each answers for itself only.
        Start(nodeActor);
        Start(ActorOf(Props.Create(typeof(Parent)), "node2"));
    }

    [Fact]
    public async Task A_conduit_that_nobody_took_is_cut()
    {
        var (near, far) = MemoryConduit.CreatePair();

        _service.Tell(new PortMessages.Dialed(1, near, true));

        Assert.True(await IsCutAsync(far));
    }

    [Fact]
    public async Task A_stream_for_a_server_that_has_died_is_reset()
    {
        var (near, far) = StreamPair("/any", _node.Self);

        _service.Tell(new StreamMessages.InboundStream(near, Connection(1, _node.Key)));

        await Assert.ThrowsAnyAsync<IOException>(() => far.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public void A_request_to_a_part_that_has_ended_is_refused_once()
    {
        _service.Tell(new ConnectionsMessages.OpenStream(1, _node.Self, ["/any"], true, TestActor));
        _service.Tell(new PingMessages.Ping(2, _node.Self, 1, TestActor));

        Assert.Equal(1, ExpectMsg<ConnectionsMessages.StreamFailed>(Patience).Id);
        Assert.Equal(2, ExpectMsg<PingMessages.PingFailed>(Patience).Id);
        ExpectNoMsg(TimeSpan.Zero);
    }

    /// <summary>Started means subscribed: an answer to identify proves that.</summary>
    private void Start(IActorRef nodeActor)
    {
        var lost = Sys.ActorOf(Props.Create(typeof(LostAndFoundActor), _node, nodeActor));
        lost.Tell(new Akka.Actor.Identify(0), TestActor);
        ExpectMsg<ActorIdentity>(Patience);
    }

    private sealed class Parent : UntypedActor
    {
        protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

        protected override void OnReceive(object message) => Sender.Tell(Context.ActorOf(Props.Create(typeof(Child))));
    }

    private sealed class Child : UntypedActor
    {
        protected override void OnReceive(object message) => Unhandled(message);
    }
}
