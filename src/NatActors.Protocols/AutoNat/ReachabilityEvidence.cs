namespace NatActors.Protocols.AutoNat;

/// <summary>Whom a subject could ask, as far as it matters for judging.</summary>
/// <param name="Eligible">The networks of the servers that can be asked now.</param>
/// <param name="QuestionsOut">True while a question is unanswered.</param>
/// <param name="PartnerOut">True while one to a server is that can have strangers dial back.</param>
/// <param name="InRound">True while servers are being asked: another may yet say otherwise.</param>
/// <param name="Stranger">The stranger that came in on the same path by itself, if any.</param>
internal readonly record struct ReachabilityPanel(
    IReadOnlyCollection<ReachabilityNetwork> Eligible, bool QuestionsOut, bool PartnerOut, bool InRound, VerdictWitness? Stranger);

/// <summary>
/// What is known of one address, and the verdict on it. Two kinds of evidence are told apart:
/// <list type="bullet">
/// <item>A nonce that arrived is proof (autonat-v2.md). One makes the address public at once and voids every earlier claim.</item>
/// <item>A failure that a server reports is a claim. Claims make it private only when every known network (up to
/// <see cref="ReachabilityOptions.Panel"/>) was asked since the last proof, more than half of them claim it, and there are at least
/// <see cref="ReachabilityOptions.MinClaims"/>. Networks that would not dial at all do not count; where others gave no evidence either, the
/// second time round the claims stand alone. So one honest server that answers outweighs any number of liars about an address that is
/// reachable, and liars fewer than half move nothing about one that is not (proof cannot be made up).</item>
/// </list>
/// A nonce from a contacted host does not tell a filter by address (libp2p/specs issue 714): "public, filtering unproven", until a stranger
/// comes through. A server that says its own dial-back came through and a stranger's did not makes the address private; the first verdict
/// follows it at once, a public one only when it is said twice. Verdicts age (<see cref="ReachabilityOptions.TimeToLive"/>).
/// </summary>
internal sealed class ReachabilityEvidence(ReachabilityOptions options)
{
    private const int MaxNetworks = 64;
    private const int MaxWitnesses = 16;
    private const int MaxReports = 8;

    private readonly Dictionary<ReachabilityNetwork, Heard> _window = [];
    private readonly Dictionary<ReachabilityNetwork, Restriction> _restricted = [];
    private readonly List<VerdictWitness> _witnesses = [];
    private IReadOnlyList<VerdictWitness> _failures = [];
    private VerdictWitness? _reached;
    private VerdictWitness? _stranger;
    private ReachabilityNetwork? _reachedBy;
    private TimeSpan? _heldUntil;
    private TimeSpan? _patientUntil;

    /// <summary>The verdict.</summary>
    public Reachability Verdict { get; private set; }

    /// <summary>True when a stranger came through.</summary>
    public bool FilteringProven { get; private set; }

    /// <summary>Why, in words.</summary>
    public IReadOnlyList<string> Reasons { get; private set; } = [];

    /// <summary>The evidence that counts, the latest first, one a server.</summary>
    public IReadOnlyList<VerdictWitness> Witnesses => _witnesses;

    /// <summary>When time alone may change the verdict; null for never.</summary>
    public TimeSpan? NextExpiry
    {
        get
        {
            var newest = _reached?.At ?? (_failures.Count > 0 ? _failures.Max(f => f.At) : null);
            return _patientUntil ?? (newest is { } at ? at + options.TimeToLive : _heldUntil);
        }
    }

    /// <summary>True when that network answered, with whatever, in this window.</summary>
    public bool HasHeard(ReachabilityNetwork network) => _window.TryGetValue(network, out var heard) && heard.Answers > 0;

    /// <summary>True while the verdict is one from before a change of the network that nothing has confirmed yet.</summary>
    public bool IsHeld => _heldUntil is not null;

    /// <summary>True while it is public, and somebody said once that it is filtered by address.</summary>
    public bool IsDoubted => Verdict == Reachability.Public && !FilteringProven && _restricted.Count > 0;

    /// <summary>True when the last proof came by a server of that network.</summary>
    public bool WasReachedBy(ReachabilityNetwork network) => _reachedBy == network;

