using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Protocols.AutoNat;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests.AutoNat;

/// <summary>The whole path with nothing configured but one peer to begin with.</summary>
public sealed class NothingConfiguredTests
{
    [SkippableTheory]
    [InlineData("portrestricted", "portrestricted")]
    [InlineData("cgnat", "portrestricted+rst")]
    [InlineData("symmetric", "addrrestricted")]
    public async Task A_peer_that_knows_only_S_finds_its_relay_is_reached_through_it_and_both_go_direct(string kindA, string kindB)
    {
        RequiresLab.OrSkip();
        Assert.True(RouterKind.TryParse(kindA, out var a) & RouterKind.TryParse(kindB, out var b));
        await using var lab = Laboratory.Create(LabPlan.TwoPeers(a, b));
        await using var s = await LabNode.StartAsync(lab.Host("S"), new NodeOptions { RelayServer = "private" });
        var options = new NodeOptions { Bootstrap = [s.Address] };
        await using var peerA = await LabNode.StartAsync(lab.Host("A"), options);
        await using var peerB = await LabNode.StartAsync(lab.Host("B"), options);

        var reserved = await peerA.Events.NextAsync<NodeEvents.Reserved>();
        Assert.Equal(s.Id, reserved.Relay);
        var address = reserved.Addresses.First(x => x.IsRelayed).WithPeerId(peerA.Id);
        await peerB.Node.DialAsync(address).WaitAsync(EventLog.Guard);

        var punched = await peerA.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Peer.Equals(peerB.Id));
        Assert.Equal(PunchOutcome.Direct, punched.Outcome);
        await peerB.Events.NextAsync<NodeEvents.Connected>(e => e.Peer.Equals(peerA.Id) && !e.Relayed);
    }

    [SkippableFact]
    public async Task Relays_that_the_node_found_are_given_back_when_it_can_be_dialed_after_all()
    {
        await using var swarm = await Swarm.StartAsync(RouterType.PortRestricted);
        var a = await swarm.StartAsync("A", swarm.Newcomer);
        await a.Events.NextAsync<NodeEvents.Reserved>(e => e.Relay.Equals(swarm.R.Id));
        await a.Events.NextAsync<NodeEvents.Reserved>(e => e.Relay.Equals(swarm.S.Id));

        var mark = a.Events.Count;
        swarm.Lab.Router("NA").Forward(LabNode.DefaultPort, a.Host);
        a.Node.TestReachability();

        await a.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e.Verdict == Reachability.Public, mark);
        await a.Events.NextAsync<NodeEvents.ReservationLost>(e => e.Relay.Equals(swarm.R.Id), mark);
        await a.Events.NextAsync<NodeEvents.ReservationLost>(e => e.Relay.Equals(swarm.S.Id), mark);
    }
}
