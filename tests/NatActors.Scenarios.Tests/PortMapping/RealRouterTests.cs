using System.Net;
using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Scenarios.Tests.Support;

namespace NatActors.Scenarios.Tests.PortMapping;

/// <summary>The real miniupnpd maps a node's port: by every protocol, over its restart, its stop, another external address, its refusals.</summary>
public sealed class RealRouterTests
{
    [SkippableFact]
    public async Task A_router_with_every_protocol_is_asked_by_the_best_and_the_world_comes_in()
    {
        await using var home = await Home.StartAsync(RouterType.PortRestricted, new MiniupnpdOptions());
        var node = await home.StartNodeAsync();

        var mapping = await node.Events.NextAsync<NodeEvents.Mapping>();

        Assert.Equal(("pcp", home.External(LabNode.DefaultPort)), (mapping.Protocol, mapping.External.ToString()));
        Assert.InRange(mapping.Lease, TimeSpan.FromMinutes(1), TimeSpan.FromHours(24));
        await home.AssertReachedAsync(node, mapping.External);
    }
}
