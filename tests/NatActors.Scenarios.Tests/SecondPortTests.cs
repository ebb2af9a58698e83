using System.Net;
using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Port;

namespace NatActors.Scenarios.Tests;

/// <summary>
/// A node that knows two hosts of the internet and nothing else, each listening on one port: whether its NAT gives other ports of a host
/// another mapping shows on a second port that they open for a moment, and none is opened where there is nothing to learn from it.
/// </summary>
public sealed class SecondPortTests
{
    [SkippableTheory]
    [InlineData("symmetric", NatMapping.AddressAndPortDependent)]
    [InlineData("cgnatsym", NatMapping.AddressAndPortDependent)]
    [InlineData("portrestricted", NatMapping.EndpointIndependent)]
    [InlineData("none", NatMapping.None)]
    public async Task Two_hosts_with_one_port_each_tell_how_a_router_maps(string router, NatMapping mapping)
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create();
        var opened = new Opened();
        await using var r = await LabNode.StartAsync(lab.Host("R"), opened.Counting);
        await using var s = await LabNode.StartAsync(lab.Host("S"), opened.Counting);
        Assert.True(RouterKind.TryParse(router, out var kind));
        lab.Router("NA").SetKind(kind with { ForwardedPort = LabNode.DefaultPort });
        await using var node = await LabNode.StartAsync(lab.Host("A"));
        await node.Node.DialAsync(r.Address).WaitAsync(EventLog.Guard);
        await node.Node.DialAsync(s.Address).WaitAsync(EventLog.Guard);

        var told = await node.Events.NextAsync<NodeEvents.Nat>(e => e.Report.Mapping == mapping);

        // Both have become servers, seconds have passed: whatever was to be asked has been.
        await node.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e.Verdict != Reachability.Unknown);
        var isSymmetric = mapping == NatMapping.AddressAndPortDependent;
        Assert.Equal(isSymmetric, told.Report.IsSymmetric);
        Assert.Equal(isSymmetric, opened.Count > 0);
        await LeavesNoTraceAsync(node, r, s);
    }

    [SkippableFact]
    public async Task Where_firewalls_drop_the_second_port_nothing_is_claimed()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create();
        var opened = new Opened();
        await WallAsync(lab.Host("R"));
        await WallAsync(lab.Host("S"));
        await using var r = await LabNode.StartAsync(lab.Host("R"), opened.Counting);
        await using var s = await LabNode.StartAsync(lab.Host("S"), opened.Counting);
        Assert.True(RouterKind.TryParse("symmetric", out var kind));
        lab.Router("NA").SetKind(kind);
        await using var node = await LabNode.StartAsync(lab.Host("A"));
        await node.Node.DialAsync(r.Address).WaitAsync(EventLog.Guard);
        await node.Node.DialAsync(s.Address).WaitAsync(EventLog.Guard);

        await opened.BothClosed.WaitAsync(EventLog.Guard);

        var report = await node.Node.GetReportAsync().WaitAsync(EventLog.Guard);
        Assert.Equal(NatMapping.Dependent, report.Nat.Single(n => n is { Family: IpFamily.Ip4, Protocol: IpProtocol.Tcp }).Mapping);
        Assert.DoesNotContain(
            node.Events.All.OfType<NodeEvents.Nat>(),
            e => e.Report.Mapping is NatMapping.AddressAndPortDependent or NatMapping.AddressDependent);
        await LeavesNoTraceAsync(node, r, s);
    }

    /// <summary>Only the port that the node listens on lets strangers in.</summary>
    private static async Task WallAsync(LabHost host)
    {
        string[][] rules =
        [
            ["add", "table", "inet", "wall"],
            ["add", "chain", "inet", "wall", "in", "{ type filter hook input priority 0; }"],
            ["add", "rule", "inet", "wall", "in", "tcp", "dport", "!=", $"{LabNode.DefaultPort}", "ct", "state", "new", "drop"],
        ];
        foreach (var rule in rules)
        {
            var run = await host.RunAsync("nft", rule).WaitAsync(EventLog.Guard);
            Assert.True(run.ExitCode == 0, $"nft: {string.Join(" ", run.Errors)}");
        }
    }

    /// <summary>A second port is no connection, and where the node is seen there is not among its addresses.</summary>
    private static async Task LeavesNoTraceAsync(LabNode node, params LabNode[] servers)
    {
        Assert.Equal(servers.Length, node.Events.All.OfType<NodeEvents.Connected>().Count(e => servers.Any(s => s.Id == e.Peer)));
        var report = await node.Node.GetReportAsync().WaitAsync(EventLog.Guard);
        Assert.True(report.Addresses.ForHolePunch.Count(AddressScope.IsPublic) <= servers.Length);
        Assert.True(report.Witnesses.Count <= servers.Length);
    }

    /// <summary>The ports that hosts have opened besides the one they listen on.</summary>
    private sealed class Opened
    {
        private readonly TaskCompletionSource _bothClosed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _count;
        private int _closed;

        public int Count => Volatile.Read(ref _count);

        /// <summary>Two have been opened, and closed again.</summary>
        public Task BothClosed => _bothClosed.Task;

        public LabNodeOptions Counting => new()
        {
            SetUp = setup => setup with { Transports = [.. setup.Transports!.Select(t => new Transport(t, this))] },
        };

        private sealed class Transport(IPortTransport inner, Opened opened) : IPortTransport
        {
            public bool CanListen(Multiaddr address) => inner.CanListen(address);

            public bool CanDial(Multiaddr address) => inner.CanDial(address);

            public BindResult Bind(Multiaddr address)
            {
                var result = inner.Bind(address);
                if (!address.TryGetTcpEndPoint(out var endPoint) || endPoint.Port != 0 || result.Binding is not { } binding)
                {
                    return result;
                }

                Interlocked.Increment(ref opened._count);
                return result with { Binding = new Binding(binding, opened) };
            }

            public BindResult BindForDialing(Multiaddr address) => inner.BindForDialing(address);
        }

        private sealed class Binding(IPortBinding inner, Opened opened) : IPortBinding
        {
            private int _disposed;

            public Multiaddr LocalAddress => inner.LocalAddress;

            public IPEndPoint LocalEndPoint => inner.LocalEndPoint;

            public ValueTask<IConduit?> AcceptAsync(CancellationToken cancellationToken) => inner.AcceptAsync(cancellationToken);

            public IReadOnlyList<IConduit> TakeAccepted() => inner.TakeAccepted();

            public Task<ConnectResult> ConnectAsync(IPEndPoint remote, DialPort from, CancellationToken cancellationToken) =>
                inner.ConnectAsync(remote, from, cancellationToken);

            public async ValueTask DisposeAsync()
            {
                await inner.DisposeAsync();
                if (Interlocked.Exchange(ref _disposed, 1) == 0 && Interlocked.Increment(ref opened._closed) == 2)
                {
                    opened._bothClosed.TrySetResult();
                }
            }
        }
    }
}
