using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.AutoNat;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.Tests.AutoNat;

public sealed class ServerServingTests
{
    private static readonly string[] Served = [AutoNatProtocol.V1, AutoNatProtocol.V2DialRequest, AutoNatProtocol.Partner, SecondPortProtocol.Id];

    [Fact]
    public async Task A_node_serves_while_it_is_public_and_its_peers_are_told_at_once()
    {
        await using var server = await LoopbackNode.StartAsync();
        await using var peer = await LoopbackNode.StartAsync();
        await peer.Node.DialAsync(server.Address).WaitAsync(LoopbackNode.Guard);
        var first = await peer.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == server.Id);
        Assert.Empty(first.Protocols.Intersect(Served));

        Tell(server, Reachability.Public);
        await peer.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == server.Id && e.Protocols.Intersect(Served).Count() == Served.Length);
        var sofar = peer.Events.All.OfType<NodeEvents.Identified>().Count(e => e.Peer == server.Id);

        Tell(server, Reachability.Private);
        var last = await peer.Events.NthAsync<NodeEvents.Identified>(sofar + 1, e => e.Peer == server.Id);
        Assert.Empty(last.Protocols.Intersect(Served));
    }

    [Fact]
    public async Task A_node_that_is_to_serve_always_does_so_from_the_start()
    {
        await using var server = await ServerV2Tests.ServeAsync();
        await using var peer = await LoopbackNode.StartAsync();
        await peer.Node.DialAsync(server.Address).WaitAsync(LoopbackNode.Guard);

        Assert.Equal(Served, (await peer.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == server.Id)).Protocols.Intersect(Served).Order());
    }

    [Fact]
    public async Task A_node_that_is_never_to_serve_does_not_even_when_public()
    {
        await using var server = await LoopbackNode.StartAsync(o => o with { AutoNat = new AutoNatOptions { Serve = AutoNatServing.Never } });
        Tell(server, Reachability.Public);
        await using var peer = await LoopbackNode.StartAsync();
        await peer.Node.DialAsync(server.Address).WaitAsync(LoopbackNode.Guard);

        Assert.Empty((await peer.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == server.Id)).Protocols.Intersect(Served));
    }

    [Fact]
    public void Wrong_options_are_told_together()
    {
        var options = new NodeOptions
        {
            AutoNat = new AutoNatOptions
            {
                Partners = [Multiaddr.Parse("/ip4/11.0.0.1/tcp/4001")],
                Server = new AutoNatServerOptions
                {
                    RequestsPerMinute = 0,
                    MinDialData = 5,
                    MaxDialData = 4,
                    MaxDialDelay = TimeSpan.FromSeconds(-1),
                    DialTimeout = TimeSpan.Zero,
                },
            },
        };
        Assert.Equal(
            ["AutoNat.Partners", "AutoNat.Server.RequestsPerMinute", "AutoNat.Server.MinDialData, MaxDialData", "AutoNat.Server.MaxDialDelay", "AutoNat.Server.DialTimeout"],
            options.Validate().Select(m => m[..m.IndexOf(':')]));
        Assert.Empty(new NodeOptions().Validate());
    }

    /// <summary>What the reachability actor would say.</summary>
    private static void Tell(LoopbackNode node, Reachability verdict) =>
        node.System.ActorSelection("/user/node/autonat-server").Tell(new AutoNatMessages.VerdictChanged(new NodeVerdict { Verdict = verdict }));
}
