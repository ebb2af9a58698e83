using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Node.KeepAlive;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests.Network;

/// <summary>
/// The network changes under a node behind a home router that holds a reservation at R and has a direct connection with B: it is noticed, what is
/// dead is cut, and all is made anew.
/// </summary>
public sealed class NetworkChangeTests
{
    /// <summary>In which a local change is to be noticed (issue: two seconds, netlink or polling).</summary>
    private static readonly TimeSpan Notice = TimeSpan.FromSeconds(2);

    private const int OtherHost = 77;
    private const int OtherGateway = 99;

    [SkippableFact]
    public async Task An_interface_that_goes_down_and_comes_up_again_is_noticed_and_everything_rebuilt()
    {
        RequiresLab.OrSkip();
        await using var world = await World.StartAsync();
        var mark = world.A.Events.Count;

        var down = DateTimeOffset.UtcNow;
        world.Lab.Host("A").InterfaceDown();

        var noticed = await world.A.Events.NextAsync<NodeEvents.NetworkChanged>(e => e.What.Any(w => w.Contains("eth0 is down")), mark);
        Assert.InRange(noticed.Time - down, TimeSpan.Zero, Notice);
        var cut = await world.A.Events.NextAsync<NodeEvents.Disconnected>(e => e.Peer == world.B.Id && !e.Relayed, mark);
        Assert.Contains("no longer has", cut.Reason, StringComparison.Ordinal);
        await world.A.Events.NextAsync<NodeEvents.ReservationLost>(from: mark);

        mark = world.A.Events.Count;
        var up = DateTimeOffset.UtcNow;
        world.Lab.Host("A").InterfaceUp();

        noticed = await world.A.Events.NextAsync<NodeEvents.NetworkChanged>(e => e.What.Any(w => w.Contains("gateway is now")), mark);
        Assert.InRange(noticed.Time - up, TimeSpan.Zero, Notice);
        await world.RebuiltAsync(mark);
    }

    [SkippableFact]
    public async Task Another_address_is_noticed_and_everything_rebuilt_from_it()
    {
        RequiresLab.OrSkip();
        await using var world = await World.StartAsync();
        var mark = world.A.Events.Count;

        var changed = DateTimeOffset.UtcNow;
        world.Lab.Host("A").ChangeAddress(OtherHost);

        var noticed = await world.A.Events.NextAsync<NodeEvents.NetworkChanged>(from: mark);
        Assert.InRange(noticed.Time - changed, TimeSpan.Zero, Notice);
        await world.A.Events.NextAsync<NodeEvents.Disconnected>(e => e.Peer == world.B.Id && !e.Relayed, mark);
        await world.RebuiltAsync(mark);
        var report = await world.A.Node.GetReportAsync();
        Assert.True(report.Network.Has(world.Lab.Host("A").Address));
    }

    [SkippableFact]
    public async Task Another_gateway_is_noticed_and_connections_that_live_on_are_kept()
    {
        RequiresLab.OrSkip();
        await using var world = await World.StartAsync();
        var mark = world.A.Events.Count;

        var changed = DateTimeOffset.UtcNow;
        world.Lab.Host("A").ChangeGateway(OtherGateway);

        var noticed = await world.A.Events.NextAsync<NodeEvents.NetworkChanged>(e => e.What.Any(w => w.Contains("gateway is now")), mark);
        Assert.InRange(noticed.Time - changed, TimeSpan.Zero, Notice);
        await Idle.ForAsync(new KeepAliveOptions().CheckTimeout);
        await Echo.RunAsync(world.A, world.B, relayed: false);
        Assert.DoesNotContain(world.A.Events.All.Skip(mark), e => e is NodeEvents.Disconnected { Relayed: false });
    }

    [SkippableFact]
    public async Task A_router_with_another_outer_address_is_noticed_by_the_keep_alive_and_everything_rebuilt()
    {
        RequiresLab.OrSkip();
        await using var world = await World.StartAsync();
        var (mark, before) = (world.A.Events.Count, world.Lab.Router("NA").PublicAddress);

        world.Lab.Router("NA").Renumber();

        var after = world.Lab.Router("NA").PublicAddress;
        Assert.NotEqual(before, after);
        await world.A.Events.NextAsync<NodeEvents.ReservationLost>(from: mark);
        await world.A.Events.NextAsync<NodeEvents.Observed>(e => e.Address.Host?.Equals(after) == true, mark);
        await world.RebuiltAsync(mark);
        Assert.DoesNotContain(world.A.Events.All, e => e is NodeEvents.NetworkChanged);
    }

    /// <summary>A and B behind home routers; A has reached B through R, and holds a reservation there itself.</summary>
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

        public static async Task<World> StartAsync()
        {
            // The renumbered router is noticed by a refresh: with the longest interval of a minute that would take as long.
            var options = new NodeOptions { Echo = true, KeepAlive = new KeepAliveOptions { Longest = TimeSpan.FromSeconds(5) } };
            var lab = Laboratory.Create(LabPlan.TwoPeers(RouterType.PortRestricted, RouterType.PortRestricted));
            var relay = await LabNode.StartAsync(lab.Host("R"), new NodeOptions { RelayServer = "private" });
            var b = await LabNode.StartAsync(lab.Host("B"), options with { Relays = [relay.Address] });
            var a = await LabNode.StartAsync(lab.Host("A"), options with { Relays = [relay.Address] });
            await b.Events.NextAsync<NodeEvents.Reserved>();
            await a.Events.NextAsync<NodeEvents.Reserved>();
            await a.Node.DialAsync(relay.Circuit(b.Id)).WaitAsync(EventLog.Guard);
            await Echo.RunAsync(a, b, relayed: false);
            return new World(lab, relay, a, b);
        }

        /// <summary>A has its reservation again, and its direct connection with B, by itself.</summary>
        public async Task RebuiltAsync(int mark)
        {
            await A.Events.NextAsync<NodeEvents.Reserved>(from: mark);
            await A.Events.NextAsync<NodeEvents.Connected>(e => e.Peer == B.Id && !e.Relayed, mark);
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
