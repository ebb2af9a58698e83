using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Node.PortMapping;
using NatActors.Scenarios.Tests.Support;

namespace NatActors.Scenarios.Tests.PortMapping;

/// <summary>The real miniupnpd maps a node's port: by every protocol, over its restart, its stop, another external address, its refusals.</summary>
public sealed class RealRouterTests
{
    private static readonly MiniupnpdOptions UpnpOnly = new() { PortControl = false };
    private static readonly MiniupnpdOptions PortControlOnly = new() { Upnp = false };

    [SkippableFact]
    public async Task A_router_with_every_protocol_is_asked_by_the_best_and_all_are_found()
    {
        await using var home = await Home.StartAsync(RouterType.PortRestricted, new MiniupnpdOptions());
        var node = await home.StartNodeAsync();

        var mapping = await node.Events.NextAsync<NodeEvents.Mapping>();

        Assert.Equal(("pcp", home.External(LabNode.DefaultPort)), (mapping.Protocol, mapping.External.ToString()));
        Assert.InRange(mapping.Lease, TimeSpan.FromMinutes(1), TimeSpan.FromHours(24));
        await home.AssertReachedAsync(node, mapping.External);
        var found = await FoundAsync(node, "upnp-igd2");
        Assert.Equal(home.Router.PublicAddress.ToString(), found.External);
        Assert.NotEmpty(found.Product);
        Assert.Equal("", found.Problem);
        var report = await node.Node.GetReportAsync();
        Assert.Equal(["nat-pmp", "pcp", "upnp-igd2"], report.MappingProtocols.Select(p => p.Protocol).Order());
        Assert.Single(report.Mappings);
    }

    [SkippableFact]
    public async Task Nat_pmp_maps_where_pcp_is_not_heard()
    {
        await using var home = await Home.StartAsync(RouterType.PortRestricted, PortControlOnly);
        var node = await home.StartNodeAsync(withoutPcp: true);

        var mapping = await node.Events.NextAsync<NodeEvents.Mapping>();

        Assert.Equal(("nat-pmp", home.External(LabNode.DefaultPort)), (mapping.Protocol, mapping.External.ToString()));
        await home.AssertReachedAsync(node, mapping.External);
    }

    [SkippableTheory]
    [InlineData(true, "upnp-igd1")]
    [InlineData(false, "upnp-igd2")]
    public async Task Upnp_maps_where_the_router_speaks_nothing_else(bool isIgd1, string protocol)
    {
        await using var home = await Home.StartAsync(RouterType.PortRestricted, UpnpOnly with { Igd1 = isIgd1 });
        var node = await home.StartNodeAsync();

        var mapping = await node.Events.NextAsync<NodeEvents.Mapping>();

        Assert.Equal((protocol, home.External(LabNode.DefaultPort)), (mapping.Protocol, mapping.External.ToString()));
        await home.AssertReachedAsync(node, mapping.External);
    }

    [SkippableTheory]
    [InlineData(true, "pcp")]
    [InlineData(false, "upnp-igd2")]
    public async Task An_ip6_firewall_is_opened(bool hasPortControl, string protocol)
    {
        await using var home = await Home.StartAsync(
            new RouterKind(RouterType.PortRestricted, RouterModifiers.Ipv6), new MiniupnpdOptions { PortControl = hasPortControl });
        var node = await home.StartNodeAsync(withoutPcp: !hasPortControl, isIp6: true);

        var mapping = await node.Events.NextAsync<NodeEvents.Mapping>();

        Assert.Equal((protocol, $"/ip6/{home.Lab.Host("A").AddressV6}/tcp/4001"), (mapping.Protocol, mapping.External.ToString()));
        await home.AssertReachedAsync(node, mapping.External);
    }

    [SkippableTheory]
    [InlineData("pcp")]
    [InlineData("nat-pmp")]
    [InlineData("upnp-igd2")]
    public async Task A_restarted_router_maps_again(string protocol)
    {
        var options = protocol == "upnp-igd2" ? UpnpOnly : PortControlOnly;
        await using var home = await Home.StartAsync(RouterType.PortRestricted, options);
        var node = await home.StartNodeAsync(withoutPcp: protocol != "pcp");
        var mapping = await node.Events.NextAsync<NodeEvents.Mapping>();
        Assert.Equal(protocol, mapping.Protocol);

        var mark = node.Events.Count;
        await home.RestartDaemonAsync(options);

        if (protocol == "upnp-igd2")
        {
            // UPnP has no word for it: the router is asked again, is not there where it was, and is searched for.
            await node.Events.NextAsync<NodeEvents.Mapping>(e => e.Lease == TimeSpan.Zero, mark);
            await node.Events.NextAsync<NodeEvents.Mapping>(e => e.Lease > TimeSpan.Zero, mark);
        }

        await home.UntilMappedAsync();
        await home.AssertReachedAsync(node, mapping.External);
    }

