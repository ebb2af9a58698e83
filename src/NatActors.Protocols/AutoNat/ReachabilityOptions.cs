namespace NatActors.Protocols.AutoNat;

/// <summary>The rules and the timing of finding out whether this node can be dialed. Defaults follow go-libp2p where nothing else is said.</summary>
public sealed record ReachabilityOptions
{
    /// <summary>Addresses tested at most; the first of the list. Default 50 (go-libp2p addrs_reachability_tracker).</summary>
    public int MaxAddresses { get; init; } = 50;

    /// <summary>Peers remembered as servers. Default 256; beyond it the longest gone ones are forgotten. Ours.</summary>
    public int MaxServers { get; init; } = 256;

    /// <summary>Questions out at a time, all addresses together. Default 6 (go-libp2p tracker: 5 workers).</summary>
    public int MaxOutstanding { get; init; } = 6;

    /// <summary>Questions out at a time for one address without verdict. Default 3: the first verdict shall come from three servers at once.</summary>
    public int Parallel { get; init; } = 3;

    /// <summary>
    /// Distinct networks that are heard before their majority is believed; all of them when fewer are known. Default 8. Ours: with it an
    /// honest server among a few is always heard before liars are believed, and a large swarm is not asked as a whole.
    /// </summary>
    public int Panel { get; init; } = 8;

    /// <summary>
    /// Claims of failure before any is believed: two servers, or one twice. Default 2 (go-libp2p tracker: minConfidence 2).
    /// </summary>
    public int MinClaims { get; init; } = 2;

    /// <summary>
    /// How long a first verdict "public, filtering unproven" waits for a server that can have strangers dial back. Default 5 s. Ours: the
    /// first verdict is due in 6.
    /// </summary>
    public TimeSpan PartnerPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long claims count towards a majority. Default 30 minutes. Ours.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a verdict stands without new evidence. Default 5 hours (go-libp2p tracker: maxProbeResultTTL).</summary>
    public TimeSpan TimeToLive { get; init; } = TimeSpan.FromHours(5);

