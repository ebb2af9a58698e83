using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests.Network;

/// <summary>
/// Routers that forget a silent mapping after five seconds, and nodes that have nothing to say: after a while the relay's packets still get in,
/// and a peer gets through.
/// </summary>
public sealed class ShortMappingTests
{
    private static readonly RouterType[] Types = [RouterType.PortRestricted, RouterType.Symmetric, RouterType.Cgnat];

    [SkippableFact]
    public Task Mappings_that_live_five_seconds_are_kept_by_idle_nodes_for_a_while() => StayMappedAsync(TimeSpan.FromSeconds(16));

    [SkippableFact]
    [Trait("Category", "Slow")]
    public Task Mappings_that_live_five_seconds_are_kept_by_idle_nodes_for_a_minute() => StayMappedAsync(TimeSpan.FromSeconds(60));

    private static async Task StayMappedAsync(TimeSpan idle)
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create(Plan());
        foreach (var type in Types)
        {
            // An expired mapping is not opened again by a packet from inside: a connection lives only if its mapping always did.
            lab.Router(Router(type)).ForgetMappings(pickUpMidstream: false);
        }

        await using var relay = await LabNode.StartAsync(lab.Host("R"), new NodeOptions { RelayServer = "private" });
        await using var home = await ReservedAsync(lab, relay, RouterType.PortRestricted);
        await using var symmetric = await ReservedAsync(lab, relay, RouterType.Symmetric);
        await using var carried = await ReservedAsync(lab, relay, RouterType.Cgnat);

        await Idle.ForAsync(idle);

        await using var stranger = await LabNode.StartAsync(lab.Host("B"));
        foreach (var peer in (LabNode[])[home, symmetric, carried])
        {
            Assert.True(!peer.Events.All.Any(e => e is NodeEvents.Disconnected { Relayed: false } or NodeEvents.ReservationLost), $"{peer.Events}");
            Assert.Contains((await peer.Node.GetReportAsync()).KeepAlive, line => line.Contains("at least 4 s and less than 8 s", StringComparison.Ordinal));
            await stranger.Node.DialAsync(relay.Circuit(peer.Id)).WaitAsync(EventLog.Guard);
            await Echo.RunAsync(stranger, peer, relayed: false);
        }
    }

    /// <summary>A host behind a short-lived router of each type, and B behind one that lets anybody in, so that each can be reached directly.</summary>
    private static LabPlan Plan() => new()
    {
        Hosts = [new HostPlan("R"), new HostPlan("B", "NB"), .. Types.Select(type => new HostPlan(Name(type), Router(type)))],
        Routers = [new RouterPlan("NB", RouterType.FullCone), .. Types.Select(type => new RouterPlan(Router(type), new RouterKind(type, RouterModifiers.Short)))],
    };

    private static string Name(RouterType type) => $"{type}"[..2];

    private static string Router(RouterType type) => $"N{Name(type)}";

    private static async Task<LabNode> ReservedAsync(Laboratory lab, LabNode relay, RouterType type)
    {
        var node = await LabNode.StartAsync(lab.Host(Name(type)), new NodeOptions { Relays = [relay.Address], Echo = true });
        await node.Events.NextAsync<NodeEvents.Reserved>();
        return node;
    }
}
