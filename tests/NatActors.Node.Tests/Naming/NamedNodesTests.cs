using NatActors.Multiformats;
using NatActors.Node.Tests.Whole;

namespace NatActors.Node.Tests.Naming;

/// <summary>Whole nodes that know each other by name only.</summary>
public sealed class NamedNodesTests
{
    private readonly ScriptedNameServers _servers = new();

    [Fact]
    public async Task A_peer_is_dialed_by_name()
    {
        await using var b = await StartAsync();
        await using var a = await StartAsync();
        _servers.A("b.example", "127.0.0.1").DnsAddr("net.example", Named(b, "/dns4/b.example"));

        await a.Node.DialAsync(Named(b, "/dns4/b.example")).WaitAsync(LoopbackNode.Guard);

        Assert.Equal(["b.example"], _servers.Asked);
    }

    [Fact]
    public async Task A_name_that_does_not_exist_fails_the_dial_with_what_the_name_server_said()
    {
        await using var b = await StartAsync();
        await using var a = await StartAsync();

        var unreachable = await Assert.ThrowsAsync<PeerUnreachableException>(
            () => a.Node.DialAsync(Named(b, "/dns4/none.example")).WaitAsync(LoopbackNode.Guard));

        Assert.Contains("192.0.2.53 says that none.example does not exist; check how it is written", unreachable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_whose_addresses_all_fail_is_looked_up_anew_at_the_next_dial()
    {
        await using var b = await StartAsync();
        await using var a = await StartAsync();
        _servers.DnsAddr("net.example", Multiaddr.Parse("/ip4/127.0.0.1/tcp/9").WithPeerId(b.Id));
        var address = Multiaddr.Parse("/dnsaddr/net.example").WithPeerId(b.Id);
        await Assert.ThrowsAsync<PeerUnreachableException>(() => a.Node.DialAsync(address).WaitAsync(LoopbackNode.Guard));

        _servers.DnsAddr("net.example", b.Address);

        Assert.Equal(b.Id, (await a.Node.DialAsync(address).WaitAsync(LoopbackNode.Guard)).Peer);
        Assert.Equal(2, _servers.Asked.Count);
    }

    [Fact]
    public async Task A_reservation_is_held_at_a_relay_known_by_name_and_peers_come_through_it_by_that_name()
    {
        await using var relay = await StartAsync(o => o with { RelayServer = "private" });
        _servers.A("r.example", "127.0.0.1");
        var named = Named(relay, "/dns4/r.example");
        await using var b = await StartAsync(o => o with { Relays = [named], HolePunching = false });
        await using var a = await StartAsync(o => o with { HolePunching = false });
        await b.Events.NextAsync<NodeEvents.Reserved>();

        var connection = await a.Node.DialAsync(named.Append("/p2p-circuit").WithPeerId(b.Id)).WaitAsync(LoopbackNode.Guard);

        Assert.True(connection.Relayed);
    }

    [Fact]
    public async Task A_bootstrap_name_that_stands_for_many_peers_leads_to_four_of_them()
    {
        var peers = new List<LoopbackNode>();
        try
        {
            for (var i = 0; i < 6; i++)
            {
                peers.Add(await StartAsync());
            }

            _servers.DnsAddr("net.example", [.. peers.Select(p => p.Address)]);
            await using var a = await StartAsync(o => o with { Bootstrap = [Multiaddr.Parse("/dnsaddr/net.example")] });

            var met = new HashSet<PeerId>();
            while (met.Count < 4)
            {
                met.Add((await a.Events.NextAsync<NodeEvents.Connected>(e => !met.Contains(e.Peer))).Peer);
            }

            Assert.Equal(4, (await a.Node.GetStatusAsync()).Connections.Select(c => c.Connection.Peer).Distinct().Count());
        }
        finally
        {
            foreach (var peer in peers)
            {
                await peer.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Dead_bootstrap_peers_are_replaced_by_spare_ones()
    {
        await using var b = await StartAsync();
        var dead = Enumerable.Range(0, 5)
            .Select(_ => Multiaddr.Parse("/ip4/127.0.0.1/tcp/9").WithPeerId(PrivateKey.GenerateEd25519(Transports.SystemRandomSource.Instance).PeerId));
        _servers.DnsAddr("net.example", [.. dead, b.Address]);
        await using var a = await StartAsync(o => o with { Bootstrap = [Multiaddr.Parse("/dnsaddr/net.example")] });

        Assert.Equal(b.Id, (await a.Events.NextAsync<NodeEvents.Connected>()).Peer);
    }

    [Fact]
    public async Task A_bootstrap_name_that_leads_nowhere_is_told_once_and_looked_up_again()
    {
        await using var b = await StartAsync();
        await using var a = await StartAsync(o => o with { Bootstrap = [Multiaddr.Parse("/dnsaddr/net.example")] });
        Assert.Contains("net.example", (await a.Events.NextAsync<NodeEvents.Error>()).What, StringComparison.Ordinal);

        // Kept for five seconds that it does not exist, so this takes as long.
        _servers.DnsAddr("net.example", b.Address);

        Assert.Equal(b.Id, (await a.Events.NextAsync<NodeEvents.Connected>()).Peer);
    }

    private Task<LoopbackNode> StartAsync(Func<NodeOptions, NodeOptions>? change = null) =>
        LoopbackNode.StartAsync(change, setup => setup with { NameServers = _servers, NameServerExchange = _servers });

    /// <summary>The node's address with a name in place of the number.</summary>
    private static Multiaddr Named(LoopbackNode node, string name) =>
        Multiaddr.Parse(name + string.Concat(node.Address.Components.Skip(1).Select(c => c.ToString())));
}
