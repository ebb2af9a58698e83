using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Node;
using NatActors.Node.KeepAlive;
using NatActors.Soak.Tests.Counters;

namespace NatActors.Soak.Tests;

/// <summary>
/// A relay R, and A, B and C behind a router of its own each: the first two can punch through to each other, C's is symmetric, so that it
/// gets through to B (whose router filters by address alone) and never to A.
/// </summary>
public sealed class SoakNetwork : IAsyncDisposable
{
    private const string RelayName = "R";

    private SoakNetwork(Laboratory lab, SystemCounts counts, Action<string> violation)
    {
        Lab = lab;
        var patient = Options() with { AutoNat = new AutoNatOptions { Serve = AutoNatServing.Always } };
        Relay = new SoakNode(RelayName, lab.Host(RelayName), patient with { RelayServer = "private" }, counts, violation);
        var peer = Options() with { Relays = [Relay.Address], Bootstrap = [Relay.Address] };
        Peers = [.. new[] { "A", "B", "C" }.Select(name => new SoakNode(name, lab.Host(name), peer, counts, violation))];
    }

    public Laboratory Lab { get; }

    public SoakNode Relay { get; }

    public IReadOnlyList<SoakNode> Peers { get; }

    public IEnumerable<SoakNode> Nodes => Peers.Prepend(Relay);

    public static async Task<SoakNetwork> StartAsync(SystemCounts counts, Action<string> violation)
    {
        var network = new SoakNetwork(Laboratory.Create(Plan()), counts, violation);
        try
        {
            foreach (var node in network.Nodes)
            {
                await node.StartAsync();
            }

            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    public LabRouter RouterOf(int peer) => Peers[peer].Host.Router!;

    public async Task StopNodesAsync()
    {
        foreach (var node in Nodes.Reverse())
        {
            await node.StopAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopNodesAsync();
        await Lab.DisposeAsync();
    }

    private static LabPlan Plan() => new()
    {
        Hosts = [new(RelayName), new("A", "NA"), new("B", "NB"), new("C", "NC")],
        Routers = [new("NA", RouterType.PortRestricted), new("NB", RouterType.AddrRestricted), new("NC", RouterType.Symmetric)],
    };

    /// <summary>Defaults but for the times: what takes a minute by default takes seconds, so that an hour holds as much as a day.</summary>
    private static NodeOptions Options() => new()
    {
        Echo = true,
        Connections = new ConnectionOptions
        {
            IdleTimeout = TimeSpan.FromSeconds(4),
            RelayedGrace = TimeSpan.FromSeconds(3),
            DialTimeout = TimeSpan.FromSeconds(5),
            UpgradeTimeout = TimeSpan.FromSeconds(5),
            StreamNegotiationTimeout = TimeSpan.FromSeconds(5),
            KeepAliveInterval = TimeSpan.FromSeconds(2),
            KeepAliveTimeout = TimeSpan.FromSeconds(4),
        },
        KeepAlive = new KeepAliveOptions
        {
            Shortest = TimeSpan.FromSeconds(2),
            Longest = TimeSpan.FromSeconds(4),
            Liveness = TimeSpan.FromSeconds(4),
            CheckTimeout = TimeSpan.FromSeconds(2),
        },
    };
}