    /// <summary>A question was answered, or failed.</summary>
    /// <param name="network">The server's network.</param>
    /// <param name="witness">What came of it.</param>
    /// <param name="refused">True when the server would not dial the address.</param>
    public void Add(ReachabilityNetwork network, VerdictWitness witness, bool refused)
    {
        Remember(witness);
        switch (witness.Outcome)
        {
            case WitnessOutcome.Reached:
                OnReached(network, witness);
                break;
            case WitnessOutcome.ReachedByStranger:
                OnReached(network, witness);
                _stranger = witness;
                _restricted.Clear();
                break;
            case WitnessOutcome.ReachedByContactOnly:
                OnReached(network, witness);
                Restrict(network, witness);
                break;
            default:
                Count(network, witness, refused);
                break;
        }
    }

    /// <summary>Something happened that this may hang on: claims are counted anew. The verdict stands meanwhile.</summary>
    public void Recount() => _window.Clear();

    /// <summary>The network is another: what was known is void. The verdict stands for a short time, unless new evidence comes first.</summary>
    public void Invalidate(TimeSpan now)
    {
        _window.Clear();
        _restricted.Clear();
        _witnesses.Clear();
        _failures = [];
        _reached = null;
        _stranger = null;
        _heldUntil = now + options.ConfirmAfterChange;
    }

    /// <summary>Judges anew. True when the verdict, or whether filtering is proven, changed.</summary>
    public bool Decide(ReachabilityPanel panel, TimeSpan now)
    {
        Expire(now);
        var (verdict, proven) = (Verdict, FilteringProven);
        Judge(panel, now);
        return Verdict != verdict || FilteringProven != proven;
    }

    private void Judge(ReachabilityPanel panel, TimeSpan now)
    {
        _patientUntil = null;
        _heldUntil = _heldUntil <= now ? null : _heldUntil;
        if (Majority(panel) is { } claims)
        {
            _failures = claims;
            _reached = null;
            _stranger = null;
        }

        if (_failures.Count > 0)
        {
            Set(Reachability.Private, false, ReachabilityReasons.NotReached(_failures));
        }
        else if (_reached is not { } reached)
        {
            if (_heldUntil is null)
            {
                Set(Reachability.Unknown, false, ReachabilityReasons.NoEvidence(panel.Eligible.Count, _witnesses));
            }
        }
        else if (Latest(_stranger, panel.Stranger) is { } stranger && !IsOutdated(stranger, panel, now))
        {
            Set(Reachability.Public, true, ReachabilityReasons.Stranger(stranger));
        }
        else if (_restricted.Count > 0)
        {
            JudgeRestricted();
        }
        else if (Verdict == Reachability.Unknown && panel.PartnerOut && now < reached.At + options.PartnerPatience)
        {
            _patientUntil = reached.At + options.PartnerPatience;
        }
        else
        {
            Set(Reachability.Public, false, ReachabilityReasons.Unproven(reached));
        }
    }

    /// <summary>A public verdict is not given up for what one server says once.</summary>
    // What let strangers in may have been taken away since, a port forward before a router that filters by address; but while strangers come in
    // now and then no server's word about its partner counts, nor before the round is over in which another's may come.
    private bool IsOutdated(VerdictWitness stranger, ReachabilityPanel panel, TimeSpan now) =>
        !panel.InRound
        && now >= stranger.At + options.StrangerLasts
        && _restricted.Values.Sum(r => r.ReportsSince(stranger.At)) >= options.MinClaims;

    private static VerdictWitness? Latest(VerdictWitness? one, VerdictWitness? other) =>
        one is null || (other is not null && other.At > one.At) ? other : one;

    private void JudgeRestricted()
    {
        if (Verdict != Reachability.Public || _restricted.Values.Sum(r => r.Reports) >= options.MinClaims)
        {
            Set(Reachability.Private, false, ReachabilityReasons.Restricted([.. _restricted.Values.Select(r => r.Latest)]));
        }
    }

