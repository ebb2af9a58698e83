using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.Relay;

/// <summary>Which relay is better, and when one is taken.</summary>
public sealed partial class RelaySelection
{
    // What a drawback counts for, in milliseconds of latency. Ours.
    private const double SameNetwork = 1000;
    private const double NotPublic = 2000;
    private const double Refusal = 250;
    private const int CountedRefusals = 4;
    private const double EmptyBudget = 1000;

    // A budget of this much serves: go-libp2p's relays give two minutes and 128 KiB, 16 circuits for each peer.
    private const double FairBytes = 128 * 1024;
    private const double FairCircuits = 16;
    private static readonly TimeSpan FairDuration = TimeSpan.FromMinutes(2);

    // Two relays in one such network are likely to fail together: the usual sizes of a provider's blocks.
    private const int NetworkBits4 = 16;
    private const int NetworkBits6 = 32;

    private bool IsWanted(TimeSpan now) =>
        _options.Relays > 0
        && _started is { } started
        && (_verdict == Reachability.Private
            || (_verdict == Reachability.Unknown && !_options.OnlyWhenPrivate && now >= started + _options.VerdictWait));

    private List<RelaySelectionEffect> Decide(TimeSpan now)
    {
        var effects = new List<RelaySelectionEffect>();
        if (_started is null)
        {
            return effects;
        }

        Age(now);
        var review = now >= _reviewAt;
        _reviewAt = review ? now + _options.ReviewEvery : _reviewAt;
        if (_verdict == Reachability.Public)
        {
            GiveAllBack(effects);
        }

        Measure(now, effects);
        if (IsWanted(now))
        {
            Fill(now, effects);
            if (review)
            {
                Review(now, effects);
            }
        }

        NextDeadline = Deadlines(now).Where(d => d > now).Cast<TimeSpan?>().Min();
        return effects;
    }

    private bool MayLook => _options.Relays > 0 && _verdict != Reachability.Public;

    private IEnumerable<TimeSpan> Deadlines(TimeSpan now)
    {
        yield return _reviewAt;
        if (!MayLook)
        {
            yield break;
        }

        if (_verdict == Reachability.Unknown && !_options.OnlyWhenPrivate)
        {
            yield return _started!.Value + _options.VerdictWait;
        }

        if (_needSince is { } since)
        {
            yield return since + _options.MeasureWait;
        }

        foreach (var entry in _entries.Values.Where(e => !e.IsKept && !e.Named && e.RestsUntil > now))
        {
            yield return entry.RestsUntil;
        }
    }

    private void GiveAllBack(List<RelaySelectionEffect> effects)
    {
        _needSince = null;
        _replacing = null;
        foreach (var entry in _entries.Values.Where(e => e.IsKept && !e.Named))
        {
            GiveBack(entry, "given back: this node is publicly reachable and needs no relay", effects);
        }
    }

    private void Age(TimeSpan now)
    {
        foreach (var entry in _entries.Values.Where(
            e => !e.Connected && !e.IsKept && !e.IsOwners && now - e.SeenAt >= _options.CandidateAge).ToList())
        {
            _entries.Remove(entry.Peer);
        }
    }

    // Connected ones are measured while the verdict is still awaited; the others are connected to for it, which is only done for a reason.
    private void Measure(TimeSpan now, List<RelaySelectionEffect> effects)
    {
        foreach (var entry in _entries.Values)
        {
            var due = entry.MeasuringSince is null
                && (entry.MeasuredAt is not { } at || now >= at + _options.ReviewEvery)
                && (entry.Connected ? entry.IsKept || MayLook : IsWorthConnecting(entry, now));
            if (due)
            {
                entry.MeasuringSince = now;
                effects.Add(new RelaySelectionEffect.Measure(entry.Peer, entry.Addresses));
            }
        }
    }

    private bool IsWorthConnecting(Entry entry, TimeSpan now) =>
        entry.Suggested && !entry.IsKept && IsRested(entry, now) && IsWanted(now) && Missing() > 0;

    private int Missing() => _options.Relays - _entries.Values.Count(e => e.IsKept && e.Peer != _replacing?.Better);

