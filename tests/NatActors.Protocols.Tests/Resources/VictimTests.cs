using NatActors.Protocols.Resources;
using static NatActors.Protocols.Tests.Resources.TreeUnderTest;

namespace NatActors.Protocols.Tests.Resources;

/// <summary>Whom a full scope takes from: who has most.</summary>
public sealed class VictimTests
{
    private static readonly ScopeLimits TenSegments = new() { Memory = 10 * Segment };

    [Fact]
    public void A_full_system_names_the_largest_stream_of_the_peer_that_holds_most()
    {
        var tree = new TreeUnderTest(new ResourceLimits { System = TenSegments });
        var attacker = tree.Connection(1);
        tree.Holding(attacker, 2);
        var largest = tree.Holding(attacker, 3);
        tree.Holding(tree.Connection(2), 4);
        tree.Holding(attacker, 1);

        var decision = tree.Tree.Take(tree.Stream(tree.Connection(3)), Segment);

        Refused(decision, ResourceScopeKind.System, ResourceKind.Memory, 10 * Segment);
        Assert.Same(largest, decision.Victim);
    }

    [Fact]
    public void The_peer_that_holds_most_is_refused_and_nobody_suffers_for_it()
    {
        var tree = new TreeUnderTest(new ResourceLimits { System = TenSegments });
        var attacker = tree.Holding(tree.Connection(1), 6);
        tree.Holding(tree.Connection(2), 4);

        Assert.Null(tree.Tree.Take(attacker, Segment).Victim);
    }

    [Fact]
    public void Nobody_is_ended_for_one_who_would_then_hold_as_much()
    {
        var tree = new TreeUnderTest(new ResourceLimits { System = TenSegments });
        tree.Holding(tree.Connection(1), 5);
        var equal = tree.Holding(tree.Connection(2), 4);
        tree.Holding(tree.Connection(3), 1);

        Assert.Null(tree.Tree.Take(equal, Segment).Victim);
    }

    [Fact]
    public void A_victim_that_gave_its_memory_back_makes_room()
    {
        var tree = new TreeUnderTest(new ResourceLimits { System = TenSegments });
        var victim = tree.Holding(tree.Connection(1), 10);
        var honest = tree.Stream(tree.Connection(2));
        Assert.Same(victim, tree.Tree.Take(honest, Segment).Victim);

        tree.Tree.Vacate(victim);
        Assert.False(tree.Tree.Take(victim, Segment).IsGranted);
        tree.Tree.Return(victim, 10 * Segment);
        tree.Tree.Close(victim);

        Assert.True(tree.Tree.Take(honest, Segment).IsGranted);
        Assert.Equal(Segment, tree.System.Memory);
    }

    [Fact]
    public void The_same_victim_is_not_named_twice()
    {
        var tree = new TreeUnderTest(new ResourceLimits { System = TenSegments });
        var attacker = tree.Connection(1);
        tree.Holding(attacker, 6);
        tree.Holding(attacker, 4);
        var honest = tree.Stream(tree.Connection(2));

        var first = tree.Tree.Take(honest, Segment).Victim;
        var second = tree.Tree.Take(honest, Segment).Victim;

        Assert.NotSame(first, second);
        Assert.Null(tree.Tree.Take(honest, Segment).Victim);
    }

    [Fact]
    public void Who_cannot_make_room_now_costs_nobody_anything()
    {
        var tree = new TreeUnderTest(new ResourceLimits { System = TenSegments });
        var victim = tree.Holding(tree.Connection(1), 10);
        var honest = tree.Stream(tree.Connection(2));

        Assert.Null(tree.Tree.Take(honest, Segment, nameVictim: false).Victim);
        Assert.Same(victim, tree.Tree.Take(honest, Segment).Victim);
    }

    [Fact]
    public void A_connection_that_holds_writes_nobody_takes_is_a_victim_and_gives_its_memory_back_at_once()
    {
        var tree = new TreeUnderTest(new ResourceLimits { System = TenSegments });
        var stalled = tree.Connection(1);
        tree.Tree.Take(stalled, 9 * Segment);
        tree.Holding(stalled, 1);
        var honest = tree.Stream(tree.Connection(2));

        Assert.Same(stalled, tree.Tree.Take(honest, Segment).Victim);
        tree.Tree.Vacate(stalled);
        Assert.Equal(Segment, tree.System.Memory);
        Assert.True(tree.Tree.Take(honest, Segment).IsGranted);

        tree.Tree.Return(stalled, 9 * Segment);
        Assert.Equal(2 * Segment, tree.System.Memory);
    }

