using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests;

/// <summary>A peer comes back with its identity while the relay still holds its old connection for alive.</summary>
public sealed class RestartedPeerTests
{
    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_new_reservation_replaces_the_old_one(bool otherAddress)
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create(LabPlan.TwoPeers(RouterType.PortRestricted, RouterType.PortRestricted));
        await using var relay = await LabNode.StartAsync(lab.Host("R"), new NodeOptions { RelayServer = "private" });
        var options = new LabNodeOptions { Node = new NodeOptions { Relays = [relay.Address], Echo = true }, Key = LabNode.NewKey() };
        var old = await LabNode.StartAsync(lab.Host("B"), options);
        await old.Events.NextAsync<NodeEvents.Reserved>();

        // Nothing of the end gets out: to the relay the old connection stays as good as new.
        lab.Router("NB").CableOut();
        await old.DisposeAsync();
        lab.Router("NB").CableIn();
        if (otherAddress)
        {
            lab.Router("NB").Renumber();
        }

        await using var peerB = await LabNode.StartAsync(lab.Host("B"), options);
        await peerB.Events.NextAsync<NodeEvents.Reserved>();
        await using var peerA = await LabNode.StartAsync(lab.Host("A"));
        await peerA.Node.DialAsync(relay.Circuit(peerB.Id)).WaitAsync(EventLog.Guard);
        await Echo.RunAsync(peerA, peerB, relayed: false);
    }

    [SkippableFact]
    public async Task A_peer_that_ended_in_order_and_starts_again_at_once_still_punches_from_its_port()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create(LabPlan.TwoPeers(RouterType.PortRestricted, RouterType.PortRestricted));
        await using var relay = await LabNode.StartAsync(lab.Host("R"), new NodeOptions { RelayServer = "private" });
        var options = new LabNodeOptions { Node = new NodeOptions { Relays = [relay.Address], Echo = true }, Key = LabNode.NewKey() };
        await using (var old = await LabNode.StartAsync(lab.Host("B"), options))
        {
            await old.Events.NextAsync<NodeEvents.Reserved>();
        }

        await using var peerB = await LabNode.StartAsync(lab.Host("B"), options);
        await peerB.Events.NextAsync<NodeEvents.Reserved>();
        var toRelay = await peerB.Events.NextAsync<NodeEvents.Connected>(e => e.Peer == relay.Id);
        Assert.True(toRelay.PortReused, peerB.Events.ToString());
        await using var peerA = await LabNode.StartAsync(lab.Host("A"));
        await peerA.Node.DialAsync(relay.Circuit(peerB.Id)).WaitAsync(EventLog.Guard);
        await Echo.RunAsync(peerA, peerB, relayed: false);
    }
}
