using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.Addresses;

/// <summary>How many observers make an observed address one of ours.</summary>
public sealed record ObservedRules
{
    /// <summary>
    /// Observers that must agree before an address is told to others, at most: half of the observers there are, rounded up, suffices, so that
    /// a small swarm works. At least 1; default 4 (go-libp2p observedaddrs ActivationThresh), reached with seven observers.
    /// </summary>
    public int ActivationObservers { get; init; } = 4;

    /// <summary>
    /// Observed addresses told for one listen address. At least 1; default 3 (go-libp2p observedaddrs
    /// maxExternalThinWaistAddrsPerLocalAddr).
    /// </summary>
    public int MaxPerListenAddress { get; init; } = 3;

    /// <summary>Observations remembered, one a connection. At least 1; default 1,024, as many as there are connections.</summary>
    public int MaxObservations { get; init; } = 1024;
}

/// <summary>What a peer says to see as this node's address.</summary>
/// <param name="ConnectionId">The connection over which it says so; the observation lasts as long.</param>
/// <param name="Local">This end of the connection.</param>
/// <param name="Remote">The observer's end.</param>
/// <param name="Observed">The address that it sees; a peer id behind it is ignored (js appends ours).</param>
/// <param name="Relayed">True when the connection runs over a relay.</param>
/// <param name="PortReused">True when this end is a listen port.</param>
public sealed record Observation(long ConnectionId, Multiaddr Local, Multiaddr Remote, Multiaddr Observed, bool Relayed, bool PortReused)
{
    /// <summary>
    /// True when this node dialed, so that the mapping is one that the NAT made on the way out; a connection that came in may have used a port
    /// forward, which tells nothing of how the NAT maps.
    /// </summary>
    public bool Outbound { get; init; } = true;
}

/// <summary>An observation that counts.</summary>
/// <param name="ConnectionId">The connection that it stands and falls with.</param>
/// <param name="Listen">The listen address that it is of, as bound.</param>
/// <param name="Local">This end of the connection.</param>
/// <param name="Remote">The observer's end.</param>
/// <param name="Seen">What it sees.</param>
/// <param name="Outbound">True when this node dialed.</param>
public sealed record Witness(long ConnectionId, ThinWaist Listen, ThinWaist Local, ThinWaist Remote, ThinWaist Seen, bool Outbound)
{
    /// <summary>The network that counts as one observer.</summary>
    public AddressPrefix Observer { get; } = AddressPrefix.Observer(Remote.Host);
}

/// <summary>An address at which peers see this node.</summary>
/// <param name="Address">The address.</param>
/// <param name="Observers">How many observers see it now.</param>
/// <param name="Active">True when these are enough to tell others of it.</param>
public sealed record SeenAddress(Multiaddr Address, int Observers, bool Active);

/// <summary>Why an observation was not recorded.</summary>
public enum ObservationRefusal
{
    /// <summary>It was.</summary>
    None,

    /// <summary>The connection is relayed: the observer saw the relay's address.</summary>
    Relayed,

    /// <summary>The connection left from another port than the listen port, so the observed port leads nowhere.</summary>
    PortNotReused,

    /// <summary>The local end is none of the listen addresses (any more).</summary>
    NotListening,

    /// <summary>Not an IP address with a port of the same transport and family as the local end.</summary>
    OtherTransport,

    /// <summary>Loopback, unspecified, multicast, or made by a NAT64 gateway: no use to anybody.</summary>
    Useless,

    /// <summary>As many are remembered as allowed.</summary>
    TooMany,
}

/// <summary>Refusals in words.</summary>
public static class ObservationRefusals
{
    /// <summary>Why an observation does not count, for a person; empty for one that does.</summary>
    public static string Describe(ObservationRefusal refusal) => refusal switch
    {
        ObservationRefusal.None => "",
        ObservationRefusal.Relayed => "it sees the relay, not this node",
        ObservationRefusal.PortNotReused => "the connection left from another port than the listen port",
        ObservationRefusal.NotListening => "the connection does not belong to a listen address",
        ObservationRefusal.OtherTransport => "it names another transport or IP version than the connection's",
        ObservationRefusal.Useless => "it names an address that is of use to nobody else",
        ObservationRefusal.TooMany => "enough observations are known",
        _ => refusal.ToString(),
    };
}

