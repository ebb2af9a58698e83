using Akka.Actor;
using Akka.TestKit.Xunit2;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Connections;

public sealed class DirectWaitersTests : TestKit
{
    private readonly NodeContext _peer = MakeNode(2);
    private readonly DirectWaiters _waiters = new();

    [Fact]
    public void Without_a_punch_nobody_waits() => Assert.False(_waiters.TryWait(Open(1)));

    [Fact]
    public void The_direct_connection_gets_all_who_wait_once()
    {
        _waiters.OnPunchUnderWay(_peer.Self);
        Assert.True(_waiters.TryWait(Open(1)));

        var direct = Connection(7, _peer.Key) with { Actor = TestActor };
        _waiters.OnUnlimited(direct);
        _waiters.OnUnlimited(direct);
        _waiters.OnPunchOver(_peer.Self, "done");

        Assert.Equal(1, ExpectMsg<ConnectionsMessages.OpenStream>(Patience).Id);
        ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_punch_in_vain_fails_all_who_wait_with_its_reason_and_nobody_waits_after_it()
    {
        _waiters.OnPunchUnderWay(_peer.Self);
        Assert.True(_waiters.TryWait(Open(1)));

        _waiters.OnPunchOver(_peer.Self, "symmetric");

        var failed = ExpectMsg<ConnectionsMessages.StreamFailed>(Patience);
        Assert.Equal((1L, StreamFailureKind.LimitedConnection), (failed.Id, failed.Failure.Kind));
        Assert.Contains("symmetric", failed.Failure.Detail, StringComparison.Ordinal);
        Assert.False(_waiters.TryWait(Open(2)));
    }

    [Fact]
    public void No_more_wait_than_are_allowed()
    {
        _waiters.OnPunchUnderWay(_peer.Self);
        for (var id = 0; id < DirectWaiters.MaxPerPeer; id++)
        {
            Assert.True(_waiters.TryWait(Open(id)));
        }

        Assert.False(_waiters.TryWait(Open(DirectWaiters.MaxPerPeer)));
    }

    private ConnectionsMessages.OpenStream Open(long id) => new(id, _peer.Self, ["/any"], false, TestActor);
}
