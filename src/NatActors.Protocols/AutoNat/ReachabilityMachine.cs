using NatActors.Multiformats;
using NatActors.Protocols.Addresses;

namespace NatActors.Protocols.AutoNat;

/// <summary>
/// Whether strangers can dial this node, found out by asking servers of AutoNAT: a verdict for each candidate address and one for the node.
/// Every event returns what it leads to; time is an argument.
/// </summary>
/// <remarks>
/// <para>Rules and where they come from:</para>
/// <list type="bullet">
/// <item>Version 2 decides, address by address (autonat-v2.md); version 1, which tests only the IP address that the server observes
/// (autonat-v1.md), is asked where no version 2 server is known. The node is public if any address is, private if all that were tested are
/// not, else unknown (libp2p/specs issue 713).</item>
/// <item>A nonce that arrived is proof, a failure that a server reports is a claim, everything else (refused, rejected, silent, broken, a
/// claimed success that never arrived) is no evidence. How proofs and claims make a verdict: <see cref="ReachabilityEvidence"/>.</item>
/// <item>A dial-back from a host that this node had contacted passes a filter by address, so it does not show that strangers can dial
/// (libp2p/specs issue 714): "public, filtering unproven" until a dial-back or a plain connection comes in from a host that was not.</item>
/// <item>Whom to ask, how often and in what order: <see cref="ProbeSchedule"/> (go-libp2p addrs_reachability_tracker). A network change, a
/// lost relay, a new or expired mapping are probed at once.</item>
/// </list>
/// Everything that peers make it remember is bounded by <see cref="ReachabilityOptions"/>.
/// </remarks>
public sealed partial class ReachabilityMachine
{
    private readonly ReachabilityOptions _options;
    private readonly ProbeServers _servers;
    private readonly ProbeSchedule _schedule;
    private readonly Dictionary<long, (ProbeDue Due, long Epoch)> _questions = [];
    private readonly Dictionary<(ReachabilityPath Path, bool Public), VerdictWitness> _strangers = [];
    private readonly Dictionary<Multiaddr, VerdictWitness> _arrivals = [];
    private readonly List<ProbeSubject> _v1 = [];
    private List<ProbeSubject> _subjects = [];
    private IReadOnlyList<Multiaddr> _candidates = [];
    private TimeSpan? _v1From;
    private long _epoch;
    private long _lastQuestion;

    /// <summary>Nothing known yet.</summary>
    public ReachabilityMachine(ReachabilityOptions options, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        _options = options;
        _servers = new ProbeServers(options, random);
        _schedule = new ProbeSchedule(options, _servers);
    }

    /// <summary>What is known.</summary>
    public NodeVerdict Verdict { get; private set; } = NodeVerdict.None;

    /// <summary>The confidence of version 1, the lesser of both IP versions, 0 to 3; null while version 1 is not asked.</summary>
    public int? V1ConfidenceNow => _v1.Count == 0 ? null : _v1.Min(s => s.Confidence.Value);

    /// <summary>When to call <see cref="OnTimer"/>; null for never.</summary>
    public TimeSpan? NextDeadline { get; private set; }

    /// <summary>The peers that can be asked, with the version that they are asked by and what they answered last.</summary>
    public IReadOnlyList<(PeerId Peer, bool V2, string LastAnswer)> Servers =>
        [.. _servers.All.Where(s => s.IsConnected && (s.SpeaksV1 || s.SpeaksV2)).Select(s => (s.Peer, s.SpeaksV2, s.LastAnswer))];

