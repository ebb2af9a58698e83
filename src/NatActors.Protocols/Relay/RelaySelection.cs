using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Protocols.Relay;

/// <summary>
/// Chooses relays while the node cannot be dialed: among connected peers that offer it and those that the owner names, by round trip,
/// budget and network; replaces lost ones at once, gives them back when the node is public. Relays that the owner wants kept anyway count
/// among the wanted number and are never given back. Time is an argument; call <see cref="OnDeadline"/> when <see cref="NextDeadline"/>
/// comes.
/// </summary>
/// <remarks>
/// <code>
/// idle --verdict not public, or none in time--> looking: measure, then reserve at the best, up to the number wanted
///   ^                                             | lost, refused: back-off for that relay, another one at once
///   +--verdict public: give all back--------------+ clearly better one found: reserve there, then give the worse one back
/// </code>
/// </remarks>
public sealed partial class RelaySelection
{
    private readonly RelaySelectionOptions _options;
    private readonly RandomSource _random;
    private readonly Dictionary<PeerId, Entry> _entries = [];
    private Reachability _verdict;
    private TimeSpan? _started;
    private TimeSpan? _needSince;
    private TimeSpan _reviewAt;
    private TimeSpan? _replacedAt;
    private (PeerId Better, PeerId Worse)? _replacing;

    /// <summary>A machine that waits for <see cref="Start"/>.</summary>
    public RelaySelection(RelaySelectionOptions options, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        _options = options;
        _random = random;
    }

    /// <summary>When to call <see cref="OnDeadline"/>, or null.</summary>
    public TimeSpan? NextDeadline { get; private set; }

    /// <summary>The candidates as people see them.</summary>
    public IReadOnlyList<RelayCandidateState> Describe(TimeSpan now) =>
        [.. _entries.Values.OrderBy(e => e.IsKept ? 0 : 1).ThenBy(e => Score(e, now)).Select(e => e.ToState(Why(e, now)))];

    /// <summary>The last measured round trip to a relay, or null.</summary>
    public TimeSpan? LatencyOf(PeerId relay) => _entries.GetValueOrDefault(relay)?.Latency;

    /// <summary>Begins; the wait for a first verdict counts from here.</summary>
    public IReadOnlyList<RelaySelectionEffect> Start(TimeSpan now)
    {
        _started ??= now;
        _reviewAt = now + _options.ReviewEvery;
        return Decide(now);
    }

    /// <summary>What is known of this node's reachability.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnVerdict(Reachability verdict, TimeSpan now)
    {
        _verdict = verdict;
        return Decide(now);
    }

    /// <summary>A connected peer offers to be a relay, or says so again.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnCandidate(RelayCandidate candidate, TimeSpan now)
    {
        var entry = Take(candidate, now);
        entry.Connected = true;
        entry.IsNoRelay = false;
        return Decide(now);
    }

    /// <summary>The owner names a relay to choose from. It never ages.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnSuggested(RelayCandidate candidate, TimeSpan now)
    {
        Take(candidate, now).Suggested = true;
        return Decide(now);
    }

    /// <summary>The owner wants a reservation kept at this relay in any case; it is being asked for.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnNamed(RelayCandidate relay, TimeSpan now)
    {
        var entry = Take(relay, now);
        entry.Named = true;
        if (_replacing?.Worse == relay.Peer)
        {
            // It stays, whoever is nearer.
            _replacing = null;
        }

        entry.Standing = entry.Standing == Standing.Held ? Standing.Held : Standing.Asked;
        return Decide(now);
    }

    /// <summary>A peer says that it offers no relaying any more. A reservation that is held there stands until it is lost.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnNoRelay(PeerId peer, TimeSpan now)
    {
        if (_entries.TryGetValue(peer, out var entry))
        {
            entry.IsNoRelay = true;
        }

        return Decide(now);
    }

    /// <summary>The last direct connection to a peer is gone.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnDisconnected(PeerId peer, TimeSpan now)
    {
        if (_entries.TryGetValue(peer, out var entry))
        {
            entry.Connected = false;
            entry.SeenAt = now;
        }

        return Decide(now);
    }

    /// <summary>A measurement ended: the round trip, or null when there was none.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnMeasured(PeerId peer, TimeSpan? roundTrip, TimeSpan now)
    {
        if (_entries.TryGetValue(peer, out var entry))
        {
            entry.MeasuringSince = null;
            entry.MeasuredAt = now;
            entry.Latency = roundTrip ?? entry.Latency;
        }

        return Decide(now);
    }

    /// <summary>A reservation is held, or was refreshed.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnHeld(PeerId relay, RelayLimits limits, TimeSpan now)
    {
        if (!_entries.TryGetValue(relay, out var entry))
        {
            return [];
        }

        if (entry.Standing != Standing.Held)
        {
            entry.HeldSince = now;
            entry.Refusals = Math.Max(0, entry.Refusals - 1);
        }

        entry.Standing = Standing.Held;
        entry.Limits = limits;
        entry.Problem = "";
        var effects = new List<RelaySelectionEffect>();
        if (_replacing is { } pair && pair.Better == relay)
        {
            _replacing = null;
            _replacedAt = now;
            GiveBack(_entries[pair.Worse], "a relay much nearer, or with more to give, was found", effects);
        }

        effects.AddRange(Decide(now));
        return effects;
    }

