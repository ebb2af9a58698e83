using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Addresses;

/// <summary>A machine behind some NAT: what observers and servers say about it, one line each.</summary>
internal sealed class NatScene
{
    public const string Inside = "10.0.0.2:4001";

    private readonly List<Witness> _witnesses = [];
    private readonly List<AddressVerdict> _verdicts = [];
    private long _connections;

    public NatScene(NatBehaviourRules? rules = null)
    {
        Nat = new NatBehaviour(rules ?? new NatBehaviourRules());
        Take(Nat.OnListening([Tcp(Inside)], Now));
    }

    public NatBehaviour Nat { get; }

    public TimeSpan Now { get; set; } = TimeSpan.FromHours(5);

    public List<NatEffect> Effects { get; } = [];

    /// <summary>The report of IPv4 and TCP.</summary>
    public NatReport Report => Nat.Reports.Single(r => r is { Family: IpFamily.Ip4, Protocol: IpProtocol.Tcp });

    public IEnumerable<Multiaddr> Hairpins => Effects.OfType<NatEffect.TryHairpin>().Select(t => t.Address);

    /// <summary>The connections over which a second port was asked for.</summary>
    public IEnumerable<long> SecondPorts => Effects.OfType<NatEffect.ObserveSecondPort>().Select(o => o.ConnectionId);

    public static Multiaddr Tcp(string endPoint) => Multiaddr.FromTcp(IPEndPoint.Parse(endPoint));

    public static ThinWaist Waist(string endPoint, bool isUdp = false)
    {
        var parsed = IPEndPoint.Parse(endPoint);
        return new ThinWaist(parsed.Address, parsed.Port, isUdp);
    }

    /// <summary>An observer says where it sees us.</summary>
    public NatScene Sees(string observer, string seen, bool outbound = true, string local = Inside, bool isUdp = false)
    {
        var inside = Waist(local, isUdp);
        _witnesses.Add(new Witness(++_connections, inside, inside, Waist(observer, isUdp), Waist(seen, isUdp), outbound));
        Take(Nat.OnWitnesses([.. _witnesses], Now));
        return this;
    }

    /// <summary>An observer, by the number of its connection, says that it opens second ports.</summary>
    public NatScene Opens(long connection) => Take(Nat.OnSecondPortServer(connection, Numbered((int)connection), true, Now));

    /// <summary>What came of going to a second port: seen there, or null.</summary>
    public NatScene SecondPort(long connection, string server, string? seen, string local = Inside)
    {
        var sighting = seen is null ? null : new SecondPortSighting(Tcp(local), Tcp(server), Tcp(seen));
        return Take(Nat.OnSecondPort(connection, sighting, Now));
    }

    /// <summary>Time passes.</summary>
    public NatScene After(TimeSpan time)
    {
        Now += time;
        return Take(Nat.OnTick(Now));
    }

    /// <summary>All connections of an observer end.</summary>
    public NatScene Leaves(string observer)
    {
        _witnesses.RemoveAll(w => w.Remote == Waist(observer));
        Take(Nat.OnWitnesses([.. _witnesses], Now));
        return this;
    }

    /// <summary>AutoNAT's verdict on an address, and on what it stands.</summary>
    public NatScene Verdict(string address, Reachability verdict, params (string Server, WitnessOutcome Outcome)[] evidence)
    {
        _verdicts.RemoveAll(v => v.Address == Tcp(address));
        _verdicts.Add(new AddressVerdict
        {
            Address = Tcp(address),
            Verdict = verdict,
            FilteringProven = evidence.Any(e => e.Outcome == WitnessOutcome.ReachedByStranger),
            Witnesses = [.. evidence.Select(e => new VerdictWitness(Numbered(1), Tcp(e.Server), e.Outcome, "", Now))],
        });
        Take(Nat.OnVerdict(new NodeVerdict { Addresses = [.. _verdicts] }, Now));
        return this;
    }

    public NatScene Take(IReadOnlyList<NatEffect> effects)
    {
        Effects.AddRange(effects);
        return this;
    }
}
