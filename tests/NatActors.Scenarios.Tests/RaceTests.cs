using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests;

/// <summary>Many things at one instant.</summary>
public sealed class RaceTests
{
    private const int Crowd = 20;

    [SkippableFact]
    public async Task Two_peers_that_reach_each_other_through_the_relay_at_once_go_direct()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create(LabPlan.TwoPeers(RouterType.PortRestricted, RouterType.PortRestricted));
        await using var relay = await LabNode.StartAsync(lab.Host("R"), Impatient.Options with { RelayServer = "private" });
        var waiting = Impatient.Options with { Relays = [relay.Address] };
        await using var peerA = await LabNode.StartAsync(lab.Host("A"), waiting);
        await using var peerB = await LabNode.StartAsync(lab.Host("B"), waiting);
        await peerA.Events.NextAsync<NodeEvents.Reserved>();
        await peerB.Events.NextAsync<NodeEvents.Reserved>();

        var dials = Task.WhenAll(
            peerA.Node.DialAsync(relay.Circuit(peerB.Id)),
            peerB.Node.DialAsync(relay.Circuit(peerA.Id)));
        await dials.WaitAsync(EventLog.Guard);

        await Task.WhenAll(Echo.RunAsync(peerA, peerB, relayed: false), Echo.RunAsync(peerB, peerA, relayed: false));
    }

    [SkippableFact]
    public async Task Two_peers_that_dial_each_other_directly_at_once_are_connected()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create(LabPlan.TwoPeers(RouterType.None, RouterType.None));
        await using var peerA = await LabNode.StartAsync(lab.Host("A"), Impatient.Options);
        await using var peerB = await LabNode.StartAsync(lab.Host("B"), Impatient.Options);

        var dials = Task.WhenAll(peerA.Node.DialAsync(peerB.Address), peerB.Node.DialAsync(peerA.Address));
        await dials.WaitAsync(EventLog.Guard);

        await Task.WhenAll(Echo.RunAsync(peerA, peerB, relayed: false), Echo.RunAsync(peerB, peerA, relayed: false));
    }

    [SkippableFact]
    public async Task Twenty_peers_punch_towards_one_at_once()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create(LabPlan.TwoPeers(RouterType.PortRestricted, RouterType.PortRestricted));
        await using var relay = await LabNode.StartAsync(lab.Host("R"), new NodeOptions { RelayServer = "private" });
        await using var peerB = await LabNode.StartAsync(lab.Host("B"), new NodeOptions { Relays = [relay.Address], Echo = true });
        var ports = Enumerable.Range(LabNode.DefaultPort, Crowd);
        var peers = await Task.WhenAll(ports.Select(p => LabNode.StartAsync(lab.Host("A"), new LabNodeOptions { Port = p })));
        await peerB.Events.NextAsync<NodeEvents.Reserved>();

        await Task.WhenAll(peers.Select(p => p.Node.DialAsync(relay.Circuit(peerB.Id)))).WaitAsync(EventLog.Guard);

        await Task.WhenAll(peers.Select(p => Echo.RunAsync(p, peerB, relayed: false, bytes: 64 * 1024)));
        await Task.WhenAll(peers.Select(p => p.DisposeAsync().AsTask()));
    }
}
