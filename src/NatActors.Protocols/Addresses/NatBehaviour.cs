using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Protocols.Addresses;

/// <summary>
/// What stands between this node and the internet, in the terms of RFC 4787 and RFC 5382, for IPv4 and IPv6, TCP and UDP apart. Evidence:
/// what observers see of the shared port (<see cref="NatMappingRules"/>), some on a second port of theirs, AutoNAT's dial-backs (<see cref="NatFilteringRules"/>), the
/// external addresses that routers report, and a dial of the own outside address. Where evidence is short the claim is "unknown", with the
/// reason; a claim on the mapping is held for a while after its witnesses have gone. What lying observers can do is bounded: claims stand on
/// majorities of distinct networks.
/// </summary>
public sealed class NatBehaviour
{
    private readonly NatBehaviourRules _rules;
    private readonly IReadOnlyList<Side> _sides;
    private readonly Dictionary<string, IPAddress> _routers = new(StringComparer.Ordinal);
    private readonly Dictionary<long, PeerId> _secondPortServers = [];
    private IReadOnlyList<Witness> _witnesses = [];
    private IReadOnlyList<Multiaddr> _mapped = [];
    private NodeVerdict _verdict = NodeVerdict.None;

    /// <summary>Knows nothing yet.</summary>
    public NatBehaviour(NatBehaviourRules rules)
    {
        _rules = rules;
        _sides =
        [
            .. from family in Enum.GetValues<IpFamily>()
               from protocol in Enum.GetValues<IpProtocol>()
               select new Side(family, protocol, rules),
        ];
    }

    /// <summary>What is known, for each family and protocol that the node listens on or has evidence of.</summary>
    public IReadOnlyList<NatReport> Reports => [.. _sides.Where(s => s.IsOfInterest).Select(s => s.Report)];

    /// <summary>The listen addresses, wildcards resolved.</summary>
    public IReadOnlyList<NatEffect> OnListening(IReadOnlyList<Multiaddr> addresses, TimeSpan now)
    {
        var waists = addresses.Where(a => !AddressScope.IsLoopback(a)).Select(ThinWaist.Of).OfType<ThinWaist>().ToHashSet();
        foreach (var side in _sides)
        {
            side.Listening = [.. waists.Where(side.Owns)];
        }

        return Review(now);
    }

    /// <summary>The observations that count, all of them (<see cref="ObservedAddresses.Witnesses"/>).</summary>
    public IReadOnlyList<NatEffect> OnWitnesses(IReadOnlyList<Witness> witnesses, TimeSpan now)
    {
        _witnesses = witnesses;
        return Review(now);
    }

    /// <summary>AutoNAT has learnt something.</summary>
    public IReadOnlyList<NatEffect> OnVerdict(NodeVerdict verdict, TimeSpan now)
    {
        _verdict = verdict;
        return Review(now);
    }

    /// <summary>The addresses that routers were asked to forward, all of them: what comes in there shows the forward, not the filter.</summary>
    public IReadOnlyList<NatEffect> OnMapped(IReadOnlyList<Multiaddr> external, TimeSpan now)
    {
        _mapped = external;
        return Review(now);
    }

    /// <summary>A router reports its external address by a mapping protocol; null when it does not any more.</summary>
    public IReadOnlyList<NatEffect> OnRouterReports(string protocol, IPAddress? external, TimeSpan now)
    {
        if (external is null)
        {
            _routers.Remove(protocol);
        }
        else if (_routers.ContainsKey(protocol) || _routers.Count < _rules.MaxRouters)
        {
            _routers[protocol] = external;
        }

        return Review(now);
    }

    /// <summary>The answer to <see cref="NatEffect.TryHairpin"/>.</summary>
    public IReadOnlyList<NatEffect> OnHairpin(Multiaddr address, HairpinOutcome outcome, TimeSpan now)
    {
        foreach (var side in _sides)
        {
            side.Hairpin.OnOutcome(address, outcome);
        }

        return Review(now);
    }

