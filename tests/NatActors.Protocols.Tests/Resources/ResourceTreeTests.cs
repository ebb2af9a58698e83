using NatActors.Protocols.Resources;
using NatActors.Protocols.Tests.Connections;
using static NatActors.Protocols.Tests.Resources.TreeUnderTest;

namespace NatActors.Protocols.Tests.Resources;

public sealed class ResourceTreeTests
{
    [Fact]
    public void What_a_stream_holds_counts_in_every_scope_above_it()
    {
        var tree = new TreeUnderTest(new ResourceLimits());
        var connection = tree.Connection(1);
        var stream = tree.Holding(connection, 2, "/a");
        tree.Tree.Take(connection, 100);

        Assert.Equal(2 * Segment, stream.Usage.Memory);
        Assert.Equal((2 * Segment) + 100, connection.Usage.Memory);
        Assert.Equal((2 * Segment) + 100, Assert.Single(tree.Tree.Peers).Usage.Memory);
        Assert.Equal(2 * Segment, Assert.Single(tree.Tree.Protocols).Usage.Memory);
        Assert.Equal(new ScopeUsage((2 * Segment) + 100, 1, 0, 1, 0), tree.System);
        Assert.Equal(default, tree.Tree.Transient.Usage);
    }

    [Fact]
    public void Everything_given_back_leaves_nothing_behind()
    {
        var tree = new TreeUnderTest(new ResourceLimits());
        var connection = tree.Connection(1);
        var agreed = tree.Holding(connection, 2, "/a");
        tree.Stream(connection, null, inbound: false);
        tree.Tree.Take(connection, 100);

        tree.Tree.Close(agreed);
        Assert.Equal(2 * Segment, agreed.Connection.Usage.Memory - 100);
        tree.Tree.Return(agreed, Segment);
        tree.Tree.Close(connection);
        tree.Tree.Close(connection);
        tree.Tree.Close(agreed);
        Assert.Equal(new ScopeUsage(Segment + 100, 0, 0, 0, 0), tree.System);
        Assert.False(tree.Tree.IsEmpty);

        tree.Tree.Return(connection, 100);
        tree.Tree.Return(agreed, Segment);
        Assert.True(tree.Tree.IsEmpty);
    }

    [Fact]
    public void A_handshake_is_transient_until_its_peer_is_known_and_holds_its_memory_that_long()
    {
        var tree = new ResourceTree(new ResourceLimits());
        tree.OpenConnection(1, inbound: true, 500, out var connection);
        Assert.Equal(new ScopeUsage(500, 0, 0, 1, 0), tree.Transient.Usage);

        tree.KnowPeer(connection!, Peers.Numbered(1));
        Assert.Equal(default, tree.Transient.Usage);
        Assert.Equal(new ScopeUsage(0, 0, 0, 1, 0), tree.System.Usage);

        tree.OpenConnection(2, inbound: false, 500, out var failed);
        tree.Close(failed!);
        tree.Close(connection!);
        Assert.True(tree.IsEmpty);
    }

    [Fact]
    public void A_stream_is_transient_until_its_protocol_is_agreed_and_takes_its_memory_along()
    {
        var tree = new TreeUnderTest(new ResourceLimits());
        var stream = tree.Holding(tree.Connection(1), 3, protocol: null);
        Assert.Equal(new ScopeUsage(3 * Segment, 1, 0, 0, 0), tree.Tree.Transient.Usage);

        Assert.True(tree.Tree.Agree(stream, "/a").IsGranted);
        Assert.Equal(default, tree.Tree.Transient.Usage);
        Assert.Equal(new ScopeUsage(3 * Segment, 1, 0, 0, 0), Assert.Single(tree.Tree.Protocols).Usage);
    }

    [Fact]
    public void Each_scope_refuses_memory_above_its_limit_and_says_which_it_is()
    {
        var one = new ScopeLimits { Memory = 2 * Segment };
        foreach (var (limits, scope) in new[]
        {
            (new ResourceLimits { Stream = one }, ResourceScopeKind.Stream),
            (new ResourceLimits { Connection = one }, ResourceScopeKind.Connection),
            (new ResourceLimits { Peer = one }, ResourceScopeKind.Peer),
            (new ResourceLimits { ProtocolPeer = one }, ResourceScopeKind.ProtocolPeer),
            (new ResourceLimits { Protocol = one }, ResourceScopeKind.Protocol),
            (new ResourceLimits { System = one }, ResourceScopeKind.System),
        })
        {
            var tree = new TreeUnderTest(limits);
            var stream = tree.Holding(tree.Connection(1), 2);

            var decision = tree.Tree.Take(stream, Segment);

            Refused(decision, scope, ResourceKind.Memory, 2 * Segment);
            Assert.Null(decision.Victim);
            Assert.Equal(2 * Segment, tree.System.Memory);
        }
    }

