using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;

namespace NatActors.Protocols.AutoNat;

/// <summary>
/// What is asked about: one address by version 2, or by version 1 the address that servers observe, one for each IP version. Its evidence,
/// when it is looked at next, and the round under way.
/// </summary>
internal sealed class ProbeSubject
{
    private readonly Dictionary<PeerId, Pair> _pairs = [];
    private readonly Queue<TimeSpan> _dials = new();
    private readonly ReachabilityOptions _options;

    /// <summary>An address, by version 2.</summary>
    public ProbeSubject(Multiaddr address, ReachabilityOptions options)
    {
        Address = address;
        Path = ReachabilityPath.Of(address) ?? new ReachabilityPath(IpFamily.Ip4, IpProtocol.Tcp);
        IsPublic = AddressScope.IsPublic(address);
        _options = options;
        Evidence = new ReachabilityEvidence(options);
    }

    /// <summary>The observed address of an IP version, by version 1.</summary>
    public ProbeSubject(IpFamily family, ReachabilityOptions options)
    {
        Path = new ReachabilityPath(family, IpProtocol.Tcp);
        IsPublic = true;
        _options = options;
        Evidence = new ReachabilityEvidence(options);
    }

    /// <summary>The address; null for version 1.</summary>
    public Multiaddr? Address { get; }

    public ReachabilityPath Path { get; }

    public bool IsPublic { get; set; }

    public bool IsV1 => Address is null;

    public ReachabilityEvidence Evidence { get; }

    public V1Confidence Confidence { get; } = new();

    /// <summary>The questions out.</summary>
    public int Outstanding { get; set; }

    /// <summary>Those of them to servers that can have strangers dial back.</summary>
    public int PartnersOutstanding { get; set; }

    public ProbeRound? Round { get; set; }

    /// <summary>When the next round is due; null for when something happens.</summary>
    public TimeSpan? NextRound { get; set; }

    /// <summary>Rounds without a verdict in a row.</summary>
    public int Retries { get; set; }

    /// <summary>Rounds in a row that confirmed the verdict.</summary>
    public int Rechecks { get; set; }

    /// <summary>True when the next round has to come to a verdict soon.</summary>
    public bool IsUrgent { get; set; }

    /// <summary>True once a round came to its end.</summary>
    public bool WasTested { get; set; }

    /// <summary>Until when a private verdict on an address that is gone is remembered; null while it is a candidate.</summary>
    public TimeSpan? GoneUntil { get; set; }

    /// <summary>Earlier verdicts.</summary>
    public ReachabilityHistory History { get; } = new();

    /// <summary>
    /// Whether a server at that host, which listens itself on those paths, can be expected to dial this from outside: it stands outside, and
    /// has the IP version and the transport.
    /// </summary>
    public bool Fits(IPAddress host, IReadOnlyList<ReachabilityPath> paths) =>
        AddressScope.IsPublic(host) == IsPublic
        && (IsV1 ? ReachabilityPath.FamilyOf(host) == Path.Family : paths.Contains(Path));

    /// <summary>When that server may be asked again.</summary>
    public TimeSpan NotBefore(PeerId server) => _pairs.TryGetValue(server, out var pair) ? pair.NotBefore : TimeSpan.MinValue;

    /// <summary>When another question is allowed; in the past for at once.</summary>
    public TimeSpan NextDial(TimeSpan now)
    {
        while (_dials.TryPeek(out var first) && first <= now - _options.DialWindow)
        {
            _dials.Dequeue();
        }

        return _dials.Count < _options.MaxDials ? now : _dials.Peek() + _options.DialWindow;
    }

    public void OnAsked(PeerId server, TimeSpan now)
    {
        _dials.Enqueue(now);
        if (_pairs.Count >= _options.MaxServers && !_pairs.ContainsKey(server))
        {
            _pairs.Remove(_pairs.MinBy(p => p.Value.NotBefore).Key);
        }

        var refusals = _pairs.TryGetValue(server, out var pair) ? pair.Refusals : 0;
        _pairs[server] = new Pair(now + (IsV1 ? _options.V1Retry : _options.SameServer), refusals);
    }

    public void OnAnswered(PeerId server, ProbeTrouble trouble, TimeSpan now)
    {
        if (!_pairs.TryGetValue(server, out var pair))
        {
            return;
        }

        if (trouble != ProbeTrouble.DialRefused)
        {
            _pairs[server] = pair with { Refusals = 0 };
            return;
        }

        var pause = now + ProbeSchedule.Doubled(_options.FirstServerPause, pair.Refusals, _options.MaxServerPause);
        _pairs[server] = new Pair(pause > pair.NotBefore ? pause : pair.NotBefore, pair.Refusals + 1);
    }

    /// <summary>Every server may be asked again at once.</summary>
    /// <param name="afresh">True when the network is another, so that what was asked before does not count.</param>
    public void Forget(bool afresh)
    {
        _pairs.Clear();
        Retries = 0;
        Rechecks = 0;
        if (afresh)
        {
            _dials.Clear();
        }
    }

    private readonly record struct Pair(TimeSpan NotBefore, int Refusals);
}

/// <summary>One round of questions about one subject: from when it is due until the verdict is confirmed or nobody is left to ask.</summary>
internal sealed class ProbeRound(Reachability before, bool urgent)
{
    /// <summary>The verdict when it began.</summary>
    public Reachability Before { get; } = before;

    /// <summary>Something happened that the verdict may hang on.</summary>
    public bool IsUrgent { get; } = urgent;

    public HashSet<PeerId> Asked { get; } = [];

    public Dictionary<ReachabilityNetwork, int> Networks { get; } = [];

    public int PartnersAsked { get; set; }

    public int Claims { get; set; }

    public bool Reached { get; set; }

    public bool ReachedByStranger { get; set; }
}