    private void Fill(TimeSpan now, List<RelaySelectionEffect> effects)
    {
        while (Missing() > 0 && Eligible(now) is { Count: > 0 } eligible)
        {
            _needSince ??= now;
            if (now < _needSince + _options.MeasureWait && eligible.Any(e => e.MeasuringSince is not null && e.Latency is null))
            {
                return;
            }

            Reserve(eligible.MinBy(e => Score(e, now))!, effects);
        }

        _needSince = null;
    }

    private List<Entry> Eligible(TimeSpan now) => [.. _entries.Values.Where(e => !e.IsKept && !e.Named && IsRested(e, now) && IsRelay(e))];

    private static bool IsRested(Entry entry, TimeSpan now) => now >= entry.RestsUntil;

    // One that the owner names may have become a relay since.
    private static bool IsRelay(Entry entry) => !entry.IsNoRelay || entry.Suggested;

    private static void Reserve(Entry entry, List<RelaySelectionEffect> effects)
    {
        entry.Standing = Standing.Asked;
        effects.Add(new RelaySelectionEffect.Reserve(entry.Peer, entry.Addresses));
    }

    /// <summary>Now and then: one too many goes (an own one came back), or a clearly better one comes first and the worst goes then.</summary>
    private void Review(TimeSpan now, List<RelaySelectionEffect> effects)
    {
        var kept = _entries.Values.Where(e => e.Standing == Standing.Held && !e.Named && e.Use.Circuits == 0).ToList();
        if (kept.Count == 0 || _replacing is not null)
        {
            return;
        }

        var worst = kept.MaxBy(e => Score(e, now))!;
        if (Missing() < 0)
        {
            GiveBack(worst, "more relays than wanted are held", effects);
            return;
        }

        // Compared as if the worst were gone: its network is free then.
        var better = Eligible(now).MinBy(e => Score(e, now, worst));
        if (better?.Latency is not null
            && !(now < _replacedAt + _options.ReplaceAtMostEvery)
            && Score(worst, now) - Score(better, now, worst) >= _options.ReplaceGain.TotalMilliseconds
            && Score(better, now, worst) * 2 <= Score(worst, now))
        {
            _replacing = (better.Peer, worst.Peer);
            Reserve(better, effects);
        }
    }

    /// <summary>How bad a relay is: its latency in milliseconds, and its drawbacks as if they were latency.</summary>
    private double Score(Entry entry, TimeSpan now, Entry? without = null)
    {
        var others = _entries.Values.Where(e => e.IsKept && e != entry && e != without);
        var network = NetworkOf(entry);
        return (entry.Latency ?? _options.UnmeasuredLatency).TotalMilliseconds
            + (network is not null && others.Any(o => NetworkOf(o) == network) ? SameNetwork : 0)
            + (AddressScope.IsPublic(entry.Addresses[0]) ? 0 : NotPublic)
            + (Math.Min(entry.Refusals, CountedRefusals) * Refusal)
            + ((1 - Budget(entry)) * EmptyBudget);
    }

    /// <summary>What is left of a relay's budget, from 0 to 1: of what it allows a circuit, of the circuits in use, and of their number.</summary>
    private static double Budget(Entry entry)
    {
        var limits = entry.Limits ?? RelayLimits.None;
        var bytes = limits.BytesPerDirection is { } most ? most / FairBytes : 1;
        var time = limits.Duration is { } longest ? longest / FairDuration : 1;
        var circuits = limits.Unlimited ? 1 : 1 - (entry.Use.Circuits / FairCircuits);
        return Math.Clamp(Math.Min(Math.Min(bytes, time), Math.Min(circuits, entry.Use.ShareLeft)), 0, 1);
    }

    private static AddressPrefix? NetworkOf(Entry entry) =>
        entry.Addresses[0].Host is { } host ? AddressPrefix.Of(host, NetworkBits4, NetworkBits6) : null;

    private string Why(Entry entry, TimeSpan now)
    {
        if (entry.IsKept)
        {
            return entry.Problem;
        }

        if (!IsRested(entry, now))
        {
            return $"{entry.Problem}; tried again in {Math.Ceiling((entry.RestsUntil - now).TotalSeconds)} s";
        }

        return entry.IsNoRelay ? "it is no relay"
            : _verdict == Reachability.Public ? "this node needs no relay"
            : !IsWanted(now) ? "the verdict is awaited"
            : Missing() <= 0 ? "enough relays are held"
            : entry.MeasuringSince is not null ? "being measured"
            : "";
    }
}
