using NatActors.Node.Connections;

namespace NatActors.Hosting;

/// <summary>What a peer may do before it is refused, as text binds it; see <see cref="AbuseOptions"/> for ranges. Null keeps the default.</summary>
public sealed class AbuseTextOptions
{
    /// <summary>See <see cref="AbuseOptions.MaxPendingPerNetwork"/>.</summary>
    public int? MaxPendingPerNetwork { get; set; }

    /// <summary>See <see cref="AbuseOptions.HandshakeGrace"/>.</summary>
    public TimeSpan? HandshakeGrace { get; set; }

    /// <summary>See <see cref="AbuseOptions.AcceptsPerSecond"/>.</summary>
    public double? AcceptsPerSecond { get; set; }

    /// <summary>See <see cref="AbuseOptions.AcceptBurst"/>.</summary>
    public int? AcceptBurst { get; set; }

    /// <summary>See <see cref="AbuseOptions.LimitLoopback"/>.</summary>
    public bool? LimitLoopback { get; set; }

    /// <summary>See <see cref="AbuseOptions.FrameTimeout"/>.</summary>
    public TimeSpan? FrameTimeout { get; set; }

    /// <summary>See <see cref="AbuseOptions.PingDeadline"/>.</summary>
    public TimeSpan? PingDeadline { get; set; }

    /// <summary>See <see cref="AbuseOptions.StreamsPerSecond"/>.</summary>
    public double? StreamsPerSecond { get; set; }

    /// <summary>See <see cref="AbuseOptions.StreamBurst"/>.</summary>
    public int? StreamBurst { get; set; }

    /// <summary>See <see cref="AbuseOptions.IdleFramesPerSecond"/>.</summary>
    public double? IdleFramesPerSecond { get; set; }

    /// <summary>See <see cref="AbuseOptions.IdleFrameBurst"/>.</summary>
    public int? IdleFrameBurst { get; set; }

    /// <summary>See <see cref="AbuseOptions.NegotiationRounds"/>.</summary>
    public int? NegotiationRounds { get; set; }

    /// <summary>See <see cref="AbuseOptions.StallTimeout"/>.</summary>
    public TimeSpan? StallTimeout { get; set; }

    /// <summary>See <see cref="AbuseOptions.EchoStreamsPerPeer"/>.</summary>
    public int? EchoStreamsPerPeer { get; set; }

    /// <summary>See <see cref="AbuseOptions.PushesPerSecond"/>.</summary>
    public double? PushesPerSecond { get; set; }

    /// <summary>See <see cref="AbuseOptions.PushBurst"/>.</summary>
    public int? PushBurst { get; set; }

    /// <summary>See <see cref="AbuseOptions.MaxQueuedLookups"/>.</summary>
    public int? MaxQueuedLookups { get; set; }

    internal AbuseOptions Build()
    {
        var defaults = new AbuseOptions();
        return new AbuseOptions
        {
            MaxPendingPerNetwork = MaxPendingPerNetwork ?? defaults.MaxPendingPerNetwork,
            HandshakeGrace = HandshakeGrace ?? defaults.HandshakeGrace,
            AcceptsPerSecond = AcceptsPerSecond ?? defaults.AcceptsPerSecond,
            AcceptBurst = AcceptBurst ?? defaults.AcceptBurst,
            LimitLoopback = LimitLoopback ?? defaults.LimitLoopback,
            FrameTimeout = FrameTimeout ?? defaults.FrameTimeout,
            PingDeadline = PingDeadline ?? defaults.PingDeadline,
            StreamsPerSecond = StreamsPerSecond ?? defaults.StreamsPerSecond,
            StreamBurst = StreamBurst ?? defaults.StreamBurst,
            IdleFramesPerSecond = IdleFramesPerSecond ?? defaults.IdleFramesPerSecond,
            IdleFrameBurst = IdleFrameBurst ?? defaults.IdleFrameBurst,
            NegotiationRounds = NegotiationRounds ?? defaults.NegotiationRounds,
            StallTimeout = StallTimeout ?? defaults.StallTimeout,
            EchoStreamsPerPeer = EchoStreamsPerPeer ?? defaults.EchoStreamsPerPeer,
            PushesPerSecond = PushesPerSecond ?? defaults.PushesPerSecond,
            PushBurst = PushBurst ?? defaults.PushBurst,
            MaxQueuedLookups = MaxQueuedLookups ?? defaults.MaxQueuedLookups,
        };
    }
}
