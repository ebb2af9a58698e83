namespace NatActors.Protocols.Relay;

/// <summary>How relays are chosen.</summary>
public sealed record RelaySelectionOptions
{
    /// <summary>Relays to hold. Zero for none; default 2 (go-libp2p autorelay).</summary>
    public int Relays { get; init; } = 2;

    /// <summary>
    /// True to look for relays only once the node is known not to be reachable, and never while that is unknown: for a node that offers
    /// itself as a relay. Default false.
    /// </summary>
    public bool OnlyWhenPrivate { get; init; }

    /// <summary>How long a first verdict is waited for before relays are looked for without one. Default 6 s: it comes within that.</summary>
    public TimeSpan VerdictWait { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How long measurements under way are waited for before a choice. Default 1 s: a relay farther away is a bad one.</summary>
    public TimeSpan MeasureWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What a relay that was not measured counts for. Default 1 s.</summary>
    public TimeSpan UnmeasuredLatency { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Candidates remembered, those named by the owner on top. Default 64 (go-libp2p autorelay keeps 20).</summary>
    public int MaxCandidates { get; init; } = 64;

    /// <summary>How long a peer that is no longer connected stays a candidate. Default 30 min (go-libp2p autorelay).</summary>
    public TimeSpan CandidateAge { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a relay that was lost or cannot be reached is left alone; doubled each time. Default 1 s.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest such time. Default 10 min.</summary>
    public TimeSpan MaxRetry { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a relay that answered and said no is left alone; doubled each time. Default 10 s.</summary>
    public TimeSpan FirstRetryAfterRefusal { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest such time. Default 1 h (go-libp2p autorelay).</summary>
    public TimeSpan MaxRetryAfterRefusal { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// A reservation that was held this long has worked: what failed before it no longer counts. Default 1 min; one that is granted and cut
    /// over and over is left alone for longer and longer.
    /// </summary>
    public TimeSpan StableAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How often the choice is looked at again, and latencies measured again. Default 5 min.</summary>
    public TimeSpan ReviewEvery { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The least time between two exchanges of a relay that works for a better one. Default 30 min: peers know the old one.</summary>
    public TimeSpan ReplaceAtMostEvery { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>What a better relay has to gain, in the measure of latency; and it has to be at least twice as good. Default 50 ms.</summary>
    public TimeSpan ReplaceGain { get; init; } = TimeSpan.FromMilliseconds(50);
}
