using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Node.Ping;
using NatActors.Protocols.Relay;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests;

/// <summary>A relay for strangers: its circuits are short and small, and good enough to get off them.</summary>
public sealed class LimitedRelayTests
{
    [SkippableFact]
    public async Task A_circuit_over_its_byte_limit_is_cut_on_both_sides_and_can_be_made_again()
    {
        RequiresLab.OrSkip();
        await using var world = await World.StartAsync(RouterType.Symmetric, RelayProfile.Public);
        await world.PunchFailsAsync();
        await using var stream = await world.A.Node.OpenStreamAsync(world.B.Id, EchoService.Id, allowLimited: true).WaitAsync(EventLog.Guard);

        await Assert.ThrowsAnyAsync<IOException>(() => Echo.ExchangeAsync(stream, Echo.Mebibyte));

        await world.IsCutAsync();
        await world.A.Node.DialAsync(world.Circuit).WaitAsync(EventLog.Guard);
        await Echo.RunAsync(world.A, world.B, relayed: true, bytes: 4096);
    }

    [SkippableFact]
    public async Task A_circuit_over_its_time_limit_is_cut_on_both_sides()
    {
        RequiresLab.OrSkip();
        var profile = RelayProfile.Public with { Limits = new RelayLimits(TimeSpan.FromSeconds(5), 1 << 20) };
        await using var world = await World.StartAsync(RouterType.Symmetric, profile);
        await using var stream = await world.A.Node.OpenStreamAsync(world.B.Id, EchoService.Id, allowLimited: true).WaitAsync(EventLog.Guard);

        await Assert.ThrowsAnyAsync<IOException>(() => stream.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(EventLog.Guard));

        await world.IsCutAsync();
    }

    [SkippableFact]
    public async Task Streams_wait_for_the_punch_and_the_relayed_connection_closes_after_its_grace()
    {
        RequiresLab.OrSkip();
        await using var world = await World.StartAsync(RouterType.PortRestricted, RelayProfile.Public);

        await using (var waited = await world.A.Node.OpenStreamAsync(world.B.Id, EchoService.Id).WaitAsync(EventLog.Guard))
        {
            Assert.False(waited.Relayed);
            await Echo.RunAsync(waited);
        }

        await using (var opened = await world.A.Node.OpenStreamAsync(world.B.Id, EchoService.Id, allowLimited: true).WaitAsync(EventLog.Guard))
        {
            Assert.False(opened.Relayed);
        }

        await OrderIsSaneAsync(world.A, world.B);
        await OrderIsSaneAsync(world.B, world.A);
    }

    [SkippableFact]
    public async Task A_stream_that_waits_for_a_punch_that_fails_is_refused_with_the_reason()
    {
        RequiresLab.OrSkip();
        await using var world = await World.StartAsync(RouterType.Symmetric, RelayProfile.Public);

        var failure = await Assert.ThrowsAsync<StreamNotOpenedException>(
            () => world.A.Node.OpenStreamAsync(world.B.Id, EchoService.Id).WaitAsync(EventLog.Guard));

        Assert.Contains("symmetric", failure.Message, StringComparison.Ordinal);
    }

    private static async Task OrderIsSaneAsync(LabNode self, LabNode peer)
    {
        await self.Events.NextAsync<NodeEvents.Disconnected>(e => e.Relayed && e.Peer == peer.Id);
        string[] story =
        [
            .. self.Events.All.Select(e => e switch
            {
                NodeEvents.Connected c when c.Peer == peer.Id => c.Relayed ? "relayed" : "direct",
                NodeEvents.PunchStarted => "started",
                NodeEvents.PunchEnded p => p.Outcome.ToString(),
                NodeEvents.Disconnected d when d.Peer == peer.Id => d.Relayed ? "relayed gone" : "direct gone",
                _ => "",
            }).Where(e => e.Length > 0),
        ];
        Assert.True(story is ["relayed", "started", "direct", "Direct", "relayed gone"], self.Events.ToString());
    }

    /// <summary>A is connected to B through the relay, behind routers of one kind.</summary>
    private sealed class World(Laboratory lab, LabNode relay, LabNode a, LabNode b) : IAsyncDisposable
    {
        public LabNode A => a;

        public LabNode B => b;

        public Multiformats.Multiaddr Circuit => relay.Circuit(b.Id);

        public static async Task<World> StartAsync(RouterType type, RelayProfile profile)
        {
            var lab = Laboratory.Create(LabPlan.TwoPeers(type, type));
            var serving = new LabNodeOptions
            {
                Node = Impatient.Options with { RelayServer = "public" },
                SetUp = setup => setup with { RelayProfile = profile },
            };
            var relay = await LabNode.StartAsync(lab.Host("R"), serving);
            var b = await LabNode.StartAsync(lab.Host("B"), Impatient.Options with { Relays = [relay.Address] });
            var a = await LabNode.StartAsync(lab.Host("A"), Impatient.Options);
            await b.Events.NextAsync<NodeEvents.Reserved>();
            var connection = await a.Node.DialAsync(relay.Circuit(b.Id)).WaitAsync(EventLog.Guard);
            Assert.True(connection.Relayed && connection.Limited);
            return new World(lab, relay, a, b);
        }

        public async Task PunchFailsAsync()
        {
            await a.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Outcome == PunchOutcome.Relayed);
            await b.Events.NextAsync<NodeEvents.PunchEnded>(e => e.Outcome == PunchOutcome.Relayed);
        }

        public async Task IsCutAsync()
        {
            foreach (var peer in (LabNode[])[a, b])
            {
                var gone = await peer.Events.NextAsync<NodeEvents.Disconnected>(e => e.Relayed);
                Assert.NotEmpty(gone.Reason);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await a.DisposeAsync();
            await b.DisposeAsync();
            await relay.DisposeAsync();
            await lab.DisposeAsync();
        }
    }
}