    [Fact]
    public void A_full_protocol_takes_from_its_own_streams_only()
    {
        var tree = new TreeUnderTest(new ResourceLimits { Protocol = TenSegments });
        var attacker = tree.Connection(1);
        tree.Holding(attacker, 9, "/other");
        var victim = tree.Holding(attacker, 8, "/a");
        tree.Holding(tree.Connection(2), 2, "/a");

        var decision = tree.Tree.Take(tree.Stream(tree.Connection(3), "/a"), Segment);

        Refused(decision, ResourceScopeKind.Protocol, ResourceKind.Memory, 10 * Segment);
        Assert.Same(victim, decision.Victim);
    }

    [Fact]
    public void A_system_full_of_streams_names_the_newest_inbound_one_of_the_peer_that_has_most()
    {
        var tree = new TreeUnderTest(new ResourceLimits { System = new ScopeLimits { Streams = 5 } });
        var attacker = tree.Connection(1);
        tree.Stream(attacker);
        tree.Stream(attacker);
        var newest = tree.Stream(attacker);
        tree.Stream(attacker, null, inbound: false);
        var honest = tree.Connection(2);
        tree.Stream(honest);

        var decision = tree.Tree.OpenStream(honest, true, out _);
        Assert.Same(newest, decision.Victim);

        tree.Tree.Vacate(newest);
        tree.Stream(honest);
        Assert.Null(tree.Tree.OpenStream(attacker, true, out _).Victim);
        Assert.Equal(5, tree.System.Streams);
        tree.Tree.Close(newest);
        Assert.Equal(5, tree.System.Streams);
    }

    [Fact]
    public void A_full_transient_scope_and_a_full_protocol_name_streams_of_their_own()
    {
        var two = new ScopeLimits { Streams = 2 };
        var tree = new TreeUnderTest(new ResourceLimits { Transient = two, Protocol = two });
        var attacker = tree.Connection(1);
        var first = tree.Stream(attacker, "/a");
        var second = tree.Stream(attacker, "/a");
        var (third, fourth) = (tree.Stream(attacker), tree.Stream(attacker));
        var honest = tree.Connection(2);

        Assert.Same(fourth, tree.Tree.OpenStream(honest, true, out _).Victim);
        tree.Tree.Vacate(fourth);
        var mine = tree.Stream(honest);
        var decision = tree.Tree.Agree(mine, "/a");
        Refused(decision, ResourceScopeKind.Protocol, ResourceKind.Streams, 2);
        Assert.Same(second, decision.Victim);
        tree.Tree.Vacate(second);
        Assert.True(tree.Tree.Agree(mine, "/a").IsGranted);
        Assert.False(third.Usage.IsZero || first.Usage.IsZero);
    }

    [Fact]
    public void This_nodes_own_streams_displace_inbound_ones_and_are_never_displaced()
    {
        var tree = new TreeUnderTest(new ResourceLimits { System = new ScopeLimits { Streams = 3 } });
        var attacker = tree.Connection(1);
        tree.Stream(attacker, null, inbound: false);
        tree.Stream(attacker);
        var newest = tree.Stream(attacker);

        Assert.Same(newest, tree.Tree.OpenStream(attacker, false, out _).Victim);
        tree.Tree.Vacate(newest);
        tree.Stream(attacker, null, inbound: false);
        Assert.Null(tree.Tree.OpenStream(tree.Connection(2), true, out _).Victim);
    }

    [Fact]
    public void While_many_displaced_streams_are_still_served_nobody_is_displaced()
    {
        var tree = new TreeUnderTest(new ResourceLimits { System = new ScopeLimits { Streams = 1000 } });
        var (attacker, honest) = (tree.Connection(1), tree.Connection(2));
        for (var i = 0; i < 1000; i++)
        {
            tree.Stream(attacker);
        }

        StreamScope? last = null;
        for (var i = 0; i < ResourceTree.MaxVacated; i++)
        {
            last = Assert.IsType<StreamScope>(tree.Tree.OpenStream(honest, true, out _).Victim);
            tree.Tree.Vacate(last);
            tree.Stream(honest);
        }

        Assert.Null(tree.Tree.OpenStream(honest, true, out _).Victim);
        tree.Tree.Close(last!);
        Assert.NotNull(tree.Tree.OpenStream(honest, true, out _).Victim);
    }
}
