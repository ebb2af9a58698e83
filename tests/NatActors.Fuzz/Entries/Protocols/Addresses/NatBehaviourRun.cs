using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;

namespace NatActors.Fuzz.Entries.Protocols.Addresses;

/// <summary>A <see cref="NatBehaviour"/> and the probes that it asked for.</summary>
internal sealed class NatBehaviourRun : IMachineRun
{
    private const int Sides = 4;

    private static readonly NatBehaviourRules Rules = new();
    private static readonly string[] Protocols = ["pcp", "nat-pmp", "upnp-igd1"];

    private static readonly ThinWaist[] Seen =
    [
        .. new[] { 0, 1, 2, 6, 9, 16 }.Select(i => ThinWaist.Of(Samples.Addresses[i])!.Value),
        .. Enumerable.Range(0, 6).Select(i => new ThinWaist(Samples.Hosts[0], 40_000 + (i * 2), false)),
    ];

    private readonly NatBehaviour _behaviour = new(Rules);
    private readonly Dictionary<long, Witness> _witnesses = [];
    private readonly List<Multiaddr> _hairpins = [];
    private readonly List<long> _secondPorts = [];
    private readonly HashSet<long> _servers = [];
    private readonly List<TimeSpan> _hairpinTimes = [];
    private readonly List<TimeSpan> _secondPortTimes = [];
    private NodeVerdict _verdict = NodeVerdict.None;
    private IReadOnlyList<Multiaddr> _listening = [];

    public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
    {
        var effects = kind switch
        {
            0 => _behaviour.OnListening(_listening = Samples.AddressList(ref arguments, 3), now),
            1 or 2 => Witnesses(kind == 1, ref arguments, now),
            3 => Verdict(ref arguments, now),
            4 => _behaviour.OnMapped(Samples.AddressList(ref arguments, 2), now),
            5 => _behaviour.OnRouterReports(arguments.Pick(Protocols), arguments.Flag() ? null : Samples.Host(ref arguments), now),
            6 when _hairpins.Count > 0 => Hairpin(ref arguments, now),
            7 => Server(ref arguments, now),
            8 when _secondPorts.Count > 0 => SecondPort(ref arguments, now),
            9 => Changed(now),
            _ => _behaviour.OnTick(now),
        };
        foreach (var effect in effects)
        {
            Take(effect, now, ref digest);
        }

        foreach (var report in _behaviour.Reports)
        {
            Require.That(report.PortStep is null || report.IsSymmetric, "ports go in steps behind a NAT that keeps them");
            Require.That(
                report.Mapping != NatMapping.None || report.Hairpin == Known.Unknown,
                "packets are turned back where nothing is translated");
            Require.That(
                report.Reasons.All(r => r.Length > 0 && Samples.IsPrintable(r)),
                "a reason without words, or with control characters");
        }
    }

    public void End(TimeSpan now, ref FuzzDigest digest)
    {
        var facts = new AdviceFacts
        {
            Verdict = _verdict,
            Listening = _listening,
            Interfaces = [.. Samples.Hosts.Skip(5).Take(_witnesses.Count % 8)],
            Peers = _witnesses.Count,
            Nat = _behaviour.Reports,
            Routers = [new AdviceRouter("pcp", _servers.Count % 2 == 0 ? null : Samples.Hosts[8], _hairpins.Count % 2 == 0 ? ""
                : "it refuses")],
            Servers = _servers.Count,
            Observers = _witnesses.Count,
            Observed = [.. _witnesses.Values.Select(w => w.Seen.With(""))],
        };
        var lines = Advice.For(facts);
        Require.That(lines.All(l => l.Text.Length > 0 && Samples.IsPrintable(l.Text)), "advice without words, or with control characters");
        Require.That(lines.Select(l => l.Topic).Distinct().Count() == lines.Count, "the same is advised twice");
        digest.Add(lines.Count);
    }

