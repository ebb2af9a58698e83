using System.Text;
using Microsoft.Extensions.Configuration;
using NatActors.Hosting.Reports;
using NatActors.Node.Resources;
using NatActors.Protocols.Resources;

namespace NatActors.Hosting.Tests;

public sealed class ResourceTextOptionsTests
{
    [Fact]
    public void Each_option_of_the_resources_is_read()
    {
        var read = new NatActorsOptions();
        Assert.Empty(read.Read(Section("""
            {
              "Resources": {
                "System": { "MaxMemory": 5000000000, "MaxStreams": 100, "MaxInboundStreams": 90, "MaxInboundConnections": 80 },
                "Transient": { "MaxMemory": 1000000, "MaxStreams": 70, "MaxInboundStreams": 60, "MaxConnections": 50 },
                "Peer": { "MaxMemory": 2000000, "MaxStreams": 40, "MaxInboundStreams": 30 },
                "Connection": { "MaxMemory": 3000000, "MaxStreams": 20 },
                "Stream": { "MaxMemory": 400000 },
                "Protocol": { "MaxStreams": 10, "MaxMemoryPerPeer": 500000 },
                "Protocols": { "/echo/1.0.0": { "MaxStreamsPerPeer": 3, "MaxInboundStreams": 5, "MaxInboundStreamsPerPeer": 2, "MaxMemory": 600000 } }
              }
            }
            """)));
        Assert.Empty(read.TryBuild(out var options));
        var resources = options.Resources;

        Assert.Equal(
            new SystemScopeOptions { MaxMemory = 5_000_000_000, MaxStreams = 100, MaxInboundStreams = 90, MaxInboundConnections = 80 }, resources.System);
        Assert.Equal(
            new TransientScopeOptions { MaxMemory = 1_000_000, MaxStreams = 70, MaxInboundStreams = 60, MaxConnections = 50 }, resources.Transient);
        Assert.Equal(new PeerScopeOptions { MaxMemory = 2_000_000, MaxStreams = 40, MaxInboundStreams = 30 }, resources.Peer);
        Assert.Equal(new ConnectionScopeOptions { MaxMemory = 3_000_000, MaxStreams = 20 }, resources.Connection);
        Assert.Equal(400_000, resources.Stream.MaxMemory);
        Assert.Equal(new ProtocolScopeOptions { MaxStreams = 10, MaxMemoryPerPeer = 500_000 }, resources.Protocol);
        var (id, own) = Assert.Single(resources.Protocols);
        Assert.Equal("/echo/1.0.0", id);
        Assert.Equal(
            new ProtocolScopeOptions { MaxStreamsPerPeer = 3, MaxInboundStreams = 5, MaxInboundStreamsPerPeer = 2, MaxMemory = 600_000 }, own);
    }

    [Fact]
    public void What_is_left_out_keeps_its_default()
    {
        Assert.Empty(new NatActorsOptions().TryBuild(out var options));

        Assert.Equal(new ResourceOptions().System, options.Resources.System);
        Assert.Equal(new ResourceOptions().Transient, options.Resources.Transient);
        Assert.Equal(new ResourceOptions().Peer, options.Resources.Peer);
        Assert.Equal(new ResourceOptions().Connection, options.Resources.Connection);
        Assert.Equal(new ResourceOptions().Stream, options.Resources.Stream);
        Assert.Equal(new ResourceOptions().Protocol, options.Resources.Protocol);
        Assert.Empty(options.Resources.Protocols);
    }

    [Theory]
    [InlineData("""{ "Resources": { "System": { "MaxMemory": "much" } } }""", "Resources.System.MaxMemory: 'much' is not a whole number")]
    [InlineData("""{ "Resources": { "Protocols": 5 } }""", "Resources.Protocols: '5' is one value")]
    [InlineData("""{ "Resources": { "Protocols": { "/a": 5 } } }""", "Resources.Protocols./a: '5' is one value")]
    [InlineData("""{ "Resources": { "Protocols": { "/a": { "Max": 5 } } } }""", "Resources.Protocols./a.Max is no option")]
    public void What_cannot_be_read_is_a_mistake_with_its_name(string json, string mistake) =>
        Assert.StartsWith(mistake, Assert.Single(new NatActorsOptions().Read(Section(json))), StringComparison.Ordinal);

    [Fact]
    public void A_report_as_a_document_says_what_is_held_and_was_refused()
    {
        var usage = new ScopeUsage(3000, 4, 5, 6, 7);
        var limits = new ScopeLimits { Memory = 9000, Streams = 90, Connections = 50 };
        var held = new ResourceSnapshot
        {
            System = new ScopeState(ResourceScopeKind.System, "", usage, limits),
            Transient = new ScopeState(ResourceScopeKind.Transient, "", new ScopeUsage(0, 0, 0, 2, 1), limits),
            Refused = [new RefusalCount(ResourceScopeKind.ProtocolPeer, ResourceKind.InboundStreams, 11)],
            Evicted = 12,
        };

        var entry = ReportDocuments.Resources(held);

        Assert.Equal((3000, 9000, 4, 5, 90), (entry.Memory, entry.MaxMemory, entry.InboundStreams, entry.OutboundStreams, entry.MaxStreams));
        Assert.Equal((13, 50, 3, 11, 12), (entry.Connections, entry.MaxConnections, entry.Handshakes, entry.Refused, entry.Evicted));
        Assert.Equal(new RefusedEntry("protocol-peer", "inbound-streams", 11), Assert.Single(entry.RefusedBy));
    }

    private static IConfigurationSection Section(string json)
    {
        var stream = new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "NatActors": {{json}} }"""));
        return new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection(NatActorsOptions.SectionName);
    }
}
