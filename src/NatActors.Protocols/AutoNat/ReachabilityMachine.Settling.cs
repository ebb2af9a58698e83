using NatActors.Multiformats;
using NatActors.Protocols.Addresses;

namespace NatActors.Protocols.AutoNat;

/// <content>After each event: judge, ask, judge the node, tell.</content>
public sealed partial class ReachabilityMachine
{
    private readonly ReachabilityHistory _history = new();

    private IReadOnlyList<ReachabilityEffect> Settle(List<ReachabilityEffect> effects, TimeSpan now)
    {
        _subjects.RemoveAll(s => s.GoneUntil <= now);
        ChooseVersion(now);
        foreach (var subject in _subjects.Where(s => s.GoneUntil is null).Concat(_v1))
        {
            // One that is gone is judged when it comes back: nothing is confirmed that is no address of this node.
            Decide(subject, effects, now);
        }

        foreach (var subject in _subjects.Concat(_v1From <= now ? _v1.Where(HasCandidate) : []))
        {
            while (_schedule.Next(subject, now) is { } due)
            {
                effects.Add(ToAsk(due));
            }
        }

        JudgeNode(effects, now);
        NextDeadline = Deadlines().Min();
        return effects;
    }

    /// <summary>Version 1 is asked where no version 2 server has been known for a while, about the IP versions that there are candidates of.</summary>
    private void ChooseVersion(TimeSpan now)
    {
        if (_servers.AnyV2 || !_servers.AnyV1)
        {
            _v1From = null;
            return;
        }

        _v1From ??= now + _options.V1Delay;
        foreach (var family in _candidates.Select(a => ReachabilityPath.Of(a)!.Value.Family).Distinct())
        {
            if (!_v1.Exists(s => s.Path.Family == family))
            {
                _v1.Add(new ProbeSubject(family, _options) { NextRound = _v1From });
            }
        }

        foreach (var subject in _v1)
        {
            subject.IsPublic = _candidates.Any(a => AddressScope.IsPublic(a) && ReachabilityPath.Of(a)!.Value.Family == subject.Path.Family);
            subject.NextRound ??= _v1From;
        }
    }

    /// <summary>Version 1 names addresses: without any of that IP version there is nothing to ask about.</summary>
    private bool HasCandidate(ProbeSubject v1) => _candidates.Any(a => ReachabilityPath.Of(a)!.Value.Family == v1.Path.Family);

    private void Decide(ProbeSubject subject, List<ReachabilityEffect> effects, TimeSpan now)
    {
        var evidence = subject.Evidence;
        var was = evidence.Verdict;
        var stranger = _strangers.TryGetValue((subject.Path, subject.IsPublic), out var seen) && seen.At > now - _options.TimeToLive ? seen : null;
        var panel = new ReachabilityPanel(
            _schedule.Eligible(subject, now), subject.Outstanding > 0, subject.PartnersOutstanding > 0, subject.Round is not null, stranger);
        if (!evidence.Decide(panel, now) || evidence.Verdict == was)
        {
            return;
        }

        var reason = evidence.Reasons.Count > 0 ? evidence.Reasons[0] : "";
        subject.History.Add(evidence.Verdict, now, reason);
        if (subject.Address is not { } address)
        {
            return;
        }

        if (evidence.Verdict == Reachability.Public)
        {
            effects.Add(new ReachabilityEffect.Confirmed(address, reason));
        }
        else if (was == Reachability.Public)
        {
            effects.Add(new ReachabilityEffect.Lost(address, reason));
        }
    }

    private ReachabilityEffect.Ask ToAsk(ProbeDue due)
    {
        _questions[++_lastQuestion] = (due, _epoch);
        return new ReachabilityEffect.Ask(new ReachabilityQuestion
        {
            Id = _lastQuestion,
            Server = due.Server.Peer,
            ConnectionId = due.Connection,
            ServerAddress = due.Remote,
            IsV1 = due.Subject.IsV1,
            Addresses = due.Subject.Address is { } address ? [address] : [.. _candidates.Take(AutoNatV1Codec.MaxAddresses)],
        });
    }