    private IReadOnlyList<NatEffect> Witnesses(bool came, ref EventArguments arguments, TimeSpan now)
    {
        var id = arguments.Byte() % 16;
        if (came)
        {
            var remote = new ThinWaist(Samples.Host(ref arguments), 4000 + arguments.Below(3), arguments.Byte() == 7);
            var seen = arguments.Pick(Seen) with { IsUdp = remote.IsUdp };
            var local = new ThinWaist(Samples.Hosts[6], 4001, remote.IsUdp);
            _witnesses[id] = new Witness(id, local, local, remote, seen, Outbound: arguments.Byte() < 200);
        }
        else
        {
            _witnesses.Remove(id);
        }

        return _behaviour.OnWitnesses([.. _witnesses.Values], now);
    }

    private IReadOnlyList<NatEffect> Verdict(ref EventArguments arguments, TimeSpan now)
    {
        var (reachability, proven) = ((Reachability)arguments.Below(3), arguments.Flag());
        var address = arguments.Pick(Seen).With("");
        var witness = new VerdictWitness(Samples.Peers[1], Samples.Address(ref arguments), (WitnessOutcome)arguments.Below(5), "it", now);
        _verdict = new NodeVerdict
        {
            Verdict = reachability,
            FilteringProven = proven && reachability == Reachability.Public,
            Addresses = [new AddressVerdict { Address = address, Verdict = reachability, FilteringProven = proven
                && reachability == Reachability.Public, Witnesses = [witness] }],
        };
        return _behaviour.OnVerdict(_verdict, now);
    }

    private IReadOnlyList<NatEffect> Hairpin(ref EventArguments arguments, TimeSpan now)
    {
        var tried = arguments.Pick(_hairpins);
        _hairpins.Remove(tried);
        return _behaviour.OnHairpin(tried, (HairpinOutcome)arguments.Below(3), now);
    }

    private IReadOnlyList<NatEffect> Server(ref EventArguments arguments, TimeSpan now)
    {
        var (id, opens) = (arguments.Byte() % 16, arguments.Flag());
        _ = opens ? _servers.Add(id) : _servers.Remove(id);
        return _behaviour.OnSecondPortServer(id, Samples.Peers[id], opens, now);
    }

    private IReadOnlyList<NatEffect> SecondPort(ref EventArguments arguments, TimeSpan now)
    {
        var id = arguments.Pick(_secondPorts);
        _secondPorts.Remove(id);
        var sighting = arguments.Flag() || !_witnesses.TryGetValue(id, out var first)
            ? null
            : new SecondPortSighting(first.Local.With(""), (first.Remote with { Port = 9000 }).With(""), arguments.Flag()
                ? first.Seen.With("") : Samples.Address(ref arguments));
        return _behaviour.OnSecondPort(id, sighting, now);
    }

    private IReadOnlyList<NatEffect> Changed(TimeSpan now)
    {
        _hairpinTimes.Clear();
        _secondPortTimes.Clear();
        return _behaviour.OnNetworkChanged(now);
    }

    private void Take(NatEffect effect, TimeSpan now, ref FuzzDigest digest)
    {
        switch (effect)
        {
            case NatEffect.TryHairpin hairpin:
                _hairpins.Add(hairpin.Address);
                _hairpinTimes.RemoveAll(at => at <= now - Rules.HairpinInterval);
                _hairpinTimes.Add(now);
                Require.That(_hairpinTimes.Count <= Sides, "the own outside address is dialed more often than allowed");
                break;
            case NatEffect.ObserveSecondPort observe:
                Require.That(
                    _servers.Contains(observe.ConnectionId) && _witnesses.ContainsKey(observe.ConnectionId),
                    "a peer is asked that opens no second port, or is gone");
                _secondPorts.Add(observe.ConnectionId);
                _secondPortTimes.RemoveAll(at => at <= now - Rules.SecondPortInterval);
                _secondPortTimes.Add(now);
                Require.That(
                    _secondPortTimes.Count <= Rules.SecondPortServers * Sides,
                    "more peers are asked for a second port than allowed");
                break;
            case NatEffect.Changed changed:
                digest.Add((int)changed.Report.Mapping);
                digest.Add((int)changed.Report.Filtering);
                break;
        }
    }
}