    /// <summary>A peer says which protocols it speaks, or its connection has ended: then it opens no second port.</summary>
    public IReadOnlyList<NatEffect> OnSecondPortServer(long connectionId, PeerId peer, bool opens, TimeSpan now)
    {
        if (!opens)
        {
            // One less changes no claim; what it saw goes with its observation.
            _secondPortServers.Remove(connectionId);
            return [];
        }

        return _secondPortServers.Count < _rules.MaxSecondPortServers && _secondPortServers.TryAdd(connectionId, peer)
            ? [.. _sides.SelectMany(side => AskSecondPorts(side, now))]
            : [];
    }

    /// <summary>The answer to <see cref="NatEffect.ObserveSecondPort"/>; null when nothing was learnt.</summary>
    public IReadOnlyList<NatEffect> OnSecondPort(long connectionId, SecondPortSighting? sighting, TimeSpan now)
    {
        foreach (var side in _sides)
        {
            side.SecondPort.OnEnded(connectionId, sighting);
        }

        return Review(now);
    }

    /// <summary>The machine is in another network, or its gateway changed: what was learnt was of another router.</summary>
    public IReadOnlyList<NatEffect> OnNetworkChanged(TimeSpan now)
    {
        _routers.Clear();
        foreach (var side in _sides)
        {
            side.Forget();
        }

        return Review(now);
    }

    /// <summary>Time has passed; to be called now and then, for claims age.</summary>
    public IReadOnlyList<NatEffect> OnTick(TimeSpan now) => Review(now);

    private IReadOnlyList<NatEffect> Review(TimeSpan now)
    {
        var effects = new List<NatEffect>();
        foreach (var side in _sides)
        {
            var before = side.Report;
            var verdicts = _verdict.Addresses.Where(v => ThinWaist.Of(v.Address) is { } waist && side.Owns(waist)).ToList();
            side.Review([.. _witnesses.Where(w => side.Owns(w.Seen))], verdicts, _mapped, _routers, now);
            if (side.IsOfInterest && !side.Report.ClaimsTheSame(before))
            {
                effects.Add(new NatEffect.Changed(side.Report));
            }

            if (side.Hairpin.Next(side.HairpinTarget(verdicts), now) is { } target)
            {
                effects.Add(new NatEffect.TryHairpin(target));
            }

            effects.AddRange(AskSecondPorts(side, now));
        }

        return effects;
    }

    private IEnumerable<NatEffect> AskSecondPorts(Side side, TimeSpan now) =>
        side.NextSecondPorts(_secondPortServers, now)
            .Select(w => new NatEffect.ObserveSecondPort(_secondPortServers[w.ConnectionId], w.ConnectionId));

    /// <summary>One family and protocol.</summary>
    private sealed class Side(IpFamily family, IpProtocol protocol, NatBehaviourRules rules)
    {
        private MappingClaim _held = MappingClaim.Nothing;
        private TimeSpan _heldAt;
        private IReadOnlyList<Witness> _witnesses = [];
        private NatMapping _seenMapping;

        public NatReport Report { get; private set; } = new() { Family = family, Protocol = protocol };

        public IReadOnlyList<ThinWaist> Listening { get; set; } = [];

        public HairpinProbe Hairpin { get; } = new(rules.HairpinInterval);

        public SecondPortProbe SecondPort { get; } = new(rules);

        /// <summary>A second NAT alone is none: it is the same for TCP and UDP, whether the node speaks both or not.</summary>
        public bool IsOfInterest => Listening.Count > 0
            || !Report.ClaimsTheSame(new NatReport { Family = family, Protocol = protocol, DoubleNat = Report.DoubleNat });

        public bool Owns(ThinWaist waist) =>
            waist.IsIPv6 == (family == IpFamily.Ip6) && waist.IsUdp == (protocol == IpProtocol.Udp);

        public void Forget()
        {
            _held = MappingClaim.Nothing;
            Hairpin.Forget();
            SecondPort.Forget();
        }

