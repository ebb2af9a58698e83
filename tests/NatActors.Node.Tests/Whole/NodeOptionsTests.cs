using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Tests.Whole;

public sealed class NodeOptionsTests
{
    [Fact]
    public void Every_mistake_is_reported_at_once_by_its_name()
    {
        var withoutPeer = Multiaddr.Parse("/ip4/1.2.3.4/tcp/4001");
        var options = new NodeOptions
        {
            Listen = [Multiaddr.Parse("/ip4/1.2.3.4/udp/4001/quic-v1")],
            Relays = [withoutPeer],
            Dial = [withoutPeer],
            RelayServer = "open",
            Connections = new ConnectionOptions
            {
                MaxConnections = 0,
                MaxConnectionsPerPeer = 65,
                MaxPendingInbound = 0,
                MaxInboundPerNetwork = 0,
                MaxStreamsPerConnection = 65_537,
                IdleTimeout = TimeSpan.Zero,
                UpgradeTimeout = TimeSpan.FromMilliseconds(999),
                DialTimeout = TimeSpan.Zero,
                StreamNegotiationTimeout = TimeSpan.Zero,
                RelayedGrace = TimeSpan.FromSeconds(-1),
            },
        };

        var mistakes = options.Validate();

        Assert.Equal(
            [
                "Listen", "Relays", "Dial", "RelayServer", "Connections.MaxConnections", "Connections.MaxConnectionsPerPeer",
                "Connections.MaxPendingInbound", "Connections.MaxInboundPerNetwork", "Connections.MaxStreamsPerConnection",
                "Connections.IdleTimeout", "Connections.UpgradeTimeout", "Connections.DialTimeout", "Connections.StreamNegotiationTimeout",
                "Connections.RelayedGrace",
            ],
            mistakes.Select(mistake => mistake[..mistake.IndexOf(':', StringComparison.Ordinal)]));
        Assert.All(mistakes, mistake => Assert.DoesNotContain('\n', mistake));
    }

    [Fact]
    public void Every_bound_on_abuse_is_validated_by_its_name()
    {
        var mistakes = new NodeOptions
        {
            Abuse = new AbuseOptions
            {
                MaxPendingPerNetwork = 0,
                AcceptBurst = 0,
                StreamBurst = 1_000_001,
                IdleFrameBurst = 0,
                NegotiationRounds = 1001,
                EchoStreamsPerPeer = 0,
                PushBurst = 0,
                MaxQueuedLookups = 0,
                AcceptsPerSecond = 0,
                StreamsPerSecond = double.NaN,
                IdleFramesPerSecond = -1,
                PushesPerSecond = double.PositiveInfinity,
                FrameTimeout = TimeSpan.Zero,
                PingDeadline = TimeSpan.FromMilliseconds(999),
                StallTimeout = TimeSpan.Zero,
                HandshakeGrace = TimeSpan.FromTicks(-1),
            },
        }.Validate();

        var names = typeof(AbuseOptions).GetProperties().Where(p => p.PropertyType != typeof(bool) && p.CanWrite).Select(p => $"Abuse.{p.Name}");
        Assert.Equal(names.Order(), mistakes.Select(mistake => mistake[..mistake.IndexOf(':', StringComparison.Ordinal)]).Order());
    }

    [Fact]
    public void The_defaults_are_good() => Assert.Empty(new NodeOptions().Validate());

    [Theory]
    [InlineData(null, 1024, 64)]
    [InlineData("public", 1024 + 128, 64 + 8)]
    [InlineData("private", 1024 + 2048, 64 + 2048)]
    public void A_relay_has_room_for_its_reservations_above_its_own_limits(string? profile, int connections, int perNetwork)
    {
        var rules = new NodeOptions { RelayServer = profile }.ToConnectionRules();

        Assert.Equal((connections, perNetwork), (rules.MaxConnections, rules.MaxInboundPerNetwork));
        Assert.True(profile is null || rules.MaxConnections > RelayProfile.Named(profile)!.MaxReservations);
    }
}