    /// <summary>How long a verdict from before a change of the network stands without new evidence. Default 2 minutes. Ours.</summary>
    public TimeSpan ConfirmAfterChange { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// For how long a stranger that came in outweighs servers that say, twice, that their partner was dropped. Default 15 minutes, the longest time
    /// between two looks at a public address: a node that strangers visit now and then is not talked out of it by one server.
    /// </summary>
    public TimeSpan StrangerLasts { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a new address waits, for others to come with it. Default 0.5 s (go-libp2p tracker: 1 s; a first verdict is due in 6).</summary>
    public TimeSpan FirstProbeDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The pause after a round without verdict; doubled each time. Default 5 s (go-libp2p tracker: backoffStartInterval).</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest such pause. Default 5 minutes (go-libp2p tracker: maxBackoffInterval).</summary>
    public TimeSpan MaxRetry { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The pause before a fresh verdict is looked at again; doubled each time. Default 10 s. Ours: what is new often changes. A port forward
    /// is added just after the program said that one is missing; another partner of the same server may be a stranger where the first was not.
    /// </summary>
    public TimeSpan FirstRecheck { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The pause between looks at a verdict of long standing. Default 15 minutes. Ours: one question to one server is cheap, and nothing else
    /// tells that a router was configured (go-libp2p tracker: 1 hour, highConfidenceAddrProbeInterval).
    /// </summary>
    public TimeSpan MaxRecheck { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// The same server is not asked about the same address again within this. Default 20 s. Ours: servers answer 12 questions of a peer a
    /// minute (go-libp2p autonatv2 server), and in a swarm of three there are but two of them (go-libp2p's client: 2 minutes).
    /// </summary>
    public TimeSpan SameServer { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Questions about one address within <see cref="DialWindow"/>. Default 10 (go-libp2p tracker: maxRecentDialsPerAddr).</summary>
    public int MaxDials { get; init; } = 10;

    /// <summary>See <see cref="MaxDials"/>. Default 10 minutes (go-libp2p tracker: recentProbeInterval).</summary>
    public TimeSpan DialWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long a question may take. Default 20 s. Ours: go-libp2p's server allows itself 15 s, dial data of 100 kB takes a few more.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// The same for version 1. Default 30 s (go-libp2p autonat: requestTimeout; its server needs 15 s to report an address that drops).
    /// </summary>
    public TimeSpan V1Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The pause of a server that refuses or fails; doubled each time. Default 5 s.</summary>
    public TimeSpan FirstServerPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest such pause. Default 10 minutes (go-libp2p tracker: maxRefused pause).</summary>
    public TimeSpan MaxServerPause { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long version 2 servers may yet turn up before version 1 is asked. Default 5 s (go-libp2p waits 15 s after its start). Version 1 is
    /// only used where no version 2 server is known (libp2p/specs issue 713).
    /// </summary>
    public TimeSpan V1Delay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Version 1: the pause while unknown or of little confidence. Default 90 s (go-libp2p autonat: retryInterval, throttlePeerPeriod).</summary>
    public TimeSpan V1Retry { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Version 1: the pause once confident. Default 15 minutes (go-libp2p autonat: refreshInterval).</summary>
    public TimeSpan V1Refresh { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>All mistakes, each in one line that says what to do.</summary>
    /// <param name="path">What stands before each option's name, e.g. <c>AutoNat.Client.</c>.</param>
    public IEnumerable<string> Validate(string path)
    {
        const int Most = 100_000;
        foreach (var (name, value) in Counts())
        {
            if (value is < 1 or > Most)
            {
                yield return $"{path}{name}: {value} is out of range; use 1 to {Most}.";
            }
        }

        foreach (var (name, value) in Waits())
        {
            if (value < TimeSpan.Zero)
            {
                yield return $"{path}{name}: {value} is negative; use 00:00:00 for none.";
            }
        }

        foreach (var (name, value) in Durations())
        {
            if (value < TimeSpan.FromMilliseconds(10))
            {
                yield return $"{path}{name}: {value} is too short; use at least 00:00:00.01.";
            }
        }

        foreach (var (first, least, last, most) in Ranges())
        {
            if (least > most)
            {
                yield return $"{path}{first}, {last}: {least} to {most} is no range; use a {last} of at least {least}.";
            }
        }
    }

    private IEnumerable<(string Name, int Value)> Counts() =>
    [
        (nameof(MaxAddresses), MaxAddresses),
        (nameof(MaxServers), MaxServers),
        (nameof(MaxOutstanding), MaxOutstanding),
        (nameof(Parallel), Parallel),
        (nameof(Panel), Panel),
        (nameof(MinClaims), MinClaims),
        (nameof(MaxDials), MaxDials),
    ];

    /// <summary>Times that may be none.</summary>
    private IEnumerable<(string Name, TimeSpan Value)> Waits() =>
    [
        (nameof(PartnerPatience), PartnerPatience),
        (nameof(StrangerLasts), StrangerLasts),
        (nameof(FirstProbeDelay), FirstProbeDelay),
        (nameof(SameServer), SameServer),
        (nameof(V1Delay), V1Delay),
    ];

    private IEnumerable<(string Name, TimeSpan Value)> Durations() =>
    [
        (nameof(Window), Window),
        (nameof(TimeToLive), TimeToLive),
        (nameof(ConfirmAfterChange), ConfirmAfterChange),
        (nameof(FirstRetry), FirstRetry),
        (nameof(MaxRetry), MaxRetry),
        (nameof(FirstRecheck), FirstRecheck),
        (nameof(MaxRecheck), MaxRecheck),
        (nameof(DialWindow), DialWindow),
        (nameof(Timeout), Timeout),
        (nameof(V1Timeout), V1Timeout),
        (nameof(FirstServerPause), FirstServerPause),
        (nameof(MaxServerPause), MaxServerPause),
        (nameof(V1Retry), V1Retry),
        (nameof(V1Refresh), V1Refresh),
    ];

    private IEnumerable<(string First, TimeSpan Least, string Last, TimeSpan Most)> Ranges() =>
    [
        (nameof(FirstRetry), FirstRetry, nameof(MaxRetry), MaxRetry),
        (nameof(FirstRecheck), FirstRecheck, nameof(MaxRecheck), MaxRecheck),
        (nameof(FirstServerPause), FirstServerPause, nameof(MaxServerPause), MaxServerPause),
    ];
}
