using NatActors.Multiformats;
using NatActors.Node.Resources;
using NatActors.Node.Streams;
using NatActors.Node.Tests.BadInput;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.Resources;

namespace NatActors.Node.Tests.Resources;

/// <summary>Each limit on streams: the refusal with its reason, and an honest peer that goes on.</summary>
[Collection(nameof(BadInputCollection))]
public sealed class StreamLimitsTests
{
    private const string Hold = "/hold/1.0.0";

    [Theory]
    [InlineData(ResourceScopeKind.Peer, ResourceKind.InboundStreams)]
    [InlineData(ResourceScopeKind.Connection, ResourceKind.Streams)]
    [InlineData(ResourceScopeKind.Connection, ResourceKind.InboundStreams)]
    [InlineData(ResourceScopeKind.ProtocolPeer, ResourceKind.Streams)]
    [InlineData(ResourceScopeKind.ProtocolPeer, ResourceKind.InboundStreams)]
    public async Task A_peer_over_its_own_limit_has_its_streams_reset_and_another_goes_on(ResourceScopeKind scope, ResourceKind resource)
    {
        await using var victim = await Victim.StartAsync(o => Limited(o, scope, resource));
        using var watch = new ResourceWatch(victim.Node.Node.Resources);
        using var served = victim.Node.Node.Handle(Hold, HoldAsync);
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);

        var failures = await OpenAsync(bad, Hold, 20);