    [SkippableFact]
    public async Task A_router_that_stops_to_answer_loses_the_mapping()
    {
        await using var home = await Home.StartAsync(RouterType.PortRestricted, PortControlOnly);
        var node = await home.StartNodeAsync();
        var mapping = await node.Events.NextAsync<NodeEvents.Mapping>();

        await home.Daemon!.StopAsync();

        var lost = await node.Events.NextAsync<NodeEvents.Mapping>(e => e.Lease == TimeSpan.Zero);
        Assert.Equal(("pcp", mapping.External, "the router no longer answers"), (lost.Protocol, lost.External, lost.Detail));
    }

    [SkippableFact]
    public async Task Another_external_address_of_the_router_moves_the_mapping()
    {
        await using var home = await Home.StartAsync(RouterType.PortRestricted, PortControlOnly);
        var node = await home.StartNodeAsync();
        var before = await node.Events.NextAsync<NodeEvents.Mapping>();

        home.Router.Renumber();

        await node.Events.NextAsync<NodeEvents.Mapping>(e => e.Lease == TimeSpan.Zero && e.External == before.External);
        var after = await node.Events.NextAsync<NodeEvents.Mapping>(e => e.Lease > TimeSpan.Zero && e.External != before.External);
        Assert.Equal(home.External(LabNode.DefaultPort), after.External.ToString());
    }

    [SkippableFact]
    public async Task A_router_whose_rules_forbid_the_port_is_reported_with_its_refusal()
    {
        await using var home = await Home.StartAsync(
            RouterType.PortRestricted, UpnpOnly with { Rules = ["deny 0-65535 0.0.0.0/0 0-65535"] });
        var node = await home.StartNodeAsync();

        var upnp = await FoundAsync(node, "upnp-igd2", p => p.Problem.Length > 0);

        Assert.Equal("refused with UPnP error 606 (Action not authorized)", upnp.Problem);
        Assert.Empty((await node.Node.GetReportAsync()).Mappings);
        Assert.DoesNotContain(node.Events.All, e => e is NodeEvents.Mapping);
    }

    [SkippableFact]
    public async Task A_router_behind_a_carriers_nat_says_why_it_is_no_use()
    {
        await using var home = await Home.StartAsync(RouterType.Cgnat, new MiniupnpdOptions());
        var node = await home.StartNodeAsync();

        foreach (var protocol in (string[])["nat-pmp", "upnp-igd2"])
        {
            var found = await FoundAsync(node, protocol, p => p.Problem.Length > 0);
            Assert.Contains("another NAT stands behind it", found.Problem, StringComparison.Ordinal);
        }

        Assert.Empty((await node.Node.GetReportAsync()).Mappings);
    }

    [SkippableTheory]
    [InlineData("pcp")]
    [InlineData("nat-pmp")]
    [InlineData("upnp-igd2")]
    public async Task An_orderly_end_gives_the_mapping_back(string protocol)
    {
        await using var home = await Home.StartAsync(RouterType.PortRestricted, protocol == "upnp-igd2" ? UpnpOnly : PortControlOnly);
        var node = await home.StartNodeAsync(withoutPcp: protocol != "pcp");
        await node.Events.NextAsync<NodeEvents.Mapping>();
        Assert.Contains("dnat ip to", await home.RulesAsync(), StringComparison.Ordinal);

        await node.Node.DisposeAsync().AsTask().WaitAsync(EventLog.Guard);

        Assert.DoesNotContain("dnat ip to", await home.RulesAsync(), StringComparison.Ordinal);
        var last = node.Events.All.OfType<NodeEvents.Mapping>().Last();
        Assert.Equal((TimeSpan.Zero, "given back"), (last.Lease, last.Detail));
    }

    [SkippableFact]
    public async Task A_port_that_another_machine_has_is_mapped_elsewhere()
    {
        await using var home = await Home.StartAsync(RouterType.PortRestricted, UpnpOnly);
        var first = await home.StartNodeAsync();
        await first.Events.NextAsync<NodeEvents.Mapping>();

        var second = await LabNode.StartAsync(home.Lab.Host("B"), new LabNodeOptions());
        await using var owned = second;
        var mapping = await second.Events.NextAsync<NodeEvents.Mapping>();

        Assert.NotEqual(home.External(LabNode.DefaultPort), mapping.External.ToString());
        await home.AssertReachedAsync(second, mapping.External);
    }

    /// <summary>What is known of a protocol, as soon as it is found and fits.</summary>
    private static async Task<PortMapMessages.ProtocolState> FoundAsync(
        LabNode node, string protocol, Func<PortMapMessages.ProtocolState, bool>? fits = null)
    {
        using var guard = new CancellationTokenSource(EventLog.Guard);
        while (true)
        {
            var report = await node.Node.GetReportAsync(CancellationToken.None);
            Assert.False(guard.IsCancellationRequested, $"no {protocol} among: {string.Join("; ", report.MappingProtocols)}");
            if (report.MappingProtocols.FirstOrDefault(p => p.Protocol == protocol && (fits?.Invoke(p) ?? true)) is { } found)
            {
                return found;
            }
        }
    }
}