    /// <summary>The addresses to be tested are these, the most important first; those beyond the limit are left out.</summary>
    public IReadOnlyList<ReachabilityEffect> OnCandidates(IReadOnlyList<Multiaddr> addresses, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        var effects = new List<ReachabilityEffect>();
        _candidates = [.. addresses.Select(a => a.WithoutPeerId()).Where(a => ReachabilityPath.Of(a) is not null).Distinct().Take(_options.MaxAddresses)];
        var known = _subjects.ToDictionary(s => s.Address!);
        var next = new List<ProbeSubject>();
        foreach (var address in _candidates)
        {
            if (!known.Remove(address, out var subject))
            {
                subject = NewSubject(address, now);
            }
            else if (subject.GoneUntil is not null)
            {
                subject.GoneUntil = null;
                ProbeSchedule.Force(subject, afresh: false, now);
            }

            next.Add(subject);
        }

        foreach (var gone in known.Values)
        {
            LetGo(gone, next, effects, now);
        }

        _subjects = next;
        return Settle(effects, now);
    }

    /// <summary>A peer said who it is, or said it anew.</summary>
    public IReadOnlyList<ReachabilityEffect> OnPeer(ProbePeer peer, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (_servers.OnPeer(peer, now) is { } server)
        {
            foreach (var subject in _subjects)
            {
                _schedule.OnServer(server, subject, now);
            }
        }

        return Settle([], now);
    }

    /// <summary>A connection is gone.</summary>
    public IReadOnlyList<ReachabilityEffect> OnConnectionGone(long connectionId, TimeSpan now)
    {
        _servers.OnConnectionGone(connectionId, now);
        return Settle([], now);
    }

    /// <summary>
    /// A plain connection came in by the shared port from a host that this node had never contacted: no filter by address stands before that
    /// port, for its IP version and transport; one from inside says nothing of public addresses. Behind a NAT it does not say at which address
    /// it came in. Where this end of it is a public address itself it does, and is proof: so the first nodes of a network of their own learn
    /// that they are public, with no server there yet. One from the same network (IPv4 /24, IPv6 /48) may have come round the firewall.
    /// </summary>
    public IReadOnlyList<ReachabilityEffect> OnStranger(PeerId peer, Multiaddr local, Multiaddr remote, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(remote);
        // A neighbour behind the same router that comes in round its outside: what that turns back passes no filter.
        if (ReachabilityPath.Of(remote) is not { } path || _candidates.Any(a => a.Host is { } own && own.Equals(remote.Host)))
        {
            return [];
        }

        var witness = new VerdictWitness(
            peer, remote, WitnessOutcome.ReachedByStranger, $"{remote.Host}, which this node had never contacted, connected to it", now);
        _strangers[(path, AddressScope.IsPublic(remote))] = witness;
        var (here, there) = (ReachabilityNetwork.Of(peer, local.Host!), ReachabilityNetwork.Of(peer, remote.Host!));
        if (AddressScope.IsPublic(local) && AddressScope.IsPublic(remote) && here != there)
        {
            var address = local.WithoutPeerId();
            if (_arrivals.Count < _options.MaxAddresses || _arrivals.ContainsKey(address))
            {
                _arrivals[address] = witness;
            }

            _subjects.Find(s => s.Address == address)?.Evidence.Add(there, witness, refused: false);
        }

        return Settle([], now);
    }

    /// <summary>Something happened that addresses may hang on: a lost relay, a new or expired mapping. They are tested at once.</summary>
    /// <param name="addresses">The addresses in question; null for all.</param>
    /// <param name="now">Monotonic time.</param>
    public IReadOnlyList<ReachabilityEffect> OnProbeAgain(IReadOnlyList<Multiaddr>? addresses, TimeSpan now)
    {
        foreach (var subject in _subjects.Concat(_v1))
        {
            if (addresses is null || (subject.Address is { } address && addresses.Any(a => a.WithoutPeerId() == address)))
            {
                subject.Evidence.Recount();
                ProbeSchedule.Force(subject, afresh: false, now);
            }
        }

        return Settle([], now);
    }