        Assert.NotEqual(0, failures);
        var refusal = await watch.RefusedAsync(scope, resource);
        Assert.Contains(bad.Id.ToString(), refusal.Name, StringComparison.Ordinal);
        Assert.Equal(8, refusal.Limit);
        Assert.Contains(watch.Now.Refused, r => r.Scope == scope && r.Resource == resource && r.Count > 0);
        var stream = await victim.Friend.Node.OpenStreamAsync(victim.Node.Id, Hold);
        Assert.Equal(1, await stream.ReadAsync(new byte[8]).AsTask().WaitAsync(LoopbackNode.Guard));
        await victim.IsWellAsync();
    }

    [Theory]
    [InlineData(ResourceScopeKind.System)]
    [InlineData(ResourceScopeKind.Transient)]
    [InlineData(ResourceScopeKind.Protocol)]
    public async Task A_shared_scope_that_one_peer_fills_takes_from_him_for_another(ResourceScopeKind scope)
    {
        await using var victim = await Victim.StartAsync(o => Limited(o, scope, ResourceKind.InboundStreams));
        using var watch = new ResourceWatch(victim.Node.Node.Resources);
        using var served = victim.Node.Node.Handle(Hold, HoldAsync);
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);
        if (scope == ResourceScopeKind.Transient)
        {
            await FillTransientAsync(bad);
        }
        else
        {
            Assert.NotEqual(0, await OpenAsync(bad, Hold, 20));
        }

        Assert.Equal(8, (await watch.RefusedAsync(scope, ResourceKind.InboundStreams)).Limit);
        var stream = await victim.Friend.Node.OpenStreamAsync(victim.Node.Id, Hold);
        Assert.Equal(1, await stream.ReadAsync(new byte[8]).AsTask().WaitAsync(LoopbackNode.Guard));
        Assert.True(watch.Now.Evicted > 0);
        await victim.IsWellAsync();
    }

    [Theory]
    [InlineData(ResourceScopeKind.System, "Resources.System.MaxStreams")]
    [InlineData(ResourceScopeKind.Peer, "Resources.Peer.MaxStreams")]
    [InlineData(ResourceScopeKind.Connection, "Resources.Connection.MaxStreams")]
    [InlineData(ResourceScopeKind.Protocol, "Resources.Protocol.MaxStreams")]
    [InlineData(ResourceScopeKind.ProtocolPeer, "Resources.Protocol.MaxStreamsPerPeer")]
    public async Task A_stream_of_this_node_over_a_limit_fails_with_the_scope_and_the_option(ResourceScopeKind scope, string option)
    {
        await using var far = await LoopbackNode.StartAsync();
        using var served = far.Node.Handle(Hold, HoldAsync);
        await using var near = await LoopbackNode.StartAsync(o => Limited(o, scope, ResourceKind.Streams));
        await near.Node.DialAsync(far.Address).WaitAsync(LoopbackNode.Guard);
        var open = new List<PeerStream>();

        var failure = await Assert.ThrowsAsync<StreamNotOpenedException>(async () =>
        {
            while (open.Count < 20)
            {
                open.Add(await near.Node.OpenStreamAsync(far.Id, Hold).WaitAsync(LoopbackNode.Guard));
            }
        });

        Assert.Equal(StreamFailureKind.ResourceLimit, failure.Failure.Kind);
        Assert.Contains(option, failure.Message, StringComparison.Ordinal);
        Assert.InRange(open.Count, 1, 8);
        open.ForEach(s => s.Reset());
        await PingWhenThereIsRoomAsync(near.Node, far.Id, option).WaitAsync(LoopbackNode.Guard);
    }

    [Fact]
    public async Task A_protocol_may_have_limits_of_its_own()
    {
        await using var victim = await Victim.StartAsync(o => o with
        {
            Resources = new ResourceOptions
            {
                Protocols = new Dictionary<string, ProtocolScopeOptions> { [Hold] = new() { MaxStreamsPerPeer = 2 } },
            },
        });
        using var watch = new ResourceWatch(victim.Node.Node.Resources);
        using var served = victim.Node.Node.Handle(Hold, HoldAsync);
        using var other = victim.Node.Node.Handle("/other", HoldAsync);
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);

        Assert.Equal(3, await OpenAsync(bad, Hold, 5));
        Assert.Equal(0, await OpenAsync(bad, "/other", 5));
        Assert.Equal(2, (await watch.RefusedAsync(ResourceScopeKind.ProtocolPeer, ResourceKind.Streams)).Limit);
        Assert.Contains(watch.Now.Protocols, p => p is { Name: Hold, Usage.InboundStreams: 2 });
    }

    /// <summary>A reset returns before the actors that hold the stream's place have heard of it: until then the limit still refuses.</summary>
    private static async Task PingWhenThereIsRoomAsync(NatNode node, PeerId peer, string option)
    {
        using var guard = new CancellationTokenSource(LoopbackNode.Guard);
        while (true)
        {
            try
            {
                await node.PingAsync(peer, guard.Token);
                return;
            }
            catch (PeerFailedException full) when (full.Message.Contains(option, StringComparison.Ordinal) && !guard.IsCancellationRequested)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Says one byte when it has come so far, and stays.</summary>
    private static async Task HoldAsync(PeerStream stream, CancellationToken ended)
    {
        await stream.WriteAsync(new byte[] { 1 }, ended);
        await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, ended);
    }

    /// <summary>How many of the streams came to nothing.</summary>
    private static async Task<int> OpenAsync(BadPeer peer, string protocol, int count)
    {
        var failures = 0;
        for (var i = 0; i < count; i++)
        {
            try
            {
                var stream = await peer.OpenAsync(protocol);
                await stream.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(LoopbackNode.Guard);
            }
            catch (IOException)
            {
                failures++;
            }
        }

        return failures;
    }

    /// <summary>Streams on which nothing is agreed.</summary>
    private static async Task FillTransientAsync(BadPeer peer)
    {
        for (var i = 0; i < 20; i++)
        {
            await peer.Link.TryOpenStream()!.WriteAsync(new byte[] { 19 });
        }
    }

    private static NodeOptions Limited(NodeOptions options, ResourceScopeKind scope, ResourceKind resource)
    {
        var inbound = resource == ResourceKind.InboundStreams;
        var (all, few) = inbound ? (100, 8) : (8, 8);
        var resources = options.Resources;
        return scope switch
        {
            ResourceScopeKind.Connection when inbound => options with { Connections = options.Connections with { MaxStreamsPerConnection = few } },
            _ => options with
            {
                Resources = scope switch
                {
                    ResourceScopeKind.System => resources with { System = new() { MaxStreams = all, MaxInboundStreams = few } },
                    ResourceScopeKind.Transient => resources with { Transient = new() { MaxStreams = all, MaxInboundStreams = few } },
                    ResourceScopeKind.Peer => resources with { Peer = new() { MaxStreams = all, MaxInboundStreams = few } },
                    ResourceScopeKind.Connection => resources with { Connection = new() { MaxStreams = all } },
                    ResourceScopeKind.Protocol => resources with { Protocol = new() { MaxStreams = all, MaxInboundStreams = few } },
                    _ => resources with { Protocol = new() { MaxStreamsPerPeer = all, MaxInboundStreamsPerPeer = few } },
                },
            },
        };
    }
}
