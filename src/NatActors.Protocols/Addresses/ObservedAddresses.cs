using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.Addresses;

/// <summary>How many observers make an observed address one of ours.</summary>
public sealed record ObservedRules
{
    /// <summary>
    /// Observers that must agree before an address is told to others. At least 1; default 4 (go-libp2p observedaddrs ActivationThresh).
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
public sealed record Observation(long ConnectionId, Multiaddr Local, Multiaddr Remote, Multiaddr Observed, bool Relayed, bool PortReused);

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

/// <summary>What came of an event.</summary>
/// <param name="Refusal">Why an observation was not recorded.</param>
/// <param name="ActivatedChanged">True when <see cref="ObservedAddresses.Activated"/> has changed.</param>
/// <param name="PunchChanged">True when <see cref="ObservedAddresses.ForHolePunch"/> has changed.</param>
public readonly record struct ObservationOutcome(ObservationRefusal Refusal, bool ActivatedChanged, bool PunchChanged);

/// <summary>
/// What peers see as this node's addresses (go-libp2p observedaddrs). Only observations of the shared listen port over direct connections
/// count; observers are counted by IPv4 address or IPv6 /56, once each for an address. To punch a hole one observation is enough: the
/// mapping of the shared port exists, whoever saw it.
/// </summary>
public sealed class ObservedAddresses(ObservedRules rules)
{
    private readonly Dictionary<long, Entry> _entries = [];
    private IReadOnlyList<Multiaddr> _listen = [];
    private long _order;

    /// <summary>The addresses that enough observers agree on, for each listen address those with most observers first.</summary>
    public IReadOnlyList<Multiaddr> Activated { get; private set; } = [];

    /// <summary>Observations remembered now.</summary>
    public int Count => _entries.Count;

    /// <summary>The listen addresses as bound, wildcards as such. Observations of others are forgotten.</summary>
    public ObservationOutcome OnListening(IReadOnlyList<Multiaddr> addresses)
    {
        var before = ForHolePunch();
        _listen = addresses;
        foreach (var (id, entry) in _entries)
        {
            if (!addresses.Contains(entry.Listen))
            {
                _entries.Remove(id);
            }
        }

        return Recount(before);
    }

    /// <summary>A peer said what it sees. It replaces what was said before over the same connection.</summary>
    public ObservationOutcome OnObserved(Observation observation)
    {
        var refusal = Judge(observation, out var entry);
        if (refusal == ObservationRefusal.None
            && !_entries.ContainsKey(observation.ConnectionId)
            && _entries.Count >= rules.MaxObservations)
        {
            refusal = ObservationRefusal.TooMany;
        }

        if (refusal != ObservationRefusal.None || entry is null)
        {
            return new ObservationOutcome(refusal, false, false);
        }

        var before = ForHolePunch();
        if (_entries.TryGetValue(observation.ConnectionId, out var known) && known.Address == entry.Address)
        {
            return default;
        }

        _entries[observation.ConnectionId] = entry;
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
        .. _listen.SelectMany(listen => Ranked(listen, 1))
            .Where(a => AddressScope.IsPublic(a) || (privateToo && AddressScope.IsPrivate(a)))
            .Distinct(),
    ];

    private ObservationOutcome Recount(IReadOnlyList<Multiaddr> punchBefore)
    {
        var activated = _listen
            .SelectMany(listen => Ranked(listen, rules.ActivationObservers))
            .Where(AddressScope.IsPublic)
            .Distinct()
            .ToArray();
        var changed = !activated.SequenceEqual(Activated);
        Activated = activated;
        return new ObservationOutcome(ObservationRefusal.None, changed, !punchBefore.SequenceEqual(ForHolePunch()));
    }

    private IEnumerable<Multiaddr> Ranked(Multiaddr listen, int observers) =>
        _entries.Values
            .Where(e => e.Listen == listen)
            .GroupBy(e => e.Address)
            .Select(g => (Address: g.Key, Observers: g.Select(e => e.Observer).Distinct().Count(), Latest: g.Max(e => e.Order)))
            .Where(g => g.Observers >= observers)
            .OrderByDescending(g => g.Observers)
            .ThenByDescending(g => g.Latest)
            .Take(rules.MaxPerListenAddress)
            .Select(g => g.Address);

    private ObservationRefusal Judge(Observation observation, out Entry? entry)
    {
        entry = null;
        if (observation.Relayed || observation.Observed.IsRelayed)
        {
            return ObservationRefusal.Relayed;
        }

        if (!observation.PortReused)
        {
            return ObservationRefusal.PortNotReused;
        }

        var listen = _listen.FirstOrDefault(l => Covers(l, observation.Local));
        if (listen is null)
        {
            return ObservationRefusal.NotListening;
        }

        var observed = observation.Observed.WithoutPeerId();
        if (observation.Remote.Host is not { } observer
            || observed.Host is not { } seen
            || observation.Local.Host is not { } local
            || observed.IsTcp != observation.Local.IsTcp
            || observed.IsQuic != observation.Local.IsQuic
            || AddressPrefix.Observer(seen).IsIPv6 != AddressPrefix.Observer(local).IsIPv6)
        {
            return ObservationRefusal.OtherTransport;
        }

        if (AddressScope.IsNat64(seen) || !IsUseful(AddressScope.KindOf(seen)) || HasNoPort(observed))
        {
            return ObservationRefusal.Useless;
        }

        entry = new Entry(listen, observed, AddressPrefix.Observer(observer), _order++);
        return ObservationRefusal.None;
    }

    private static bool IsUseful(AddressKind kind) =>
        kind is not (AddressKind.Loopback or AddressKind.Unspecified or AddressKind.Multicast or AddressKind.Reserved);

    private static bool HasNoPort(Multiaddr address) => address.TryGetTcpEndPoint(out var endPoint) && endPoint.Port == 0;

    private static bool Covers(Multiaddr listen, Multiaddr local)
    {
        if (listen.Equals(local.WithoutPeerId()))
        {
            return true;
        }

        // A wildcard covers every address of its family and port.
        return AddressScope.IsUnspecified(listen)
            && listen.TryGetTcpEndPoint(out var bound)
            && local.TryGetTcpEndPoint(out var used)
            && bound.Port == used.Port
            && AddressPrefix.Observer(used.Address).IsIPv6 == IsIPv6(bound.Address);
    }

    private static bool IsIPv6(IPAddress address) => AddressPrefix.Observer(address).IsIPv6;

    private sealed record Entry(Multiaddr Listen, Multiaddr Address, AddressPrefix Observer, long Order);
}
