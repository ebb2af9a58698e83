using NatActors.Lab;
using NatActors.Lab.Nat;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;

namespace NatActors.Scenarios.Tests;

/// <summary>
/// What kernel NATs look like to a node that two hosts on the internet observe, one of them on two ports. Every router type of the laboratory
/// by the node's own report.
/// </summary>
public sealed class NatTypeTests
{
    private static readonly (string Router, NatMapping Mapping, Known PortPreserved)[] Expected =
    [
        ("none", NatMapping.None, Known.Yes),
        ("firewall", NatMapping.None, Known.Yes),
        ("fullcone", NatMapping.EndpointIndependent, Known.Yes),
        ("addrrestricted", NatMapping.EndpointIndependent, Known.Yes),
        ("portforward", NatMapping.EndpointIndependent, Known.Yes),
        ("portrestricted", NatMapping.EndpointIndependent, Known.Yes),
        ("portrestricted+rst", NatMapping.EndpointIndependent, Known.Yes),
        ("symmetric", NatMapping.AddressAndPortDependent, Known.No),
        ("cgnat", NatMapping.EndpointIndependent, Known.Yes),
        ("cgnatsym", NatMapping.AddressAndPortDependent, Known.No),
    ];

    [SkippableFact]
    public async Task The_mapping_of_every_router_type_is_told()
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create();
        await using var observers = await Observers.StartAsync(lab);
        var port = LabNode.DefaultPort;
        foreach (var (router, mapping, preserved) in Expected)
        {
            await using var node = await BehindAsync(lab, router, ++port);
            await observers.MeetAsync(node);

            var told = await node.Events.NextAsync<NodeEvents.Nat>(e => e.Report.Mapping == mapping);

            Assert.Equal((router, preserved), (router, told.Report.PortPreserved));
            Assert.Equal((IpFamily.Ip4, IpProtocol.Tcp), (told.Report.Family, told.Report.Protocol));
        }
    }

    /// <summary>
    /// R and S serve AutoNAT and are contacted; T is the partner of both and is not. What is told of the node follows the verdict: an address
    /// that nobody can dial is not announced.
    /// </summary>
    [SkippableTheory]
    [InlineData("none", NatFiltering.EndpointIndependent)]
    [InlineData("firewall", NatFiltering.AddressAndPortDependent)]
    [InlineData("fullcone", NatFiltering.EndpointIndependent)]
    [InlineData("addrrestricted", NatFiltering.AddressDependent)]
    [InlineData("portforward", NatFiltering.EndpointIndependent)]
    [InlineData("portrestricted", NatFiltering.AddressAndPortDependent)]
    [InlineData("symmetric", NatFiltering.AddressAndPortDependent)]
    [InlineData("cgnat", NatFiltering.AddressAndPortDependent)]
    public async Task The_filtering_is_told_and_only_what_can_be_dialed_is_announced(string router, NatFiltering filtering)
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create();
        await using var partner = await LabNode.StartAsync(lab.Host("T"), Serving());
        await using var observers = await Observers.StartAsync(lab, Serving(partner.Address));
        await using var node = await BehindAsync(lab, router, LabNode.DefaultPort);

        await observers.MeetAsync(node);

        await node.Events.NextAsync<NodeEvents.Nat>(e => e.Report.Filtering == filtering);
        var verdict = await node.Events.NextAsync<NodeEvents.ReachabilityChanged>(e => e.Verdict != Reachability.Unknown);
        var isOpen = filtering == NatFiltering.EndpointIndependent;
        Assert.Equal(isOpen ? Reachability.Public : Reachability.Private, verdict.Verdict);
        var report = await node.Node.GetReportAsync().WaitAsync(EventLog.Guard);
        Assert.Equal(isOpen, report.Addresses.Announced.Any(AddressScope.IsPublic));
        Assert.NotEmpty(report.Addresses.ForHolePunch);
    }

    [SkippableTheory]
    [InlineData("portforward+hairpin")]
    [InlineData("fullcone+hairpin")]
    public async Task A_router_that_turns_packets_back_is_told(string router)
    {
        RequiresLab.OrSkip();
        await using var lab = Laboratory.Create();
        await using var observers = await Observers.StartAsync(lab);
        await using var node = await BehindAsync(lab, router, LabNode.DefaultPort);

        await observers.MeetAsync(node);

        await node.Events.NextAsync<NodeEvents.Nat>(e => e.Report.Hairpin == Known.Yes);
    }

    private static NodeOptions Serving(params Multiaddr[] partners) =>
        new() { AutoNat = new AutoNatOptions { Serve = AutoNatServing.Always, Partners = partners } };

    private static async Task<LabNode> BehindAsync(Laboratory lab, string router, int port)
    {
        Assert.True(RouterKind.TryParse(router, out var kind));
        lab.Router("NA").SetKind(kind with { ForwardedPort = port });
        return await LabNode.StartAsync(lab.Host("A"), new LabNodeOptions { Port = port });
    }

    /// <summary>Three nodes on two hosts of the internet.</summary>
    private sealed class Observers(IReadOnlyList<LabNode> nodes) : IAsyncDisposable
    {
        public static async Task<Observers> StartAsync(Laboratory lab, NodeOptions? options = null) => new(
        [
            await LabNode.StartAsync(lab.Host("S"), options),
            await LabNode.StartAsync(lab.Host("S"), new LabNodeOptions { Port = LabNode.DefaultPort + 100 }),
            await LabNode.StartAsync(lab.Host("R"), options),
        ]);

        public async Task MeetAsync(LabNode node)
        {
            foreach (var observer in nodes)
            {
                await node.Node.DialAsync(observer.Address).WaitAsync(EventLog.Guard);
                await node.Events.NextAsync<NodeEvents.Identified>(e => e.Peer == observer.Id);
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }
        }
    }
}
