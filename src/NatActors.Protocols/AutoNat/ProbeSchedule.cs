using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>A question to be asked now.</summary>
/// <param name="Subject">What about.</param>
/// <param name="Server">Whom.</param>
/// <param name="Connection">Over which connection.</param>
/// <param name="Remote">The server's end of it.</param>
/// <param name="HasPartners">True when the server can have strangers dial back.</param>
internal sealed record ProbeDue(ProbeSubject Subject, ProbeServer Server, long Connection, Multiaddr Remote, bool HasPartners);

/// <summary>
/// Whom to ask about what, and when (go-libp2p addrs_reachability_tracker and autonatv2 client, with the differences that
/// <see cref="ReachabilityOptions"/> names). A subject is looked at in rounds:
/// <code>
/// idle --due, forced, a new server while there is no verdict--> round: servers are asked, those not heard yet first, three at a time
///      (one or two at a time while a verdict is only looked at again), until a nonce arrives, a verdict falls or nobody is left to ask
/// round --over--> idle for 5 s to 5 min without a verdict, for 5 min to 1 h with one
/// </code>
/// Servers rotate: the one that was asked longest ago comes first, one a network before a second of the same. A server answers two questions
/// of ours at a time; one that refuses or fails is paused; the same one is not asked about the same address within two minutes.
/// </summary>
internal sealed class ProbeSchedule(ReachabilityOptions options, ProbeServers servers)
{
    private const int MaxPerNetwork = 2;
    private const int MaxPartners = 3;

    private int _outstanding;

    /// <summary>A wait that doubles with each repetition, up to a bound.</summary>
    public static TimeSpan Doubled(TimeSpan first, int times, TimeSpan most)
    {
        // Sixteen doublings exceed any bound in use.
        var wait = first * (1L << Math.Min(times, 16));
        return wait < most ? wait : most;
    }

    /// <summary>The networks that could be asked about a subject; servers of no use are not waited for.</summary>
    public HashSet<ReachabilityNetwork> Eligible(ProbeSubject subject, TimeSpan now) =>
        [.. servers.For(subject).Where(s => !s.IsUseless(now)).Select(s => NetworkOf(s, subject))];

    /// <summary>The next question about the subject, or null; rounds start and end here.</summary>
    public ProbeDue? Next(ProbeSubject subject, TimeSpan now)
    {
        if (subject.Round is null)
        {
            if (subject.NextRound is not { } due || now < due || subject.GoneUntil is not null)
            {
                return null;
            }

            subject.Round = new ProbeRound(subject.Evidence.Verdict, subject.IsUrgent);
            subject.IsUrgent = false;
        }

        var round = subject.Round;
        var satisfied = IsSatisfied(subject, round, now);
        if (!satisfied && subject.Outstanding < ParallelOf(subject, round) && subject.NextDial(now) <= now)
        {
            if (_outstanding >= options.MaxOutstanding)
            {
                return null;
            }

            if (Choose(subject, round, now) is { } chosen)
            {
                return Ask(subject, round, chosen, now);
            }
        }

        if (subject.Outstanding == 0)
        {
            EndRound(subject, round, now);
        }

        return null;
    }

    /// <summary>A question is over.</summary>
    public void OnEnded(ProbeDue question, ProbeResult result, TimeSpan now)
    {
        var (subject, server) = (question.Subject, question.Server);
        _outstanding--;
        subject.Outstanding--;
        subject.PartnersOutstanding -= question.HasPartners ? 1 : 0;
        server.OnAnswered(result, options, now);
        subject.OnAnswered(server.Peer, result.Trouble, now);
        if (subject.Round is { } round)
        {
            round.Reached |= result.Outcome is WitnessOutcome.Reached or WitnessOutcome.ReachedByStranger;
            round.ReachedByStranger |= result.Outcome == WitnessOutcome.ReachedByStranger;
            round.Claims += result.Outcome is WitnessOutcome.NotReached or WitnessOutcome.ReachedByContactOnly ? 1 : 0;
        }
    }

    /// <summary>Looks at a subject as soon as possible.</summary>
    /// <param name="subject">The subject.</param>
    /// <param name="afresh">True when the network is another: whom we asked before does not count.</param>
    /// <param name="now">Monotonic time.</param>
    public static void Force(ProbeSubject subject, bool afresh, TimeSpan now)
    {
        subject.Forget(afresh);
        subject.Round = null;
        subject.NextRound = now;
        subject.IsUrgent = true;
    }

    /// <summary>A server is new, or back: where there is no verdict, or filtering is to be proven, it is asked soon.</summary>
    public void OnServer(ProbeServer server, ProbeSubject subject, TimeSpan now)
    {
        var evidence = subject.Evidence;
        var wanted = evidence.Verdict == Reachability.Unknown
            || subject.NextRound is null
            || (server.HasPartners && evidence is { Verdict: Reachability.Public, FilteringProven: false });
        if (wanted && subject.Round is null && server.ConnectionFor(subject) is not null)
        {
            var soon = now + options.FirstProbeDelay;
            subject.NextRound = subject.NextRound is { } due && due < soon ? due : soon;
        }
    }

