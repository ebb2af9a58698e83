using NatActors.Protocols.Resources;
using NatActors.Protocols.Tests.Connections;

namespace NatActors.Protocols.Tests.Resources;

/// <summary>A tree whose answers must be yes, in few words.</summary>
internal sealed class TreeUnderTest(ResourceLimits limits)
{
    public const int Segment = ResourceTree.Segment;

    private long _lastId;

    public ResourceTree Tree { get; } = new(limits);

    public ScopeUsage System => Tree.System.Usage;

    public ConnectionScope Connection(int peer, bool inbound = true)
    {
        Assert.True(Tree.OpenConnection(++_lastId, inbound, 0, out var connection).IsGranted);
        Tree.KnowPeer(connection!, Peers.Numbered(peer));
        return connection!;
    }

    public StreamScope Stream(ConnectionScope connection, string? protocol = null, bool inbound = true)
    {
        Assert.True(Tree.OpenStream(connection, inbound, out var stream).IsGranted);
        if (protocol is not null)
        {
            Assert.True(Tree.Agree(stream!, protocol).IsGranted);
        }

        return stream!;
    }

    public StreamScope Holding(ConnectionScope connection, int segments, string? protocol = "/a")
    {
        var stream = Stream(connection, protocol);
        Assert.True(Tree.Take(stream, segments * (long)Segment).IsGranted);
        return stream;
    }

    public static void Refused(ResourceDecision decision, ResourceScopeKind scope, ResourceKind resource, long limit)
    {
        Assert.NotNull(decision.Refusal);
        Assert.Equal((scope, resource, limit), (decision.Refusal.Scope, decision.Refusal.Resource, decision.Refusal.Limit));
    }
}