        public void Review(
            IReadOnlyList<Witness> witnesses,
            IReadOnlyList<AddressVerdict> verdicts,
            IReadOnlyList<Multiaddr> mapped,
            IReadOnlyDictionary<string, IPAddress> routers,
            TimeSpan now)
        {
            _witnesses = witnesses;
            var seen = NatMappingRules.Judge(SecondPort.With(witnesses));
            _seenMapping = seen.Mapping;
            var (claim, note) = Hold(seen, now);
            var (filtering, filteringReasons) =
                NatFilteringRules.Judge([.. verdicts.Where(v => !mapped.Contains(v.Address))], claim.Mapping, witnesses);
            var (doubleNat, doubleReasons) = family == IpFamily.Ip4
                ? NatRouterRules.Judge(routers, claim.Outside)
                : (Known.Unknown, []);
            Report = new NatReport
            {
                Family = family,
                Protocol = protocol,
                Mapping = claim.Mapping,
                PortStep = claim.PortStep,
                PortPreserved = claim.PortPreserved,
                Filtering = filtering,
                Hairpin = claim.Mapping == NatMapping.None ? Known.Unknown : Hairpin.Known,
                DoubleNat = doubleNat,
                Reasons = [.. claim.Reasons, .. note, .. filteringReasons, .. Hairpin.Reasons, .. doubleReasons],
            };
        }

        /// <summary>By what is seen now, not by what is held: a claim that rests on earlier sightings is made anew when its time has come.</summary>
        public IReadOnlyList<Witness> NextSecondPorts(IReadOnlyDictionary<long, PeerId> servers, TimeSpan now) =>
            SecondPort.Next(_seenMapping, _witnesses, servers, now);

        /// <summary>
        /// An address of ours to dial from inside, and whether strangers are known to reach it: a confirmed one, else the one that the NAT
        /// gives every destination. Without translation there is nothing to turn back.
        /// </summary>
        public (Multiaddr Address, bool Confirmed)? HairpinTarget(IReadOnlyList<AddressVerdict> verdicts)
        {
            if (Report.Mapping == NatMapping.None)
            {
                return null;
            }

            var confirmed = verdicts.FirstOrDefault(v =>
                v.Verdict == Reachability.Public && ThinWaist.Of(v.Address) is { } waist && !Listening.Contains(waist));
            if (confirmed is not null)
            {
                return (confirmed.Address, true);
            }

            var seen = Report.Mapping == NatMapping.EndpointIndependent
                ? _witnesses.Where(w => w.Outbound).GroupBy(w => w.Seen).MaxBy(g => g.Count())?.Key
                : null;
            return seen is { } address && !Listening.Contains(address) ? (address.With(""), false) : null;
        }

        /// <summary>What the witnesses say now, or what better witnesses said a while ago.</summary>
        private (MappingClaim Claim, IReadOnlyList<string> Note) Hold(MappingClaim claim, TimeSpan now)
        {
            // The same with less detail contradicts nothing.
            if (claim.Mapping == NatMapping.Dependent
                && _held.Mapping is NatMapping.AddressDependent or NatMapping.AddressAndPortDependent
                && now - _heldAt <= rules.MaxAge)
            {
                var others = claim.Reasons.Where(r => r != NatMappingRules.PortNotKnown);
                return (claim with { Mapping = _held.Mapping, Reasons = [.. others, "what the destination's port does was seen earlier"] }, []);
            }

            var contradicts = claim.Mapping != NatMapping.Unknown && claim.Mapping != _held.Mapping;
            var isBetter = contradicts
                ? claim.Support >= Math.Min(_held.Support, rules.Overturning)
                : claim.Mapping != NatMapping.Unknown;
            var isOver = _held.Mapping == NatMapping.Unknown || now - _heldAt > rules.MaxAge;
            if (isBetter || isOver)
            {
                // The same claim by fewer is still the claim that more have made.
                _held = claim.Mapping == _held.Mapping ? claim with { Support = Math.Max(claim.Support, _held.Support) } : claim;
                _heldAt = now;
                return (claim, []);
            }

            // One who sees the port changed where it was kept, or kept where it was changed, casts doubt on a claim that few made.
            var doubts = claim.Mapping == NatMapping.Unknown
                && claim.PortPreserved != Known.Unknown
                && claim.PortPreserved != _held.PortPreserved;
            if (doubts && _held.Support < rules.Overturning)
            {
                _held = claim;
                _heldAt = now;
                return (claim, []);
            }

            return (
                _held with { Outside = claim.Outside ?? _held.Outside },
                claim.Support == 0 && claim.Reasons.Count > 0 ? [$"this was seen earlier; now: {claim.Reasons[0]}"] : []);
        }
    }
}