    /// <summary>The machine's network is another: what was known is void, and everything is tested at once.</summary>
    public IReadOnlyList<ReachabilityEffect> OnNetworkChanged(TimeSpan now)
    {
        _epoch++;
        _strangers.Clear();
        _arrivals.Clear();
        _subjects.RemoveAll(s => s.GoneUntil is not null);
        foreach (var server in _servers.All)
        {
            server.Forgive();
        }

        foreach (var subject in _subjects.Concat(_v1))
        {
            subject.Evidence.Invalidate(now);
            ProbeSchedule.Force(subject, afresh: true, now);
        }

        return Settle([], now);
    }

    /// <summary>A question is over.</summary>
    public IReadOnlyList<ReachabilityEffect> OnEnded(long question, ProbeResult result, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (!_questions.Remove(question, out var asked))
        {
            return [];
        }

        var (due, epoch) = asked;

        // What was asked in another network says nothing about this one; who claims what cannot be is not believed.
        var unbelieved = due.Server.IsDiscredited && result.Outcome is WitnessOutcome.NotReached or WitnessOutcome.ReachedByContactOnly;
        if (epoch != _epoch || unbelieved)
        {
            result = new ProbeResult(
                WitnessOutcome.NoEvidence,
                ProbeTrouble.None,
                epoch != _epoch ? "the network changed meanwhile" : $"not believed for what it said before; it says that {result.Detail}");
        }

        if (result.Outcome == WitnessOutcome.ReachedByContactOnly && !due.HasPartners)
        {
            // Partners are servers (README, "The dial-back partner protocol"): one who is none has none that could have been dropped.
            result = new ProbeResult(WitnessOutcome.Reached, ProbeTrouble.None, "its dial-back came through, though it says that it failed");
        }

        _schedule.OnEnded(due, result, now);
        if (epoch == _epoch)
        {
            var witness = new VerdictWitness(due.Server.Peer, due.Remote, result.Outcome, result.Detail, now);
            due.Subject.Evidence.Add(
                ReachabilityNetwork.Of(due.Server.Peer, due.Remote.Host!), witness, result.Trouble == ProbeTrouble.DialRefused);
        }

        return Settle([], now);
    }

    /// <summary>Time went by.</summary>
    public IReadOnlyList<ReachabilityEffect> OnTimer(TimeSpan now) => Settle([], now);

    private ProbeSubject NewSubject(Multiaddr address, TimeSpan now)
    {
        var subject = new ProbeSubject(address, _options) { NextRound = now + _options.FirstProbeDelay };
        if (_arrivals.TryGetValue(address, out var arrival) && arrival.At > now - _options.TimeToLive)
        {
            subject.Evidence.Add(ReachabilityNetwork.Of(arrival.Server, arrival.ServerAddress.Host!), arrival, refused: false);
        }

        // The other addresses of that path may have been replaced by this one.
        foreach (var other in _subjects.Where(s => s.Path == subject.Path && s.Evidence.Verdict == Reachability.Public))
        {
            other.NextRound = subject.NextRound;
        }

        foreach (var v1 in _v1.Where(s => s.Path.Family == subject.Path.Family))
        {
            v1.Confidence.OnNewAddress();
        }

        return subject;
    }

    /// <summary>A private verdict is remembered for a while: addresses of a symmetric NAT come and go, the verdict on the node does not.</summary>
    private void LetGo(ProbeSubject gone, List<ProbeSubject> kept, List<ReachabilityEffect> effects, TimeSpan now)
    {
        switch (gone.Evidence.Verdict)
        {
            case Reachability.Public:
                effects.Add(new ReachabilityEffect.Lost(gone.Address!, "it is no address of this node any more"));
                break;
            case Reachability.Private when gone.GoneUntil is null && kept.Count(s => s.GoneUntil is not null) < _options.MaxAddresses:
                gone.GoneUntil = now + _options.Window;
                gone.Round = null;
                kept.Add(gone);
                break;
            case Reachability.Private when gone.GoneUntil > now:
                kept.Add(gone);
                break;
            default:
                break;
        }
    }
}