    private int ParallelOf(ProbeSubject subject, ProbeRound round) => round.Before switch
    {
        Reachability.Unknown => options.Parallel,
        _ when round.IsUrgent => options.Parallel,
        Reachability.Public => round.Claims > 0 && !round.Reached ? options.Parallel : 1,
        _ => subject.IsV1 ? 1 : options.MinClaims,
    };

    /// <summary>Nothing is to be gained by asking on.</summary>
    private bool IsSatisfied(ProbeSubject subject, ProbeRound round, TimeSpan now)
    {
        var evidence = subject.Evidence;
        if (round.ReachedByStranger)
        {
            return true;
        }

        if (round.Reached)
        {
            return evidence.FilteringProven
                || round.PartnersAsked >= MaxPartners
                || !servers.For(subject).Any(s => s.HasPartners && MayBeAsked(s, subject, round, now));
        }

        return evidence is { Verdict: Reachability.Private, IsHeld: false }
            && (round.Before != Reachability.Private || round.Claims >= Math.Min(options.MinClaims, Eligible(subject, now).Count));
    }

    private ProbeServer? Choose(ProbeSubject subject, ProbeRound round, TimeSpan now) =>
        servers.For(subject)
            .Where(s => MayBeAsked(s, subject, round, now))
            .OrderBy(s => round.Networks.ContainsKey(NetworkOf(s, subject)))
            .ThenBy(s => subject.Evidence.HasHeard(NetworkOf(s, subject)))
            .ThenByDescending(s => round.Claims > 0 && subject.Evidence.WasReachedBy(NetworkOf(s, subject)))
            .ThenBy(s => s.IsDiscredited)
            .ThenByDescending(s => s.HasPartners)
            .ThenBy(s => s.LastAsked)
            .ThenBy(s => s.Rank)
            .FirstOrDefault();

    private static bool MayBeAsked(ProbeServer server, ProbeSubject subject, ProbeRound round, TimeSpan now) =>
        !server.IsBusy
        && server.PausedUntil <= now
        && subject.NotBefore(server.Peer) <= now
        && !round.Asked.Contains(server.Peer)
        && round.Networks.GetValueOrDefault(NetworkOf(server, subject)) < MaxPerNetwork;

    private ProbeDue Ask(ProbeSubject subject, ProbeRound round, ProbeServer server, TimeSpan now)
    {
        var network = NetworkOf(server, subject);
        round.Asked.Add(server.Peer);
        round.Networks[network] = round.Networks.GetValueOrDefault(network) + 1;
        round.PartnersAsked += server.HasPartners ? 1 : 0;
        subject.Outstanding++;
        subject.PartnersOutstanding += server.HasPartners ? 1 : 0;
        subject.OnAsked(server.Peer, now);
        server.Outstanding++;
        server.LastAsked = now;
        _outstanding++;
        var (connection, remote) = server.ConnectionFor(subject)!.Value;
        return new ProbeDue(subject, server, connection, remote, server.HasPartners);
    }

    private void EndRound(ProbeSubject subject, ProbeRound round, TimeSpan now)
    {
        subject.Round = null;
        if (round.Asked.Count == 0)
        {
            subject.NextRound = Available(subject, now);
            return;
        }

        subject.WasTested = true;
        var verdict = subject.Evidence.Verdict;
        var contested = (verdict == Reachability.Public && round is { Reached: false, Claims: > 0 }) || subject.Evidence.IsHeld;
        var evidence = !contested && (round.Reached || round.Claims > 0);
        subject.Confidence.OnRound(verdict, evidence);
        if (subject.Evidence.IsDoubted)
        {
            // Whoever said so may say it again then, or not.
            subject.NextRound = now + options.SameServer;
            return;
        }

        if (verdict == Reachability.Unknown || !evidence)
        {
            subject.Rechecks = 0;
            var retry = now + Doubled(subject.IsV1 ? options.V1Retry : options.FirstRetry, subject.Retries++, options.MaxRetry);
            subject.NextRound = Available(subject, now) is { } available && available > retry ? available : retry;
            return;
        }

        subject.Rechecks = verdict == round.Before ? subject.Rechecks + 1 : 0;
        subject.Retries = 0;
        subject.NextRound = now + (subject.IsV1
            ? subject.Confidence.IsFull ? options.V1Refresh : options.V1Retry
            : Doubled(options.FirstRecheck, subject.Rechecks, options.MaxRecheck));
    }

    /// <summary>When the first server may be asked; null when there is none.</summary>
    private TimeSpan? Available(ProbeSubject subject, TimeSpan now)
    {
        TimeSpan? first = null;
        foreach (var server in servers.For(subject))
        {
            var at = Later(server.PausedUntil, subject.NotBefore(server.Peer));
            first = first is { } known && known < at ? known : at;
        }

        // One that is busy with another question may be asked a moment later.
        return first is { } found ? Later(Later(found, now + options.FirstProbeDelay), subject.NextDial(now)) : null;
    }

    /// <summary>The network that a server of <see cref="ProbeServers.For"/> counts for.</summary>
    public static ReachabilityNetwork NetworkOf(ProbeServer server, ProbeSubject subject) =>
        ReachabilityNetwork.Of(server.Peer, server.ConnectionFor(subject)!.Value.Remote.Host!);

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
