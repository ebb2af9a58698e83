using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Protocols.AutoNat;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests.AutoNat;

/// <summary>Three nodes and nobody else: each finds out the truth about itself from the two others.</summary>
public sealed class SmallSwarmTests
{
    [SkippableTheory]
    [InlineData("portrestricted", Reachability.Private, "fullcone", Reachability.Public)]
    [InlineData("symmetric", Reachability.Private, "portforward", Reachability.Public)]
    [InlineData("firewall", Reachability.Private, "cgnat", Reachability.Private)]
    public async Task In_a_swarm_of_three_every_verdict_is_right(
        string kindA,
        Reachability verdictA,
        string kindB,
        Reachability verdictB)
    {
        RequiresLab.OrSkip();
        Assert.True(RouterKind.TryParse(kindA, out var a) & RouterKind.TryParse(kindB, out var b));
        await using var lab = Laboratory.Create(LabPlan.TwoPeers(a, b));
        await using var r = await LabNode.StartAsync(lab.Host("R"), new NodeOptions { RelayServer = "private" });
        var options = new NodeOptions { Bootstrap = [r.Address] };
        await using var peerA = await LabNode.StartAsync(lab.Host("A"), options);
        await using var peerB = await LabNode.StartAsync(lab.Host("B"), options);

        await IsToldAsync(r, Reachability.Public);
        await IsToldAsync(peerA, verdictA);
        await IsToldAsync(peerB, verdictB);
    }

    /// <summary>The first verdict, whenever it comes, is the right one.</summary>
    private static async Task IsToldAsync(LabNode node, Reachability verdict)
    {
        var told = await node.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e.Verdict != Reachability.Unknown);
        Assert.Equal(verdict, told.Verdict);
    }
}