    private void JudgeNode(List<ReachabilityEffect> effects, TimeSpan now)
    {
        var addresses = _subjects.Where(s => s.GoneUntil is null).Select(ToVerdict).ToArray();
        var (verdict, proven, reasons) = JudgeNode(addresses, now);
        var changed = verdict != Verdict.Verdict || proven != Verdict.FilteringProven;
        if (verdict != Verdict.Verdict)
        {
            _history.Add(verdict, now, reasons.Count > 0 ? reasons[0] : "");
        }

        var next = new NodeVerdict
        {
            Verdict = verdict,
            FilteringProven = proven,
            Reasons = reasons,
            Addresses = addresses,
            History = _history.Entries,
        };
        var worthTelling = changed || !reasons.SequenceEqual(Verdict.Reasons) || !SameAddresses(addresses, Verdict.Addresses);
        Verdict = next;
        if (changed)
        {
            effects.Add(new ReachabilityEffect.VerdictChanged(next));
        }

        if (worthTelling)
        {
            effects.Add(new ReachabilityEffect.Tell(next));
        }
    }

    /// <summary>libp2p/specs issue 713.</summary>
    private (Reachability Verdict, bool Proven, IReadOnlyList<string> Reasons) JudgeNode(AddressVerdict[] addresses, TimeSpan now)
    {
        var open = addresses.Where(a => a.Verdict == Reachability.Public).ToArray();
        if (open.Length > 0)
        {
            return (Reachability.Public, open.Any(a => a.FilteringProven), [.. Words(open.OrderByDescending(a => a.FilteringProven))]);
        }

        var closed = _subjects.Where(s => s.Evidence.Verdict == Reachability.Private).ToArray();
        if (closed.Length > 0)
        {
            // An address that is being tested for the first time may turn out public; a private verdict that stands is not taken back for it.
            var testing = _subjects.Any(s => s.GoneUntil is null && !s.WasTested && s.NextRound is not null && _schedule.Eligible(s, now).Count > 0);
            return testing && Verdict.Verdict != Reachability.Private
                ? (Reachability.Unknown, false, ["not every address is tested yet"])
                : (Reachability.Private, false, [.. Words(closed.Select(ToVerdict))]);
        }

        return JudgeByV1() ?? (Reachability.Unknown, false, WhyUnknown(addresses));
    }

    private (Reachability Verdict, bool Proven, IReadOnlyList<string> Reasons)? JudgeByV1()
    {
        if (_v1.Find(s => s.Evidence.Verdict == Reachability.Public) is { } open)
        {
            return (Reachability.Public, open.Evidence.FilteringProven, [.. open.Evidence.Reasons.Select(r => $"AutoNAT 1, {open.Path}: {r}")]);
        }

        return _v1.Find(s => s.Evidence.Verdict == Reachability.Private) is { } closed
            ? (Reachability.Private, false, [.. closed.Evidence.Reasons.Select(r => $"AutoNAT 1, {closed.Path}: {r}")])
            : null;
    }

    private IReadOnlyList<string> WhyUnknown(AddressVerdict[] addresses) =>
        addresses.Length == 0 ? [ReachabilityReasons.NoAddress]
        : !_servers.AnyV2 && !_servers.AnyV1 ? [ReachabilityReasons.NoServer]
        : [.. Words(addresses)];

    private static IEnumerable<string> Words(IEnumerable<AddressVerdict> addresses) =>
        addresses.Take(ReachabilityReasons.MostNamed).Select(a => ReachabilityReasons.Of(a.Address, a));

    private static AddressVerdict ToVerdict(ProbeSubject subject) => new()
    {
        Address = subject.Address!,
        Verdict = subject.Evidence.Verdict,
        FilteringProven = subject.Evidence.FilteringProven,
        Reasons = subject.Evidence.Reasons,
        Witnesses = [.. subject.Evidence.Witnesses],
        History = subject.History.Entries,
    };

    private static bool SameAddresses(IReadOnlyList<AddressVerdict> a, IReadOnlyList<AddressVerdict> b) =>
        a.Count == b.Count
        && a.Zip(b).All(p => p.First.Address == p.Second.Address
            && p.First.Verdict == p.Second.Verdict
            && p.First.FilteringProven == p.Second.FilteringProven
            && p.First.Reasons.SequenceEqual(p.Second.Reasons));

    private IEnumerable<TimeSpan?> Deadlines()
    {
        foreach (var subject in _subjects)
        {
            yield return subject.Round is null && subject.GoneUntil is null ? subject.NextRound : null;
            yield return subject.GoneUntil ?? subject.Evidence.NextExpiry;
        }

        foreach (var subject in _v1)
        {
            var isDue = subject.Round is null && HasCandidate(subject);
            yield return isDue && _v1From is { } from && subject.NextRound is { } due ? (due > from ? due : from) : null;
            yield return subject.Evidence.NextExpiry;
        }
    }
}
