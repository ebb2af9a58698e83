using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Ping;
using NatActors.Node.Streams;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Whole;

public sealed class FacadeActorTests : TestKit
{
    private readonly NodeContext _node = MakeNode(1);
    private readonly TestProbe _nodeActor;
    private readonly TestProbe _ping;
    private readonly IActorRef _facade;

    public FacadeActorTests()
    {
        _nodeActor = CreateTestProbe();
        _ping = CreateTestProbe();
        _node.Refs.Ping = _ping.Ref;
        _facade = Sys.ActorOf(Props.Create(typeof(FacadeActor), _nodeActor.Ref, _node.Refs));
    }

    [Fact]
    public void A_dial_that_nobody_waits_for_is_cancelled()
    {
        var answer = new TaskCompletionSource<ConnectionInfo>();
        _facade.Tell(new FacadeMessages.Dial(Multiaddr.Parse("/ip4/192.0.1.1/tcp/1"), answer));
        var dial = _nodeActor.ExpectMsg<NodeMessages.Dial>(Patience);

        _facade.Tell(new FacadeMessages.GiveUp(answer));

        Assert.Equal(new NodeMessages.CancelDial(dial.Id, _facade), _nodeActor.ExpectMsg<NodeMessages.CancelDial>(Patience));
    }

    [Fact]
    public void A_measurement_that_nobody_waits_for_is_cancelled()
    {
        var answer = new TaskCompletionSource<NodeEvents.PerfMeasured>();
        _facade.Tell(new FacadeMessages.Measure(_node.Self, 1, 1, answer));
        var measure = _ping.ExpectMsg<PingMessages.Measure>(Patience);

        _facade.Tell(new FacadeMessages.GiveUp(answer));

        Assert.Equal(new PingMessages.Cancel(measure.Id, _facade), _ping.ExpectMsg<PingMessages.Cancel>(Patience));
    }

    [Fact]
    public async Task A_stream_that_nobody_waits_for_is_reset()
    {
        var answer = new TaskCompletionSource<PeerStream>();
        _facade.Tell(new FacadeMessages.OpenStream(_node.Self, "/any", false, answer));
        var open = _nodeActor.ExpectMsg<NodeMessages.OpenStream>(Patience);
        answer.SetCanceled();
        var (near, far) = StreamPair("/any", _node.Self);

        _facade.Tell(new NodeMessages.StreamOpened(open.Id, near));

        await Assert.ThrowsAnyAsync<IOException>(() => far.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Whoever_waits_when_it_stops_hears_that_the_node_goes_down()
    {
        var dial = new TaskCompletionSource<ConnectionInfo>();
        var ping = new TaskCompletionSource<TimeSpan>();
        _facade.Tell(new FacadeMessages.Dial(Multiaddr.Parse("/ip4/192.0.1.1/tcp/1"), dial));
        _facade.Tell(new FacadeMessages.Ping(_node.Self, ping));

        _facade.Tell(PoisonPill.Instance);

        await Assert.ThrowsAsync<PeerUnreachableException>(() => dial.Task.WaitAsync(Patience));
        await Assert.ThrowsAsync<PeerFailedException>(() => ping.Task.WaitAsync(Patience));
    }
}
