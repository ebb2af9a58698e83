using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using NatActors.Scenarios.Tests.Support;
using Xunit.Abstractions;

namespace NatActors.Scenarios.Tests.AutoNat;

/// <summary>
/// A node behind each type of router, knowing nothing but two bootstrap peers, finds out what stands before it and whether strangers can
/// dial it.
/// </summary>
public sealed class RouterTypeTests(ITestOutputHelper output)
{
    [SkippableTheory]
    [InlineData("none", Reachability.Public, NatMapping.None, NatFiltering.EndpointIndependent)]
    [InlineData("firewall", Reachability.Private, NatMapping.None, NatFiltering.AddressAndPortDependent)]
    [InlineData("fullcone", Reachability.Public, NatMapping.EndpointIndependent, NatFiltering.EndpointIndependent)]
    [InlineData("addrrestricted", Reachability.Private, NatMapping.EndpointIndependent, NatFiltering.AddressDependent)]
    [InlineData("portforward", Reachability.Public, NatMapping.EndpointIndependent, NatFiltering.EndpointIndependent)]
    [InlineData("portrestricted", Reachability.Private, NatMapping.EndpointIndependent, NatFiltering.AddressAndPortDependent)]
    [InlineData("portrestricted+rst", Reachability.Private, NatMapping.EndpointIndependent, NatFiltering.AddressAndPortDependent)]
    [InlineData("symmetric", Reachability.Private, NatMapping.AddressAndPortDependent, NatFiltering.AddressAndPortDependent)]
    [InlineData("cgnat", Reachability.Private, NatMapping.EndpointIndependent, NatFiltering.AddressAndPortDependent)]
    [InlineData("cgnatsym", Reachability.Private, NatMapping.AddressAndPortDependent, NatFiltering.AddressAndPortDependent)]
    public async Task Each_router_type_gets_its_verdict_and_its_name(
        string kind,
        Reachability verdict,
        NatMapping mapping,
        NatFiltering filtering)
    {
        Assert.True(RouterKind.TryParse(kind, out var router));
        await using var swarm = await Swarm.StartAsync(router);

        var a = await swarm.StartAsync("A", swarm.Newcomer);

        var first = await a.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e.Verdict != Reachability.Unknown);
        var reached = await a.Events.NextAsync<NodeEvents.ReachabilityChanged>(
            e => e.Verdict == verdict && (e.FilteringProven || verdict != Reachability.Public));
        var nat = await a.Events.NextAsync<NodeEvents.Nat>(
            e => e.Report is { Family: IpFamily.Ip4, Protocol: IpProtocol.Tcp } r && r.Mapping == mapping && r.Filtering == filtering);
        var start = (await a.Events.NextAsync<NodeEvents.Listening>()).Time;
        output.WriteLine($"{kind}: {first.Verdict} after {(first.Time - start).TotalMilliseconds:0} ms, "
            + $"{reached.Verdict} (proven {reached.FilteringProven}) after {(reached.Time - start).TotalMilliseconds:0} ms, "
            + $"NAT type after {(nat.Time - start).TotalMilliseconds:0} ms: {string.Join("; ", reached.Reasons)}");
        Assert.Equal(verdict, first.Verdict);
    }

    [SkippableFact]
    public async Task A_port_forward_that_is_added_and_removed_while_the_node_runs_is_noticed_both_times()
    {
        await using var swarm = await Swarm.StartAsync(RouterType.PortRestricted);
        var a = await swarm.StartAsync("A", swarm.Newcomer);
        await a.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e.Verdict == Reachability.Private);

        swarm.Lab.Router("NA").Forward(LabNode.DefaultPort, a.Host);
        var opened = await a.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e is { Verdict: Reachability.Public, FilteringProven: true });
        var mark = a.Events.Count;

        swarm.Lab.Router("NA").Unforward(LabNode.DefaultPort);
        var closed = await a.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e.Verdict == Reachability.Private, mark);
        output.WriteLine($"noticed as {opened.Verdict} and, {(closed.Time - opened.Time).TotalSeconds:0} s later, as {closed.Verdict}");
        Assert.NotEmpty(opened.Reasons);
        Assert.NotEmpty(closed.Reasons);
    }
}
