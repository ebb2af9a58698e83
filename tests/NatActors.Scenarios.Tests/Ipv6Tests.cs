using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests;

/// <summary>IPv6 without translation: what stands between two hosts are stateful firewalls.</summary>
public sealed class Ipv6Tests
{
    [SkippableFact]
    public async Task Two_hosts_behind_stateful_firewalls_go_direct()
    {
        RequiresLab.OrSkip();
        var firewall = new RouterKind(RouterType.Firewall, RouterModifiers.NoIpv4);
        await using var lab = Laboratory.Create(LabPlan.TwoPeers(firewall, firewall));
        await using var relay = await StartAsync(lab, "R", new NodeOptions { RelayServer = "private" });
        await using var peerB = await StartAsync(lab, "B", new NodeOptions { Relays = [relay.Address], Echo = true });
        await using var peerA = await StartAsync(lab, "A", new NodeOptions());
        await peerB.Events.NextAsync<NodeEvents.Reserved>();

        await peerA.Node.DialAsync(relay.Circuit(peerB.Id)).WaitAsync(EventLog.Guard);

        var direct = await peerA.Events.NextAsync<NodeEvents.Connected>(e => !e.Relayed && e.Peer == peerB.Id);
        Assert.StartsWith("/ip6/", direct.Address.ToString(), StringComparison.Ordinal);
        var ended = await peerB.Events.NextAsync<NodeEvents.PunchEnded>();
        Assert.Equal((PunchOutcome.Direct, 1), (ended.Outcome, ended.Round));
        await Echo.RunAsync(peerA, peerB, relayed: false);
    }

    private static Task<LabNode> StartAsync(Laboratory lab, string host, NodeOptions options) =>
        LabNode.StartAsync(lab.Host(host), new LabNodeOptions { Node = options, V6 = true });
}
