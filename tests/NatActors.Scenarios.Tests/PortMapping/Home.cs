using System.Net;
using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Protocols.PortMapping;
using NatActors.Scenarios.Tests.Support;

namespace NatActors.Scenarios.Tests.PortMapping;

/// <summary>Host A behind a router NA that runs miniupnpd, and a stranger R outside.</summary>
public sealed class Home : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _owned = new();
    private LabNode? _stranger;

    private Home(Laboratory lab) => Lab = lab;

    public Laboratory Lab { get; }

    public LabRouter Router => Lab.Router("NA");

    public Miniupnpd? Daemon { get; private set; }

    public static async Task<Home> StartAsync(RouterKind kind, MiniupnpdOptions? daemon)
    {
        Miniupnpd.OrSkip();
        var home = new Home(Laboratory.Create(new LabPlan
        {
            Hosts = [new("R"), new("S"), new("T"), new("U"), new("A", "NA"), new("B", "NA")],
            Routers = [new("NA", kind)],
            PathDelay = TimeSpan.Zero,
        }));
        home._owned.Push(home.Lab);
        if (daemon is not null)
        {
            await home.StartDaemonAsync(daemon);
        }

        return home;
    }

    public async Task StartDaemonAsync(MiniupnpdOptions options)
    {
        Daemon = await Miniupnpd.StartAsync(Router, options);
        _owned.Push(Daemon);
    }

    /// <summary>Ends the program and starts it anew: its mappings and rules are gone, as after the restart of a router.</summary>
    public async Task RestartDaemonAsync(MiniupnpdOptions options)
    {
        await Daemon!.StopAsync();
        Router.SetKind(Router.Kind);
        await StartDaemonAsync(options);
    }

    /// <summary>The rules that the program has made.</summary>
    public async Task<string> RulesAsync()
    {
        var run = await Router.Start("nft", "list", "ruleset").WaitForExitAsync().WaitAsync(EventLog.Guard);
        return string.Join('\n', run.Output);
    }

    /// <summary>Waits until the program has made a rule for somebody.</summary>
    public async Task UntilMappedAsync()
    {
        using var guard = new CancellationTokenSource(EventLog.Guard);
        while (!(await RulesAsync()).Contains("dnat ip to", StringComparison.Ordinal))
        {
            guard.Token.ThrowIfCancellationRequested();
        }
    }

    /// <summary>
    /// A node on A that looks after its mappings every two seconds, and whose requests by PCP never arrive, where so wished.
    /// </summary>
    public Task<LabNode> StartNodeAsync(bool withoutPcp = false, bool isIp6 = false) => StartNodeAsync(new LabNodeOptions
    {
        V6 = isIp6,
        SetUp = setup => setup with
        {
            PortMapping = new PortMappingOptions { CheckInterval = TimeSpan.FromSeconds(2) },
            Datagrams = withoutPcp ? new MutedDatagrams(setup.Datagrams!, MutedDatagrams.IsPcp) : setup.Datagrams,
        },
    });

    public async Task<LabNode> StartNodeAsync(LabNodeOptions options)
    {
        var node = await LabNode.StartAsync(Lab.Host("A"), options);
        _owned.Push(node);
        return node;
    }

    /// <summary>Nodes outside, on S, T and U, that answer questions of reachability; their addresses.</summary>
    public async Task<IReadOnlyList<Multiaddr>> StartServersAsync()
    {
        var addresses = new List<Multiaddr>();
        foreach (var host in (string[])["S", "T", "U"])
        {
            var server = await LabNode.StartAsync(Lab.Host(host), new NodeOptions
            {
                PortMapping = false,
                AutoNat = new AutoNatOptions { Serve = AutoNatServing.Always },
            });
            _owned.Push(server);
            addresses.Add(server.Address);
        }

        return addresses;
    }

    /// <summary>The outer address of the router with that port.</summary>
    public string External(int port) => Multiaddr.FromTcp(new IPEndPoint(Router.PublicAddress, port)).ToString();

    /// <summary>A stranger that the node has never contacted dials it there and gets through.</summary>
    public async Task AssertReachedAsync(LabNode node, Multiaddr external)
    {
        if (_stranger is null)
        {
            _stranger = await LabNode.StartAsync(Lab.Host("R"), new LabNodeOptions
            {
                Node = new NodeOptions { PortMapping = false },
                V6 = external.Host!.GetAddressBytes().Length == 16,
            });
            _owned.Push(_stranger);
        }

        var connection = await _stranger.Node.DialAsync(external.WithPeerId(node.Id)).WaitAsync(EventLog.Guard);
        Assert.False(connection.Relayed);
    }

    public async ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out var owned))
        {
            await owned.DisposeAsync();
        }
    }
}
