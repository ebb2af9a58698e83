using System.Net;
using System.Net.Sockets;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Resources;
using NatActors.Node.Tests.BadInput;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.Resources;
using NatActors.Testing;

namespace NatActors.Node.Tests.Resources;

/// <summary>Each limit on connections: the refusal with its reason, and what is up goes on.</summary>
[Collection(nameof(BadInputCollection))]
public sealed class ConnectionLimitsTests
{
    [Fact]
    public async Task Inbound_connections_over_the_limit_are_refused_while_this_node_may_still_dial()
    {
        await using var victim = await Victim.StartAsync(o => o with
        {
            Resources = new ResourceOptions { System = new SystemScopeOptions { MaxInboundConnections = 1 } },
        });
        using var watch = new ResourceWatch(victim.Node.Node.Resources);

        await Assert.ThrowsAnyAsync<Exception>(() => BadPeer.LinkedAsync(victim.Node.Address));

        Assert.Equal(1, (await watch.RefusedAsync(ResourceScopeKind.System, ResourceKind.InboundConnections)).Limit);
        await using var other = await LoopbackNode.StartAsync();
        await victim.Node.Node.DialAsync(other.Address).WaitAsync(LoopbackNode.Guard);
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task A_dial_over_the_limit_of_handshakes_fails_with_the_scope_and_the_option_and_later_ones_succeed()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var key = PrivateKey.GenerateEd25519(new SeededRandomSource(7));
        var silence = Multiaddr.Parse($"/ip4/127.0.0.1/tcp/{((IPEndPoint)silent.LocalEndpoint).Port}").WithPeerId(key.PeerId);
        await using var far = await LoopbackNode.StartAsync();
        await using var near = await LoopbackNode.StartAsync(o => o with
        {
            Resources = new ResourceOptions { Transient = new TransientScopeOptions { MaxConnections = 1 } },
        });
        using var cancel = new CancellationTokenSource();
        var hanging = near.Node.DialAsync(silence, cancel.Token);
        using var accepted = await silent.AcceptSocketAsync().WaitAsync(LoopbackNode.Guard);
        await accepted.ReceiveAsync(new byte[1]);

        var failed = await Assert.ThrowsAsync<PeerUnreachableException>(() => near.Node.DialAsync(far.Address).WaitAsync(LoopbackNode.Guard));

        Assert.Contains("Resources.Transient.MaxConnections", failed.Message, StringComparison.Ordinal);
        using var watch = new ResourceWatch(near.Node.Resources);
        accepted.Close();
        await Assert.ThrowsAsync<PeerUnreachableException>(() => hanging.WaitAsync(LoopbackNode.Guard));
        await watch.EmptyAsync();
        await near.Node.DialAsync(far.Address).WaitAsync(LoopbackNode.Guard);
    }

    [Fact]
    public async Task What_the_table_of_connections_refuses_is_counted_with_the_rest()
    {
        await using var victim = await Victim.StartAsync(o => o with { Connections = new ConnectionOptions { MaxConnections = 1 } });
        using var watch = new ResourceWatch(victim.Node.Node.Resources);
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);

        var refusal = await watch.RefusedAsync(ResourceScopeKind.System, ResourceKind.Connections);

        Assert.Equal("Connections.MaxConnections", refusal.Option);
        await bad.Ended.WaitAsync(LoopbackNode.Guard);
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task A_snapshot_can_be_asked_for_and_says_what_is_held()
    {
        await using var victim = await Victim.StartAsync();

        var held = victim.Node.Node.GetResources();
        var report = await victim.Node.Node.GetReportAsync().WaitAsync(LoopbackNode.Guard);

        Assert.Equal((1, 0), (held.System.Usage.InboundConnections, held.System.Usage.OutboundConnections));
        Assert.Equal(victim.Friend.Id.ToString(), Assert.Single(held.Peers).Name);
        Assert.Equal(1, report.Resources!.System.Usage.Connections);
        Assert.False(held.IsEmpty);
    }
}