    /// <summary>A reservation that was held is lost; the relay is left alone for a while, and another one taken.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnLost(PeerId relay, string reason, TimeSpan now) =>
        OnFailed(relay, RelayFailure.Unreachable, reason, now);

    /// <summary>A reservation did not come about.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnFailed(PeerId relay, RelayFailure failure, string reason, TimeSpan now)
    {
        if (!_entries.TryGetValue(relay, out var entry))
        {
            return [];
        }

        var effects = new List<RelaySelectionEffect>();
        entry.Problem = reason;
        if (entry.Standing == Standing.Held && now - entry.HeldSince >= _options.StableAfter)
        {
            entry.Failures = 0;
        }

        BackOff(entry, failure, now);
        if (entry.Named)
        {
            // Whoever keeps it goes on trying; until it is held again another one takes its place.
            entry.Standing = Standing.None;
        }
        else if (entry.IsKept)
        {
            GiveBack(entry, reason, effects);
        }

        if (_replacing is { } pair && (pair.Better == relay || pair.Worse == relay))
        {
            _replacing = null;
        }

        effects.AddRange(Decide(now));
        return effects;
    }

    /// <summary>The machine's network changed: who could not be reached may be reached now, and latencies are others.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnNetworkChanged(TimeSpan now)
    {
        foreach (var entry in _entries.Values)
        {
            entry.MeasuredAt = null;
            if (!entry.WasRefused)
            {
                entry.RestsUntil = now;
                entry.Failures = 0;
            }
        }

        return Decide(now);
    }

    /// <summary>What the circuits through a relay use now. Takes part in the next choice.</summary>
    public void OnUse(PeerId relay, RelayUse use)
    {
        if (_entries.TryGetValue(relay, out var entry))
        {
            entry.Use = use;
        }
    }

    /// <summary>Time went by.</summary>
    public IReadOnlyList<RelaySelectionEffect> OnDeadline(TimeSpan now) => Decide(now);

    private Entry Take(RelayCandidate candidate, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        if (!_entries.TryGetValue(candidate.Peer, out var entry))
        {
            MakeRoom();
            entry = new Entry(candidate.Peer);
            _entries.Add(candidate.Peer, entry);
        }

        entry.Addresses = candidate.Addresses;
        entry.SeenAt = now;
        return entry;
    }

    // The peers choose whether they are candidates: the one of least use makes room. Those named by the owner are not theirs to push out.
    private void MakeRoom()
    {
        var others = _entries.Values.Where(e => !e.IsOwners && !e.IsKept).ToList();
        if (others.Count >= _options.MaxCandidates)
        {
            _entries.Remove(others.OrderBy(e => e.Connected).ThenBy(e => e.Latency is null ? 0 : 1).ThenBy(e => e.SeenAt).First().Peer);
        }
    }

    private void BackOff(Entry entry, RelayFailure failure, TimeSpan now)
    {
        entry.WasRefused = failure == RelayFailure.Refused;
        entry.IsNoRelay |= failure == RelayFailure.NoRelay;
        if (entry.WasRefused)
        {
            entry.Refusals++;
        }

        var (first, most) = failure == RelayFailure.Unreachable
            ? (_options.FirstRetry, _options.MaxRetry)
            : (_options.FirstRetryAfterRefusal, _options.MaxRetryAfterRefusal);

        // Doubling, bounded; sixteen doublings exceed any bound in use. Up to a quarter on top, so that a relay's clients spread out.
        var doubled = first * (1L << Math.Min(entry.Failures, 16));
        var wait = doubled < most ? doubled : most;
        entry.RestsUntil = now + wait + _random.NextDelay(wait / 4);
        entry.Failures++;
    }

    private static void GiveBack(Entry entry, string reason, List<RelaySelectionEffect> effects)
    {
        entry.Standing = Standing.None;
        effects.Add(new RelaySelectionEffect.GiveBack(entry.Peer, reason));
    }

    private enum Standing
    {
        None,
        Asked,
        Held,
    }

    private sealed class Entry(PeerId peer)
    {
        public PeerId Peer { get; } = peer;

        public IReadOnlyList<Multiaddr> Addresses { get; set; } = [];

        /// <summary>To be kept in any case.</summary>
        public bool Named { get; set; }

        /// <summary>To be chosen from.</summary>
        public bool Suggested { get; set; }

        public bool IsOwners => Named || Suggested;

        public bool Connected { get; set; }

        public bool IsNoRelay { get; set; }

        public Standing Standing { get; set; }

        public bool IsKept => Standing != Standing.None;

        public TimeSpan SeenAt { get; set; }

        public TimeSpan HeldSince { get; set; }

        public TimeSpan? Latency { get; set; }

        public TimeSpan? MeasuringSince { get; set; }

        public TimeSpan? MeasuredAt { get; set; }

        public TimeSpan RestsUntil { get; set; } = TimeSpan.MinValue;

        public int Failures { get; set; }

        public int Refusals { get; set; }

        public bool WasRefused { get; set; }

        public string Problem { get; set; } = "";

        public RelayLimits? Limits { get; set; }

        public RelayUse Use { get; set; } = RelayUse.None;

        public RelayCandidateState ToState(string why) => new(Peer, Addresses[0], Latency, IsKept, why);
    }
}