    /// <summary>The claims that decide, or null while they do not.</summary>
    private VerdictWitness[]? Majority(ReachabilityPanel panel)
    {
        // Whoever proved it last is heard in any case.
        var waits = _window.Count < options.Panel
            ? panel.Eligible.Any(n => !HasHeard(n))
            : _reached is not null && _reachedBy is { } prover && panel.Eligible.Contains(prover) && !HasHeard(prover);
        if (panel.QuestionsOut || waits)
        {
            return null;
        }

        var willing = _window
            .Where(h => h.Value.Claim is not null || (!h.Value.OnlyRefused && panel.Eligible.Contains(h.Key)))
            .Select(h => h.Value)
            .ToArray();
        var claiming = willing.Where(h => h.Claim is not null).ToArray();
        if (claiming.Sum(h => h.Claims) < options.MinClaims)
        {
            return null;
        }

        var decided = claiming.Length * 2 > willing.Length || willing.All(h => h.Answers > 1);
        return decided ? [.. claiming.Select(h => h.Claim!).OrderByDescending(c => c.At)] : null;
    }

    /// <summary>A window begins, in which its own witness has not been heard yet.</summary>
    private void OnReached(ReachabilityNetwork network, VerdictWitness witness)
    {
        _reached = witness;
        _reachedBy = network;
        _failures = [];
        _window.Clear();
        _heldUntil = null;
    }

    private void Count(ReachabilityNetwork network, VerdictWitness witness, bool refused)
    {
        if (!_window.TryGetValue(network, out var heard))
        {
            MakeRoom();
            heard = new Heard();
            _window[network] = heard;
        }

        heard.Add(witness, refused);
        if (witness.Outcome == WitnessOutcome.NotReached && _failures.Count > 0)
        {
            _failures = [witness, .. _failures.Where(f => !f.Server.Equals(witness.Server)).Take(MaxWitnesses - 1)];
        }
    }

    private void Restrict(ReachabilityNetwork network, VerdictWitness witness)
    {
        if (_restricted.Count < MaxNetworks || _restricted.ContainsKey(network))
        {
            var times = _restricted.TryGetValue(network, out var known) ? known.Times : [];
            _restricted[network] = new Restriction(witness, [witness.At, .. times.Take(MaxReports - 1)]);
        }
    }

    private void Set(Reachability verdict, bool proven, IReadOnlyList<string> reasons)
    {
        Verdict = verdict;
        FilteringProven = proven;
        Reasons = reasons;
    }

    private void Remember(VerdictWitness witness)
    {
        var isEvidence = witness.Outcome != WitnessOutcome.NoEvidence;
        if (!isEvidence && _witnesses.Exists(w => w.Server.Equals(witness.Server) && w.Outcome != WitnessOutcome.NoEvidence))
        {
            return;
        }

        _witnesses.RemoveAll(w => w.Server.Equals(witness.Server));
        _witnesses.Insert(0, witness);
        if (_witnesses.Count > MaxWitnesses)
        {
            _witnesses.RemoveAt(MaxWitnesses);
        }
    }

    private void MakeRoom()
    {
        if (_window.Count >= MaxNetworks)
        {
            _window.Remove(_window.MinBy(h => h.Value.At).Key);
        }
    }

    private void Expire(TimeSpan now)
    {
        var oldest = now - options.TimeToLive;
        _witnesses.RemoveAll(w => w.At <= oldest);
        _reached = _reached?.At <= oldest ? null : _reached;
        _stranger = _stranger?.At <= oldest ? null : _stranger;
        _failures = _failures.Count > 0 && _failures.Max(f => f.At) <= oldest ? [] : _failures;
        foreach (var (network, restriction) in _restricted)
        {
            if (restriction.Latest.At <= oldest)
            {
                _restricted.Remove(network);
            }
        }

        foreach (var (network, heard) in _window)
        {
            if (heard.At <= now - options.Window)
            {
                _window.Remove(network);
            }
        }
    }

    private readonly record struct Restriction(VerdictWitness Latest, IReadOnlyList<TimeSpan> Times)
    {
        public int Reports => Times.Count;

        public int ReportsSince(TimeSpan when) => Times.Count(at => at > when);
    }

    /// <summary>What one network said in this window.</summary>
    private sealed class Heard
    {
        public int Answers { get; private set; }

        public int Claims { get; private set; }

        public bool OnlyRefused { get; private set; } = true;

        public VerdictWitness? Claim { get; private set; }

        public TimeSpan At { get; private set; }

        public void Add(VerdictWitness witness, bool refused)
        {
            Answers++;
            At = witness.At;
            OnlyRefused &= refused;
            if (witness.Outcome == WitnessOutcome.NotReached)
            {
                Claims++;
                Claim = witness;
            }
        }
    }
}