/// <summary>What came of an event.</summary>
/// <param name="Refusal">Why an observation was not recorded.</param>
/// <param name="ActivatedChanged">True when <see cref="ObservedAddresses.Activated"/> has changed.</param>
/// <param name="PunchChanged">True when <see cref="ObservedAddresses.ForHolePunch"/> has changed.</param>
public readonly record struct ObservationOutcome(ObservationRefusal Refusal, bool ActivatedChanged, bool PunchChanged);

/// <summary>
/// What peers see as this node's addresses (go-libp2p observedaddrs). Only observations of the shared listen port over direct connections
/// count, each for as long as its connection lasts: an address ages with its witnesses, and a peer that is gone vouches for nothing.
/// Observers are counted by IPv4 address or IPv6 /56, once each for an address. What is seen is IP, TCP or UDP, and port; every transport
/// that shares the listen port inherits it. To punch a hole one observation is enough: the mapping of the shared port exists, whoever saw it.
/// </summary>
public sealed class ObservedAddresses(ObservedRules rules)
{
    private readonly Dictionary<long, Entry> _entries = [];
    private IReadOnlyList<(ThinWaist Waist, string Tail)> _listen = [];
    private long _order;

    /// <summary>The addresses that enough observers agree on, for each listen address those with most observers first.</summary>
    public IReadOnlyList<Multiaddr> Activated { get; private set; } = [];

    /// <summary>
    /// The addresses that anybody sees, public and private ones, for each listen address the same number at most and in the same order as
    /// <see cref="Activated"/>; the earliest first among equals, so that a NAT with a port for every peer does not stir the list.
    /// </summary>
    public IReadOnlyList<SeenAddress> Seen { get; private set; } = [];

    /// <summary>The observations that count, the earliest first.</summary>
    public IReadOnlyList<Witness> Witnesses => [.. _entries.Values.OrderBy(e => e.Order).Select(e => e.Witness)];

    /// <summary>Observations remembered now.</summary>
    public int Count => _entries.Count;

    /// <summary>The listen addresses as bound, wildcards as such. Observations of others are forgotten.</summary>
    public ObservationOutcome OnListening(IReadOnlyList<Multiaddr> addresses)
    {
        var before = ForHolePunch();
        var listen = new List<(ThinWaist Waist, string Tail)>();
        foreach (var address in addresses)
        {
            if (ThinWaist.TrySplit(address, out var waist, out var rest) && !listen.Contains((waist, rest)))
            {
                listen.Add((waist, rest));
            }
        }

        _listen = listen;
        foreach (var (id, entry) in _entries)
        {
            if (listen.TrueForAll(l => l.Waist != entry.Witness.Listen))
            {
                _entries.Remove(id);
            }
        }

        return Recount(before);
    }

    /// <summary>A peer said what it sees. It replaces what was said before over the same connection.</summary>
    public ObservationOutcome OnObserved(Observation observation)
    {
        var refusal = Judge(observation, out var witness);
        if (refusal == ObservationRefusal.None
            && !_entries.ContainsKey(observation.ConnectionId)
            && _entries.Count >= rules.MaxObservations)
        {
            refusal = ObservationRefusal.TooMany;
        }

        if (refusal != ObservationRefusal.None || witness is null)
        {
            return new ObservationOutcome(refusal, false, false);
        }

        var before = ForHolePunch();
        if (_entries.TryGetValue(observation.ConnectionId, out var known) && known.Witness == witness)
        {
            return default;
        }

        _entries[observation.ConnectionId] = new Entry(witness, _order++);
        return Recount(before);
    }

    /// <summary>A connection ended, and with it what was observed over it.</summary>
    public ObservationOutcome OnConnectionEnded(long connectionId)
    {
        var before = ForHolePunch();
        return _entries.Remove(connectionId) ? Recount(before) : default;
    }

