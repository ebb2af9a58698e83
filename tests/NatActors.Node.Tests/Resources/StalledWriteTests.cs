using NatActors.Multiformats;
using NatActors.Node.Muxing;
using NatActors.Node.Resources;
using NatActors.Protocols.Resources;
using NatActors.Testing;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using NatActors.Wire.Muxing;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Resources;

/// <summary>A peer that does not take what it asked for holds memory too.</summary>
public sealed class StalledWriteTests
{
    private const int Capacity = 64 * 1024;

    private readonly PeerId _peer = MakeNode(2).Self;

    [Fact]
    public async Task A_write_that_the_peer_does_not_take_is_charged_until_it_does()
    {
        var resources = new NodeResources(new ResourceLimits());
        using var watch = new ResourceWatch(resources);
        var (near, far) = MemoryConduit.CreatePair(Capacity);
        var (link, connection, ended) = Start(resources, near, 1);
        var stream = link.TryOpenStream()!;

        await stream.WriteAsync(new byte[200_000]).AsTask().WaitAsync(Patience);
        await WriteWaitsAsync(resources);
        Assert.Equal(3 * WriteBatch.Capacity, Assert.Single(watch.Now.Connections).Usage.Memory);

        var taken = 0;
        while (taken < 200_000)
        {
            taken += await far.ReadAsync(new byte[Capacity]).AsTask().WaitAsync(Patience);
        }

        link.Abort();
        await ended.WaitAsync(Patience);
        connection.Close();
        await watch.EmptyAsync();
    }

    [Fact]
    public async Task Where_there_is_no_memory_for_it_the_link_ends_with_the_reason()
    {
        var resources = new NodeResources(new ResourceLimits { Peer = new ScopeLimits { Memory = 2 * WriteBatch.Capacity } });
        var (near, _) = MemoryConduit.CreatePair(Capacity);
        var (link, connection, ended) = Start(resources, near, 1);

        await link.TryOpenStream()!.WriteAsync(new byte[200_000]).AsTask().WaitAsync(Patience);

        var end = await ended.WaitAsync(Patience);
        Assert.Equal(LinkEndKind.ClosedLocally, end.Kind);
        Assert.Contains("Resources.Peer.MaxMemory", end.Detail, StringComparison.Ordinal);
        connection.Close();
        Assert.True(resources.Snapshot().IsEmpty);
    }

    [Fact]
    public async Task A_node_full_of_such_writes_cuts_one_of_them_for_a_peer_with_less()
    {
        var resources = new NodeResources(new ResourceLimits { System = new ScopeLimits { Memory = 4 * WriteBatch.Capacity } });
        using var watch = new ResourceWatch(resources);
        var (near, _) = MemoryConduit.CreatePair(Capacity);
        var (link, stalled, ended) = Start(resources, near, 1);
        stalled.WhenEvicted = _ => link.Abort();
        await link.TryOpenStream()!.WriteAsync(new byte[200_000]).AsTask().WaitAsync(Patience);
        await WriteWaitsAsync(resources);

        var honest = resources.OpenConnection(2, true, out _)!;
        honest.KnowPeer(MakeNode(3).Self);
        Assert.Null(honest.Take(2 * WriteBatch.Capacity));

        Assert.Equal(LinkEndKind.ClosedLocally, (await ended.WaitAsync(Patience)).Kind);
        Assert.Equal(1, watch.Now.Evicted);
        stalled.Close();
        honest.Return(2 * WriteBatch.Capacity);
        honest.Close();
        await watch.EmptyAsync();
    }

    /// <summary>The write loop has met the peer that does not read, on a thread of its own.</summary>
    private static async Task WriteWaitsAsync(NodeResources resources)
    {
        using var guard = new CancellationTokenSource(Patience);
        while (resources.Usage.Memory == 0)
        {
            guard.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private (YamuxLink Link, ConnectionResources Connection, Task<LinkEnd> Ended) Start(NodeResources resources, MemoryConduit conduit, long id)
    {
        var connection = resources.OpenConnection(id, inbound: true, out _)!;
        connection.KnowPeer(_peer);
        var link = new YamuxLink(conduit, ConnectionRole.Listener, new YamuxOptions(), () => TimeSpan.FromHours(1), null, connection);
        return (link, connection, link.RunAsync(new Deaf()));
    }

    private sealed class Deaf : IMuxedLinkEvents
    {
        public bool StreamOpened(IMuxedStream stream) => false;

        public void StreamEnded(IMuxedStream stream, StreamEnd end)
        {
        }

        public void RoundTripMeasured(TimeSpan roundTripTime)
        {
        }
    }
}
