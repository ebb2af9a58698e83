namespace NatActors.Protocols.HolePunch;

/// <summary>The bounds and the timing of one hole punch.</summary>
public sealed record PunchOptions
{
    /// <summary>Rounds, each one CONNECT, CONNECT, SYNC. Range 1 to 3; default 3 (DCUtR.md: three attempts).</summary>
    public int MaxRounds { get; init; } = 3;

    /// <summary>
    /// How long a side that knows no address of its own yet holds its CONNECT for one. Default 2 s: an identify exchange over a slow
    /// path.
    /// </summary>
    public TimeSpan ObservationHold { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long the other side may take to answer CONNECT, or to follow with SYNC; its own hold is in it. Default 5 s (js-libp2p's bound
    /// for all of it).
    /// </summary>
    public TimeSpan ReplyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the side that made the relayed connection waits for the other one to begin. Default 10 s: js-libp2p first tries a plain
    /// dial
    /// of five seconds.
    /// </summary>
    public TimeSpan BeginTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the upgrade of a punched connection may take. Default 5 s: a handshake over two bad paths, and some.</summary>
    public TimeSpan UpgradeTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a reversal may outlast the exchange. Default 5 s (go-libp2p's TCP connect timeout).</summary>
    public TimeSpan ReversalTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the answering side waits for the next round, or for the connection that the other side says it has. Default 5 s: the
    /// asking side's upgrade may still run.
    /// </summary>
    public TimeSpan NextRoundTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Addresses punched to, and sent, at most. Default 8: a few families and transports; more would make this node a port scanner.
    /// </summary>
    public int MaxCandidates { get; init; } = 8;

    /// <summary>
    /// Punch to, and list, private addresses and loopback too: for tests on one machine and for closed networks. Default false.
    /// </summary>
    public bool AllowPrivateAddresses { get; init; }
}

/// <summary>How long one round tries.</summary>
public static class PunchWindow
{
    /// <summary>
    /// What a SYN that got lost, or came too early, costs: the kernel sends it again after one second (RFC 6298, section 2.1; Linux
    /// TCP_TIMEOUT_INIT). A window shorter than that would give up just before the retransmission comes through.
    /// </summary>
    public static readonly TimeSpan SynRetransmission = TimeSpan.FromSeconds(1);

    /// <summary>For the two sides' clocks, schedulers and a late SYNC.</summary>
    public static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// How long the dialer listens first to a connection that may be the peer's reversal. Whoever dials speaks right behind the handshake of
    /// TCP, so its first byte comes along with the connection: this is for its scheduler only (a loaded machine of two cores took up to 30 ms),
    /// and shorter than <see cref="SpeakAfter"/> by at least a round trip. A punch of a peer behind a symmetric NAT waits it out.
    /// </summary>
    public static readonly TimeSpan HearFirst = TimeSpan.FromMilliseconds(50);

    /// <summary>Longer than this no round lasts, however slow the relay.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The window of a round: one retransmission, then the way there and back, with the relay's round trip taken for the direct one, and
    /// once
    /// more for the difference between the sides.
    /// </summary>
    public static TimeSpan For(TimeSpan roundTrip)
    {
        var window = SynRetransmission + (2 * roundTrip) + Slack;
        return window < Longest ? window : Longest;
    }

    /// <summary>
    /// How long the side that is the listener by its role waits for the other one to speak, before it speaks itself: the direct way back,
    /// the
    /// way there, and slack. It hears nothing when the other side holds it for an ordinary inbound connection (a symmetric NAT gave this
    /// side's SYN a port that nobody could announce), or takes the roles the other way round (go-libp2p before 0.41).
    /// </summary>
    public static TimeSpan SpeakAfter(TimeSpan roundTrip) => roundTrip + Slack;
}