    /// <summary>
    /// The addresses to punch from, best first: by number of observers, then the most recent. Public ones only, unless
    /// <paramref name="privateToo"/> (both peers inside one private network of several NATs).
    /// </summary>
    public IReadOnlyList<Multiaddr> ForHolePunch(bool privateToo = false) =>
    [
        .. Listened().SelectMany(listen => Ranked(listen)
                .Where(r => AddressScope.IsPublic(r.Seen.Host) || (privateToo && AddressScope.IsPrivate(r.Seen.Host)))
                .OrderByDescending(r => r.Observers)
                .ThenByDescending(r => r.Latest)
                .Take(rules.MaxPerListenAddress)
                .SelectMany(r => Siblings(listen, r.Seen)))
            .Distinct(),
    ];

    private ObservationOutcome Recount(IReadOnlyList<Multiaddr> punchBefore)
    {
        Seen = [.. Listened().SelectMany(SeenOf).DistinctBy(s => s.Address)];
        var activated = Seen.Where(s => s.Active).Select(s => s.Address).ToArray();
        var changed = !activated.SequenceEqual(Activated);
        Activated = activated;
        return new ObservationOutcome(ObservationRefusal.None, changed, !punchBefore.SequenceEqual(ForHolePunch()));
    }

    private IEnumerable<SeenAddress> SeenOf(ThinWaist listen)
    {
        // Peers in the same private network see another address for certain, so they have no vote on the public one.
        var observers = _entries.Values
            .Where(e => e.Witness.Listen == listen && AddressScope.IsPublic(e.Witness.Seen.Host))
            .Select(e => e.Witness.Observer)
            .Distinct()
            .Count();
        var threshold = Math.Clamp((observers + 1) / 2, 1, rules.ActivationObservers);
        return Ranked(listen)
            .OrderBy(r => AddressScope.IsPublic(r.Seen.Host) ? 0 : 1)
            .ThenByDescending(r => r.Observers)
            .ThenBy(r => r.Earliest)
            .Take(rules.MaxPerListenAddress)
            .SelectMany(r => Siblings(listen, r.Seen).Select(address => new SeenAddress(
                address, r.Observers, r.Observers >= threshold && AddressScope.IsPublic(address))));
    }

    private IEnumerable<ThinWaist> Listened() => _listen.Select(l => l.Waist).Distinct();

    private IEnumerable<Multiaddr> Siblings(ThinWaist listen, ThinWaist seen) =>
        _listen.Where(l => l.Waist == listen).Select(l => seen.With(l.Tail));

    private IEnumerable<(ThinWaist Seen, int Observers, long Earliest, long Latest)> Ranked(ThinWaist listen) =>
        _entries.Values
            .Where(e => e.Witness.Listen == listen)
            .GroupBy(e => e.Witness.Seen)
            .Select(g => (g.Key, g.Select(e => e.Witness.Observer).Distinct().Count(), g.Min(e => e.Order), g.Max(e => e.Order)));

    private ObservationRefusal Judge(Observation observation, out Witness? witness)
    {
        witness = null;
        if (observation.Relayed || observation.Observed.IsRelayed)
        {
            return ObservationRefusal.Relayed;
        }

        if (!observation.PortReused)
        {
            return ObservationRefusal.PortNotReused;
        }

        if (!ThinWaist.TrySplit(observation.Local, out var local, out var transport)
            || !_listen.Any(l => l.Waist.Covers(local)))
        {
            return ObservationRefusal.NotListening;
        }

        if (ThinWaist.Of(observation.Remote) is not { } remote
            || !ThinWaist.TrySplit(observation.Observed, out var seen, out var seenTransport)
            || seen.IsUdp != local.IsUdp
            || seen.IsIPv6 != local.IsIPv6
            || seenTransport != transport)
        {
            return ObservationRefusal.OtherTransport;
        }

        if (AddressScope.IsNat64(seen.Host) || !IsUseful(AddressScope.KindOf(seen.Host)) || seen.Port == 0)
        {
            return ObservationRefusal.Useless;
        }

        // An address that was bound by itself comes before a wildcard of the same port.
        var listen = _listen.Select(l => l.Waist).Where(l => l.Covers(local)).OrderBy(l => l == local ? 0 : 1).First();
        witness = new Witness(observation.ConnectionId, listen, local, remote, seen, observation.Outbound);
        return ObservationRefusal.None;
    }

    private static bool IsUseful(AddressKind kind) =>
        kind is not (AddressKind.Loopback or AddressKind.Unspecified or AddressKind.Multicast or AddressKind.Reserved);

    private sealed record Entry(Witness Witness, long Order);
}
