using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Node.Ping;
using NatActors.Node.Streams;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests;

/// <summary>The path breaks under a direct connection: a router forgets its mappings, a cable is out.</summary>
public sealed class BrokenPathTests
{
    [SkippableFact]
    public async Task A_connection_whose_mappings_are_gone_is_noticed_and_the_peer_is_reached_again()
    {
        RequiresLab.OrSkip();
        await using var world = await World.StartAsync(Impatient.Options);
        await using var stream = await world.OpenAsync();
        var (markA, markB) = (world.A.Events.Count, world.B.Events.Count);

        world.Lab.Router("NA").ForgetMappings(pickUpMidstream: false);
        world.Lab.Router("NB").ForgetMappings(pickUpMidstream: false);

        await Assert.ThrowsAnyAsync<IOException>(() => Echo.ExchangeAsync(stream, Echo.Mebibyte));
        await world.A.Events.NextAsync<NodeEvents.Disconnected>(e => !e.Relayed && e.Peer == world.B.Id, markA);
        await world.B.Events.NextAsync<NodeEvents.Disconnected>(e => !e.Relayed && e.Peer == world.A.Id, markB);
        await world.B.Events.NextAsync<NodeEvents.Reserved>(from: markB);
        await world.ReachAsync();
    }

    [SkippableFact]
    public async Task A_connection_survives_routers_that_forget_it_and_pick_it_up_again()
    {
        RequiresLab.OrSkip();
        await using var world = await World.StartAsync(new NodeOptions { Echo = true });
        await using var stream = await world.OpenAsync();

        world.Lab.Router("NA").ForgetMappings();
        world.Lab.Router("NB").ForgetMappings();

        await Echo.RunAsync(stream);
        Assert.DoesNotContain(world.A.Events.All, e => e is NodeEvents.Disconnected { Relayed: false });
    }

    [SkippableFact]
    public async Task A_connection_survives_a_cable_out_for_ten_seconds()
    {
        RequiresLab.OrSkip();
        await using var world = await World.StartAsync(new NodeOptions { Echo = true });
        await using var stream = await world.OpenAsync();

        var outage = world.Lab.Router("NA").CableOutAsync(TimeSpan.FromSeconds(10));
        var exchange = Echo.ExchangeAsync(stream, Echo.Mebibyte);
        await outage;
        await exchange;

        await Echo.RunAsync(stream);
        Assert.DoesNotContain(world.A.Events.All, e => e is NodeEvents.Disconnected { Relayed: false });
        Assert.DoesNotContain(world.B.Events.All, e => e is NodeEvents.ReservationLost);
    }

    [SkippableFact]
    public async Task Impatient_nodes_notice_a_cable_out_for_ten_seconds_and_rebuild_everything()
    {
        RequiresLab.OrSkip();
        await using var world = await World.StartAsync(Impatient.Options);
        await using var stream = await world.OpenAsync();
        var (markA, markB) = (world.A.Events.Count, world.B.Events.Count);

        var outage = world.Lab.Router("NB").CableOutAsync(TimeSpan.FromSeconds(10));
        await Assert.ThrowsAnyAsync<IOException>(() => Echo.ExchangeAsync(stream, Echo.Mebibyte));
        await world.A.Events.NextAsync<NodeEvents.Disconnected>(e => !e.Relayed && e.Peer == world.B.Id, markA);
        await world.B.Events.NextAsync<NodeEvents.ReservationLost>(from: markB);
        await outage;

        await world.B.Events.NextAsync<NodeEvents.Reserved>(from: markB);
        await world.ReachAsync();
    }

    [SkippableFact]
    public async Task A_connection_to_the_relay_that_turns_out_dead_is_replaced_within_the_dial()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create(LabPlan.TwoPeers(RouterType.PortRestricted, RouterType.PortRestricted));
        await using var relay = await LabNode.StartAsync(lab.Host("R"), Impatient.Options with { RelayServer = "private" });
        await using var peerB = await LabNode.StartAsync(lab.Host("B"), Impatient.Options with { Relays = [relay.Address] });
        await using var peerA = await LabNode.StartAsync(lab.Host("A"), Impatient.Options);
        await peerB.Events.NextAsync<NodeEvents.Reserved>();
        await peerA.Node.DialAsync(relay.Address).WaitAsync(EventLog.Guard);

        lab.Router("NA").ForgetMappings(pickUpMidstream: false);

        await peerA.Node.DialAsync(relay.Circuit(peerB.Id)).WaitAsync(EventLog.Guard);
        await Echo.RunAsync(peerA, peerB, relayed: false);
    }

    /// <summary>A and B behind home routers, connected directly after a punch through R.</summary>
    private sealed class World : IAsyncDisposable
    {
        private World(Laboratory lab, LabNode relay, LabNode a, LabNode b)
        {
            Lab = lab;
            Relay = relay;
            A = a;
            B = b;
        }

        public Laboratory Lab { get; }

        public LabNode Relay { get; }

        public LabNode A { get; }

        public LabNode B { get; }

        public static async Task<World> StartAsync(NodeOptions options)
        {
            var lab = Laboratory.Create(LabPlan.TwoPeers(RouterType.PortRestricted, RouterType.PortRestricted));
            var relay = await LabNode.StartAsync(lab.Host("R"), options with { RelayServer = "private" });
            var b = await LabNode.StartAsync(lab.Host("B"), options with { Relays = [relay.Address] });
            var a = await LabNode.StartAsync(lab.Host("A"), options);
            await b.Events.NextAsync<NodeEvents.Reserved>();
            var world = new World(lab, relay, a, b);
            await world.ReachAsync();
            return world;
        }

        public Task<PeerStream> OpenAsync() => A.Node.OpenStreamAsync(B.Id, EchoService.Id).WaitAsync(EventLog.Guard);

        public async Task ReachAsync()
        {
            await A.Node.DialAsync(Relay.Circuit(B.Id)).WaitAsync(EventLog.Guard);
            await Echo.RunAsync(A, B, relayed: false);
        }

        public async ValueTask DisposeAsync()
        {
            await A.DisposeAsync();
            await B.DisposeAsync();
            await Relay.DisposeAsync();
            await Lab.DisposeAsync();
        }
    }
}
