using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests;

/// <summary>Two peers behind one home router, which does not turn packets for its own outer address back inside.</summary>
public sealed class SameRouterTests
{
    [SkippableFact]
    public async Task Two_peers_behind_one_router_stay_usable_and_say_why_they_are_relayed()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create(new LabPlan
        {
            Hosts = [new HostPlan("R"), new HostPlan("A", "NA"), new HostPlan("B", "NA")],
            Routers = [new RouterPlan("NA", RouterType.PortRestricted)],
        });
        await using var relay = await LabNode.StartAsync(lab.Host("R"), new NodeOptions { RelayServer = "private" });
        await using var peerB = await LabNode.StartAsync(lab.Host("B"), new NodeOptions { Relays = [relay.Address], Echo = true });
        await using var peerA = await LabNode.StartAsync(lab.Host("A"));
        await peerB.Events.NextAsync<NodeEvents.Reserved>();

        await peerA.Node.DialAsync(relay.Circuit(peerB.Id)).WaitAsync(EventLog.Guard);
        var endedA = await peerA.Events.NextAsync<NodeEvents.PunchEnded>();
        var endedB = await peerB.Events.NextAsync<NodeEvents.PunchEnded>();

        Assert.Equal(endedA.Outcome, endedB.Outcome);
        Assert.NotEmpty(endedA.Reason);
        Assert.NotEmpty(endedB.Reason);
        Assert.True(endedA.Outcome != PunchOutcome.Cancelled, $"{endedA}{Environment.NewLine}{endedB}");
        await Echo.RunAsync(peerA, peerB, relayed: endedA.Outcome == PunchOutcome.Relayed);
    }
}