    [Fact]
    public void The_transient_scope_refuses_memory_of_handshakes_and_of_streams_without_a_protocol()
    {
        var limits = new ResourceLimits { Transient = new ScopeLimits { Memory = 2 * Segment } };
        var tree = new TreeUnderTest(limits);
        var stream = tree.Holding(tree.Connection(1), 2, protocol: null);

        Refused(tree.Tree.Take(stream, 1), ResourceScopeKind.Transient, ResourceKind.Memory, 2 * Segment);
        Refused(tree.Tree.OpenConnection(9, true, 1, out _), ResourceScopeKind.Transient, ResourceKind.Memory, 2 * Segment);
        Assert.True(tree.Tree.Agree(stream, "/a").IsGranted);
        Assert.True(tree.Tree.OpenConnection(9, true, 1, out _).IsGranted);
    }

    [Fact]
    public void Each_scope_refuses_streams_above_its_limit_and_says_which_it_is()
    {
        var all = new ScopeLimits { Streams = 2 };
        var inbound = new ScopeLimits { InboundStreams = 2 };
        foreach (var (one, resource) in new[] { (all, ResourceKind.Streams), (inbound, ResourceKind.InboundStreams) })
        {
            foreach (var (limits, scope) in new[]
            {
                (new ResourceLimits { Connection = one }, ResourceScopeKind.Connection),
                (new ResourceLimits { Peer = one }, ResourceScopeKind.Peer),
                (new ResourceLimits { Transient = one }, ResourceScopeKind.Transient),
                (new ResourceLimits { System = one }, ResourceScopeKind.System),
            })
            {
                var tree = new TreeUnderTest(limits);
                var connection = tree.Connection(1);
                var first = tree.Stream(connection);
                tree.Stream(connection);

                Refused(tree.Tree.OpenStream(connection, true, out var third), scope, resource, 2);
                Assert.Null(third);
                Assert.Equal(resource == ResourceKind.InboundStreams, tree.Tree.OpenStream(connection, false, out _).IsGranted);
                tree.Tree.Close(first);
                Assert.True(tree.Tree.OpenStream(connection, true, out _).IsGranted);
            }
        }
    }

