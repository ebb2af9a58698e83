using NatActors.Node.Resources;
using NatActors.Protocols.AutoNat;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Tests.Resources;

public sealed class ResourceOptionsTests
{
    private const long Gibibyte = 1024L * 1024 * 1024;

    [Fact]
    public void Every_mistake_is_reported_by_its_name_with_what_to_do()
    {
        var options = new NodeOptions
        {
            Resources = new ResourceOptions
            {
                System = new SystemScopeOptions { MaxMemory = 1000, MaxStreams = 0, MaxInboundStreams = -1, MaxInboundConnections = 0 },
                Transient = new TransientScopeOptions { MaxMemory = 1, MaxStreams = 0, MaxInboundStreams = 0, MaxConnections = 0 },
                Peer = new PeerScopeOptions { MaxMemory = 1, MaxStreams = 0, MaxInboundStreams = 0 },
                Connection = new ConnectionScopeOptions { MaxMemory = 1, MaxStreams = 0 },
                Stream = new StreamScopeOptions { MaxMemory = 65_535 },
                Protocol = new ProtocolScopeOptions { MaxMemory = 1, MaxMemoryPerPeer = 1 },
                Protocols = new Dictionary<string, ProtocolScopeOptions> { ["/a"] = new() { MaxStreams = 0 }, [" "] = new() },
            },
        };

        var mistakes = options.Validate();

        Assert.Equal(
            [
                "System.MaxMemory", "Transient.MaxMemory", "Peer.MaxMemory", "Connection.MaxMemory", "Stream.MaxMemory", "Protocol.MaxMemory",
                "Protocol.MaxMemoryPerPeer", "System.MaxStreams", "System.MaxInboundStreams", "System.MaxInboundConnections",
                "Transient.MaxStreams", "Transient.MaxInboundStreams", "Transient.MaxConnections", "Peer.MaxStreams", "Peer.MaxInboundStreams",
                "Connection.MaxStreams", "Protocols./a.MaxStreams", "Protocols",
            ],
            mistakes.Select(m => m[..m.IndexOf(':', StringComparison.Ordinal)].Replace("Resources.", "", StringComparison.Ordinal)));
        Assert.All(mistakes, mistake => Assert.Contains("; use ", mistake, StringComparison.Ordinal));
    }

    [Fact]
    public void The_asking_side_of_autonat_is_validated_too()
    {
        var options = new NodeOptions
        {
            AutoNat = new AutoNatOptions
            {
                Client = new ReachabilityOptions
                {
                    MaxAddresses = 0,
                    MaxDials = 100_001,
                    V1Delay = TimeSpan.FromSeconds(-1),
                    Timeout = TimeSpan.Zero,
                    FirstRetry = TimeSpan.FromHours(1),
                },
            },
        };

        Assert.Equal(
            ["AutoNat.Client.MaxAddresses", "AutoNat.Client.MaxDials", "AutoNat.Client.V1Delay", "AutoNat.Client.Timeout", "AutoNat.Client.FirstRetry, MaxRetry"],
            options.Validate().Select(m => m[..m.IndexOf(':', StringComparison.Ordinal)]));
    }

    [Theory]
    [InlineData(1, 128)]
    [InlineData(64, 8192)]
    public void A_node_takes_an_eighth_of_the_machine_and_never_less_than_128_mebibytes(int gibibytes, int mebibytes)
    {
        var limits = Limits(new ResourceOptions(), gibibytes * Gibibyte);

        Assert.Equal(mebibytes * 1024L * 1024, limits.System.Memory);
        Assert.Equal(limits.System.Memory / 4, limits.Peer.Memory);
        Assert.Equal(limits.System.Memory / 2, limits.Protocol.Memory);
    }

    [Fact]
    public void What_a_named_protocol_leaves_out_is_as_for_all_others()
    {
        var limits = Limits(
            new ResourceOptions
            {
                Protocol = new ProtocolScopeOptions { MaxStreams = 7, MaxStreamsPerPeer = 5 },
                Protocols = new Dictionary<string, ProtocolScopeOptions> { ["/a"] = new() { MaxStreams = 3 } },
            },
            Gibibyte);

        var (all, onePeer) = limits.Of("/a");
        Assert.Equal((3, 5), (all.Streams, onePeer.Streams));
        Assert.Equal((7, 5), (limits.Of("/b").All.Streams, limits.Of("/b").OnePeer.Streams));
        Assert.Equal(limits.Protocol.Memory, all.Memory);
    }

    [Theory]
    [InlineData(64 * 1024, YamuxOptions.InitialWindow)]
    [InlineData(1024 * 1024, (1024 - 128) * 1024)]
    [InlineData(17 * 1024 * 1024, 16 * 1024 * 1024)]
    [InlineData(1024 * 1024 * 1024, 16 * 1024 * 1024)]
    public void A_window_grows_to_what_its_stream_may_hold(int memory, int window) =>
        Assert.Equal(window, new ResourceOptions { Stream = new StreamScopeOptions { MaxMemory = memory } }.ReceiveWindow);

    private static Protocols.Resources.ResourceLimits Limits(ResourceOptions resources, long available)
    {
        var options = new NodeOptions { Resources = resources };
        Assert.Empty(options.Validate());
        return resources.ToLimits(options.ToConnectionRules(), options.Connections.MaxStreamsPerConnection, available);
    }
}
