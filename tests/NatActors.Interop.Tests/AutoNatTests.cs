using System.Text.Json.Nodes;
using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Protocols.AutoNat;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;
using NatActors.Testing.Js;

namespace NatActors.Interop.Tests;

/// <summary>
/// AutoNAT with js: as the client of our servers of both versions, and as the server that our node asks. js announces a public address only
/// once a server has verified it. (Its own server of version 1 dials nothing, so nobody asks that.)
/// </summary>
public sealed class AutoNatTests(LabFixture fixture) : IClassFixture<LabFixture>
{
    private const string Listen = "/ip4/0.0.0.0/tcp/4001";

    [SkippableTheory]
    [InlineData("--autonat-v2")]
    [InlineData("--autonat")]
    public async Task Js_learns_from_our_server_that_it_can_be_dialed(string version)
    {
        var lab = Lab();
        await using var server = await ServerAsync(lab.Host("R"));
        await using var js = await JsPeer.StartInAsync(lab.Host("S").Namespace, "--listen", Listen, version);
        Assert.DoesNotContain(js.Addresses, a => a.StartsWith(Public(lab.Host("S")), StringComparison.Ordinal));

        await js.DialAsync(server.Address.ToString());

        await js.EventAsync("addresses", e => Announces(e, lab.Host("S")));
    }

    [SkippableFact]
    public async Task A_partner_that_dials_back_too_does_not_confuse_js()
    {
        var lab = Lab();
        await using var partner = await ServerAsync(lab.Host("T"));
        await using var server = await ServerAsync(lab.Host("R"), partner.Address);
        await server.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == partner.Id && e.Protocols.Contains(AutoNatProtocol.Partner));
        await using var js = await JsPeer.StartInAsync(lab.Host("S").Namespace, "--listen", Listen, "--autonat-v2");

        await js.DialAsync(server.Address.ToString());

        await js.EventAsync("addresses", e => Announces(e, lab.Host("S")));
    }

    [SkippableFact]
    public async Task Our_node_behind_an_open_router_learns_from_js_that_it_is_public()
    {
        var lab = Lab(RouterType.FullCone);
        await using var server = await JsServerAsync(lab.Host("R"));
        await using var ours = await LabNode.StartAsync(lab.Host("A"));

        await ours.Node.DialAsync(Multiaddr.Parse(server.Addresses[0])).WaitAsync(EventLog.Guard);

        var told = await ours.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e.Verdict != Reachability.Unknown);
        Assert.True(told is { Verdict: Reachability.Public, FilteringProven: false }, ours.Events.ToString());
    }

    [SkippableFact]
    public async Task Our_node_behind_a_closed_router_learns_from_js_that_it_is_private()
    {
        var lab = Lab(RouterType.PortRestricted);
        await using var first = await JsServerAsync(lab.Host("R"));
        await using var second = await JsServerAsync(lab.Host("S"));
        await using var third = await JsServerAsync(lab.Host("T"));
        await using var ours = await LabNode.StartAsync(lab.Host("A"));

        foreach (var server in new[] { first, second, third })
        {
            await ours.Node.DialAsync(Multiaddr.Parse(server.Addresses[0])).WaitAsync(EventLog.Guard);
        }

        var told = await ours.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e.Verdict != Reachability.Unknown);
        Assert.True(told.Verdict == Reachability.Private, ours.Events.ToString());
    }

    private static bool Announces(JsonNode addresses, LabHost host) =>
        addresses["addrs"]!.AsArray().Any(a => a!.GetValue<string>().StartsWith(Public(host), StringComparison.Ordinal));

    private static Task<LabNode> ServerAsync(LabHost host, params Multiaddr[] partners) => LabNode.StartAsync(
        host, new NodeOptions { AutoNat = new AutoNatOptions { Serve = AutoNatServing.Always, Partners = partners } });

    private static Task<JsPeer> JsServerAsync(LabHost host) =>
        JsPeer.StartInAsync(host.Namespace, "--listen", Listen, "--announce", Public(host), "--autonat-v2");

    private static string Public(LabHost host) => $"/ip4/{host.Address}/tcp/4001";

    private Laboratory Lab(RouterType a = RouterType.PortRestricted)
    {
        RequiresJs.OrSkip();
        var lab = fixture.Lab;
        lab.Router("NA").SetKind(a);
        lab.Router("NA").ForgetMappings();
        return lab;
    }
}
