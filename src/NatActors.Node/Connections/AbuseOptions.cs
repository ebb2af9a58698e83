namespace NatActors.Node.Connections;

/// <summary>
/// What a peer, or a network, may do before it is refused or cut off. Honest peers stay far below; a node whose own programs use a stream for
/// each of thousands of requests a second raises <see cref="StreamsPerSecond"/>.
/// </summary>
public sealed record AbuseOptions
{
    /// <summary>
    /// Handshakes at once of one IPv4 address or IPv6 /56. Range 1 to 65,536; default 64, as many as
    /// <see cref="ConnectionOptions.MaxPendingInbound"/>: dozens of honest peers behind one carrier's NAT may come at once, and when all places are
    /// taken a newcomer of another network displaces the oldest one of the network that holds most.
    /// </summary>
    public int MaxPendingPerNetwork { get; init; } = 64;

    /// <summary>
    /// After this a handshake may lose its place to a newcomer that finds all places taken. At least zero; default 3 s: two round trips over
    /// the slowest usual path, a lost packet among them.
    /// </summary>
    public TimeSpan HandshakeGrace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// Connections taken a second from one IPv4 address or IPv6 /56, over <see cref="AcceptBurst"/>. Above 0, at most 1,000,000; default 16.
    /// Ours: a handshake costs about a millisecond, so one network gets a fiftieth of a core.
    /// </summary>
    public double AcceptsPerSecond { get; init; } = 16;

    /// <summary>
    /// Connections taken at once from one network that was quiet. Range 1 to 1,000,000; default 128; at least as many as may stay
    /// (<see cref="ConnectionOptions.MaxInboundPerNetwork"/>) are taken in any case, for all may lose their path and come again.
    /// </summary>
    public int AcceptBurst { get; init; } = 128;

    /// <summary>
    /// Count loopback addresses as any other network, for all bounds by network. Default false: they are this machine, or everybody behind a
    /// proxy on it.
    /// </summary>
    public bool LimitLoopback { get; init; }

    /// <summary>
    /// A yamux frame that a peer began must be whole after this, and a second more for each KiB of its payload. At least one second; default
    /// 30 s: a cable out for ten seconds, and what TCP needs to recover.
    /// </summary>
    public TimeSpan FrameTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// A ping must be answered within this whatever else comes. At least one second; default one minute (go-yamux: 10 s): an answer may stand
    /// behind megabytes on a slow line.
    /// </summary>
    public TimeSpan PingDeadline { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Streams that a peer may open a second on one connection, over <see cref="StreamBurst"/>; more are reset, and twice as many cost the
    /// connection. Above 0, at most 1,000,000; default 1,000. Ours: a busy DHT server sees tens.
    /// </summary>
    public double StreamsPerSecond { get; init; } = 1000;

    /// <summary>Streams that a peer may open at once on a quiet connection. Range 1 to 1,000,000; default 4,000.</summary>
    public int StreamBurst { get; init; } = 4000;

    /// <summary>
    /// Frames a second that carry nothing (pings, empty ones, credit of less than 1 KiB, words to streams that are gone), over
    /// <see cref="IdleFrameBurst"/>; more cost the connection. Above 0, at most 1,000,000; default 1,000. Ours: an honest peer sends one or two
    /// for each stream that it ends.
    /// </summary>
    public double IdleFramesPerSecond { get; init; } = 1000;

    /// <summary>Such frames at once on a quiet connection. Range 1 to 1,000,000; default 10,000.</summary>
    public int IdleFrameBurst { get; init; } = 10_000;

    /// <summary>
    /// Protocols that a peer may propose in one negotiation, of the connection's security, of its muxer, or of a stream. Range 1 to 1,000;
    /// default 64. Ours: the longest lists known are a dozen.
    /// </summary>
    public int NegotiationRounds { get; init; } = Wire.Negotiation.Multistream.MaxRounds;

    /// <summary>
    /// A stream of echo or perf on which nothing moved, and a circuit whose receiver took nothing, is reset after this (a circuit after twice
    /// as long at most). At least one second; default 30 s: longer than TCP needs to recover from a cable pulled for ten seconds.
    /// </summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Echo streams of one peer at once. Range 1 to 65,536; default 64: each holds a buffer of 64 KiB.</summary>
    public int EchoStreamsPerPeer { get; init; } = 64;

    /// <summary>
    /// Identify pushes taken a second on one connection, over <see cref="PushBurst"/>. Above 0, at most 1,000,000; default 0.2 (go-libp2p: the same
    /// for a network).
    /// </summary>
    public double PushesPerSecond { get; init; } = 0.2;

    /// <summary>Identify pushes taken at once on a quiet connection. Range 1 to 1,000; default 10 (go-libp2p).</summary>
    public int PushBurst { get; init; } = 10;

    /// <summary>
    /// Questions to name servers that may wait for their turn, for the names in addresses that others announce. Range 1 to 65,536; default 512.
    /// </summary>
    public int MaxQueuedLookups { get; init; } = 512;

    internal IEnumerable<string> Validate()
    {
        const int Many = 1_000_000;
        foreach (var (name, value, most) in Counts())
        {
            if (value < 1 || value > most)
            {
                yield return $"Abuse.{name}: {value} is out of range; use 1 to {most}.";
            }
        }

        foreach (var (name, value) in Rates())
        {
            if (!(value > 0) || value > Many)
            {
                yield return FormattableString.Invariant($"Abuse.{name}: {value} is out of range; use more than 0, at most {Many}.");
            }
        }

        foreach (var (name, value) in Durations())
        {
            if (value < TimeSpan.FromSeconds(1))
            {
                yield return $"Abuse.{name}: {value} is too short; use at least 00:00:01.";
            }
        }

        if (HandshakeGrace < TimeSpan.Zero)
        {
            yield return $"Abuse.HandshakeGrace: {HandshakeGrace} is negative; use 00:00:00 for none.";
        }
    }

    private IEnumerable<(string Name, int Value, int Most)> Counts() =>
    [
        (nameof(MaxPendingPerNetwork), MaxPendingPerNetwork, 65_536),
        (nameof(AcceptBurst), AcceptBurst, 1_000_000),
        (nameof(StreamBurst), StreamBurst, 1_000_000),
        (nameof(IdleFrameBurst), IdleFrameBurst, 1_000_000),
        (nameof(NegotiationRounds), NegotiationRounds, 1000),
        (nameof(EchoStreamsPerPeer), EchoStreamsPerPeer, 65_536),
        (nameof(PushBurst), PushBurst, 1000),
        (nameof(MaxQueuedLookups), MaxQueuedLookups, 65_536),
    ];

    private IEnumerable<(string Name, double Value)> Rates() =>
    [
        (nameof(AcceptsPerSecond), AcceptsPerSecond),
        (nameof(StreamsPerSecond), StreamsPerSecond),
        (nameof(IdleFramesPerSecond), IdleFramesPerSecond),
        (nameof(PushesPerSecond), PushesPerSecond),
    ];

    private IEnumerable<(string Name, TimeSpan Value)> Durations() =>
    [
        (nameof(FrameTimeout), FrameTimeout),
        (nameof(PingDeadline), PingDeadline),
        (nameof(StallTimeout), StallTimeout),
    ];
}