    [Fact]
    public void A_protocol_has_a_limit_for_all_and_one_for_each_peer_and_may_have_its_own()
    {
        var limits = new ResourceLimits
        {
            Protocol = new ScopeLimits { Streams = 2 },
            ProtocolPeer = new ScopeLimits { Streams = 1 },
            Protocols = new Dictionary<string, (ScopeLimits, ScopeLimits)>
            {
                ["/own"] = (new ScopeLimits { Streams = 1 }, new ScopeLimits()),
            },
        };
        var tree = new TreeUnderTest(limits);
        var (first, second, third) = (tree.Connection(1), tree.Connection(2), tree.Connection(3));
        tree.Stream(first, "/a");
        Refused(tree.Tree.Agree(tree.Stream(first), "/a"), ResourceScopeKind.ProtocolPeer, ResourceKind.Streams, 1);
        tree.Stream(second, "/a");
        Refused(tree.Tree.Agree(tree.Stream(third), "/a"), ResourceScopeKind.Protocol, ResourceKind.Streams, 2);

        tree.Stream(third, "/b");
        tree.Stream(first, "/own");
        Refused(tree.Tree.Agree(tree.Stream(second), "/own"), ResourceScopeKind.Protocol, ResourceKind.Streams, 1);
        Assert.Equal(["/a", "/b", "/own"], tree.Tree.Protocols.Select(p => p.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Handshakes_and_inbound_connections_have_their_limits()
    {
        var tree = new TreeUnderTest(new ResourceLimits
        {
            Transient = new ScopeLimits { Connections = 2 },
            System = new ScopeLimits { InboundConnections = 3 },
        });
        tree.Tree.OpenConnection(101, true, 0, out var first);
        tree.Tree.OpenConnection(102, false, 0, out _);
        Refused(tree.Tree.OpenConnection(103, false, 0, out _), ResourceScopeKind.Transient, ResourceKind.Connections, 2);

        tree.Tree.KnowPeer(first!, Peers.Numbered(1));
        tree.Connection(2);
        tree.Connection(3);
        Refused(tree.Tree.OpenConnection(104, true, 0, out _), ResourceScopeKind.System, ResourceKind.InboundConnections, 3);
        Assert.True(tree.Tree.OpenConnection(105, false, 0, out _).IsGranted);
        tree.Tree.Close(first!);
    }

    [Fact]
    public void From_half_of_any_limit_on_windows_stay_small()
    {
        var half = new ScopeLimits { Memory = 4 * Segment };
        foreach (var limits in new[] { new ResourceLimits { System = half }, new ResourceLimits { Peer = half }, new ResourceLimits { Connection = half } })
        {
            var tree = new TreeUnderTest(limits);
            var connection = tree.Connection(1);
            var stream = tree.Holding(connection, 1);
            Assert.False(tree.Tree.IsTight(connection));
            tree.Tree.Take(stream, Segment);
            Assert.True(tree.Tree.IsTight(connection));
            tree.Tree.Return(stream, 1);
            Assert.False(tree.Tree.IsTight(connection));
        }
    }

    [Fact]
    public void From_four_fifths_on_a_peer_with_more_than_its_share_gets_no_streams_and_another_does()
    {
        var tree = new TreeUnderTest(new ResourceLimits { System = new ScopeLimits { Memory = 10 * Segment } });
        var (rich, poor) = (tree.Connection(1), tree.Connection(2));
        tree.Holding(rich, 7);
        tree.Stream(rich);
        tree.Holding(poor, 1);

        var decision = tree.Tree.OpenStream(rich, true, out _);

        Refused(decision, ResourceScopeKind.System, ResourceKind.Memory, 10 * Segment);
        Assert.Contains("80 %", decision.Refusal!.Describe(), StringComparison.Ordinal);
        tree.Stream(poor);
        tree.Stream(rich, null, inbound: false);
    }

    [Fact]
    public void From_four_fifths_of_its_own_on_a_peer_and_a_connection_get_no_streams_while_others_do()
    {
        var small = new ScopeLimits { Memory = 10 * Segment };
        foreach (var (limits, scope) in new[]
        {
            (new ResourceLimits { Peer = small }, ResourceScopeKind.Peer),
            (new ResourceLimits { Connection = small }, ResourceScopeKind.Connection),
        })
        {
            var tree = new TreeUnderTest(limits);
            var full = tree.Connection(1);
            tree.Holding(full, 8);
            Refused(tree.Tree.OpenStream(full, true, out _), scope, ResourceKind.Memory, 10 * Segment);
            tree.Stream(tree.Connection(2));
        }
    }

    [Fact]
    public void Nothing_is_given_to_what_is_over()
    {
        var tree = new TreeUnderTest(new ResourceLimits());
        var connection = tree.Connection(1);
        var stream = tree.Stream(connection);
        tree.Tree.Close(connection);

        Assert.False(tree.Tree.Take(stream, 1).IsGranted);
        Assert.False(tree.Tree.Take(connection, 1).IsGranted);
        Assert.False(tree.Tree.OpenStream(connection, true, out _).IsGranted);
        Assert.False(tree.Tree.Agree(stream, "/a").IsGranted);
        Assert.True(tree.Tree.IsEmpty);
    }

    [Fact]
    public void More_given_back_than_was_held_is_a_fault_of_ours()
    {
        var tree = new TreeUnderTest(new ResourceLimits());
        var stream = tree.Holding(tree.Connection(1), 1);
        Assert.Throws<InvalidOperationException>(() => tree.Tree.Return(stream, 2 * Segment));
    }

    [Theory]
    [InlineData(ResourceScopeKind.System, ResourceKind.Memory, "this node holds 5 of 10 bytes", "Resources.System.MaxMemory")]
    [InlineData(ResourceScopeKind.Peer, ResourceKind.InboundStreams, "the peer X holds 5 of 10 inbound streams", "Resources.Peer.MaxInboundStreams")]
    [InlineData(ResourceScopeKind.ProtocolPeer, ResourceKind.Streams, "the streams of X hold 5 of 10 streams", "Resources.Protocol.MaxStreamsPerPeer")]
    [InlineData(ResourceScopeKind.System, ResourceKind.Connections, "this node holds 5 of 10 connections", "Connections.MaxConnections")]
    [InlineData(ResourceScopeKind.Connection, ResourceKind.InboundStreams, "the connection X holds", "Connections.MaxStreamsPerConnection")]
    public void A_refusal_names_the_scope_the_limit_and_the_option(ResourceScopeKind scope, ResourceKind resource, string words, string option)
    {
        var text = new ResourceRefusal(scope, "X", resource, 10, 5, 6).Describe();
        Assert.Contains(words, text, StringComparison.Ordinal);
        Assert.Contains("asks for 6 more", text, StringComparison.Ordinal);
        Assert.Contains($"({option})", text, StringComparison.Ordinal);
    }
}
