using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.Relay;

/// <summary>Who speaks to the relay, on which connection.</summary>
/// <param name="Peer">The proven identity.</param>
/// <param name="Connection">The connection's id, never used twice.</param>
/// <param name="Address">Where the peer comes from.</param>
/// <param name="Ip">The IP address of it, when it has one: what the bound per address counts.</param>
/// <param name="Relayed">True when the connection itself runs over a relay.</param>
public sealed record RelayGuest(PeerId Peer, long Connection, Multiaddr Address, IPAddress? Ip, bool Relayed);

/// <summary>The answer to RESERVE.</summary>
/// <param name="Status">OK, or why not.</param>
/// <param name="Expires">When the reservation ends, on the monotonic clock; meaningful when granted.</param>
/// <param name="Ended">
/// The connections whose reservation ended by the way: those whose time was up, and the one of the same peer that this one replaced, when that was
/// another connection. Whatever the status.
/// </param>
public sealed record ReserveDecision(RelayStatus Status, TimeSpan Expires, IReadOnlyList<long> Ended);

/// <summary>The answer to CONNECT.</summary>
/// <param name="Status">OK, or why not.</param>
/// <param name="Circuit">The circuit's id. Its place is taken until <see cref="RelayServerRules.OnCircuitEnded"/>.</param>
/// <param name="DestinationConnection">The connection that holds the destination's reservation: open the stop stream there.</param>
public sealed record ConnectDecision(RelayStatus Status, long Circuit, long DestinationConnection);

/// <summary>
/// What a relay grants (circuit-v2.md, "Hop Protocol"): who holds a reservation, who may open a circuit to whom, and the bounds on both.
/// A peer has one reservation; it lives until its time is up or its connection is gone; a new one, of a peer that restarted for example,
/// replaces the old one and never counts against it.
/// </summary>
public sealed class RelayServerRules
{
    private const int Ipv6HouseholdBytes = 7;

    private readonly RelayProfile _profile;
    private readonly IRelayAcl _acl;
    private readonly Dictionary<PeerId, Slot> _slots = [];
    private readonly Dictionary<string, int> _slotsOfAddress = [];
    private readonly Dictionary<long, Circuit> _circuits = [];
    private readonly Dictionary<PeerId, int> _asSource = [];
    private readonly Dictionary<PeerId, int> _asDestination = [];
    private readonly Dictionary<(PeerId Destination, string AddressKey), int> _ofAddress = [];
    private readonly RelayAskRates _reserveRates;
    private readonly RelayAskRates _connectRates;
    private long _lastCircuit;

    /// <summary>Rules with nobody admitted yet.</summary>
    public RelayServerRules(RelayProfile profile, IRelayAcl acl)
    {
        _profile = profile;
        _acl = acl;
        _reserveRates = new RelayAskRates(profile);
        _connectRates = new RelayAskRates(profile);
    }

    /// <summary>Reservations held, expired ones included until <see cref="OnDeadline"/>.</summary>
    public int Reservations => _slots.Count;

    /// <summary>Circuits open or opening.</summary>
    public int Circuits => _circuits.Count;

    /// <summary>When the next reservation runs out, or null.</summary>
    public TimeSpan? NextDeadline => _slots.Count == 0 ? null : _slots.Values.Min(s => s.Expires);

    /// <summary>True when the peer's reservation stands on that connection.</summary>
    public bool IsHeldBy(PeerId peer, long connection) => _slots.TryGetValue(peer, out var slot) && slot.Connection == connection;

    /// <summary>A peer asks for a reservation, or refreshes its own.</summary>
    public ReserveDecision OnReserve(RelayGuest guest, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(guest);
        var ended = OnDeadline(now);

        // circuit-v2.md: a reservation stands for a connection that others can be led through; one over a relay would chain relays.
        if (guest.Relayed || !_acl.AllowReserve(guest.Peer, guest.Address))
        {
            return Refused(RelayStatus.PermissionDenied, ended);
        }

        if (!_reserveRates.MayAsk(guest, now))
        {
            return Refused(RelayStatus.ReservationRefused, ended);
        }

        var key = AddressKey(guest.Ip);
        _slots.TryGetValue(guest.Peer, out var old);
        var others = _slots.Count - (old is null ? 0 : 1);
        var othersOfAddress = _slotsOfAddress.GetValueOrDefault(key) - (old?.AddressKey == key ? 1 : 0);
        if (others >= _profile.MaxReservations || othersOfAddress >= _profile.MaxReservationsPerAddress)
        {
            return Refused(RelayStatus.ReservationRefused, ended);
        }

        Remove(guest.Peer);
        var slot = new Slot(guest.Connection, key, now + _profile.ReservationTtl);
        _slots.Add(guest.Peer, slot);
        _slotsOfAddress[key] = _slotsOfAddress.GetValueOrDefault(key) + 1;
        return new ReserveDecision(
            RelayStatus.Ok, slot.Expires, old is not null && old.Connection != guest.Connection ? [.. ended, old.Connection] : ended);
    }

    /// <summary>
    /// A peer asks for a circuit. When granted its place is taken at once: the caller opens the stop stream and reports the end.
    /// </summary>
    public ConnectDecision OnConnect(RelayGuest source, PeerId destination, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(destination);
        if (source.Relayed || source.Peer == destination || !_acl.AllowConnect(source.Peer, source.Address, destination))
        {
            return NoCircuit(RelayStatus.PermissionDenied);
        }

        if (!_connectRates.MayAsk(source, now))
        {
            return NoCircuit(RelayStatus.ResourceLimitExceeded);
        }

        if (!_slots.TryGetValue(destination, out var slot) || slot.Expires <= now)
        {
            return NoCircuit(RelayStatus.NoReservation);
        }

        var key = source.Ip is { } ip && !IPAddress.IsLoopback(ip) ? AddressKey(ip) : null;
        if (_circuits.Count >= _profile.MaxCircuits
            || _asSource.GetValueOrDefault(source.Peer) >= _profile.MaxCircuitsPerPeer
            || _asDestination.GetValueOrDefault(destination) >= _profile.MaxCircuitsPerPeer
            || (key is not null && _ofAddress.GetValueOrDefault((destination, key)) >= _profile.MaxCircuitsPerAddress))
        {
            return NoCircuit(RelayStatus.ResourceLimitExceeded);
        }

        var id = ++_lastCircuit;
        _circuits.Add(id, new Circuit(source.Peer, destination, key));
        _asSource[source.Peer] = _asSource.GetValueOrDefault(source.Peer) + 1;
        _asDestination[destination] = _asDestination.GetValueOrDefault(destination) + 1;
        if (key is not null)
        {
            _ofAddress[(destination, key)] = _ofAddress.GetValueOrDefault((destination, key)) + 1;
        }

        return new ConnectDecision(RelayStatus.Ok, id, slot.Connection);
    }

    /// <summary>A circuit is over, or came to nothing. Unknown ids are ignored.</summary>
    public void OnCircuitEnded(long circuit)
    {
        if (_circuits.Remove(circuit, out var ended))
        {
            Decrement(_asSource, ended.Source);
            Decrement(_asDestination, ended.Destination);
            if (ended.AddressKey is { } key)
            {
                Decrement(_ofAddress, (ended.Destination, key));
            }
        }
    }

    /// <summary>
    /// A connection is gone. A reservation held by it ends, unless the peer still has another connection here: then it moves there
    /// (circuit-v2.md: valid "as long as there is an active connection from the peer"). A peer's newer reservation is not touched.
    /// </summary>
    /// <returns>True when a reservation ended.</returns>
    public bool OnConnectionClosed(PeerId peer, long connection, long? survivor)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (!_slots.TryGetValue(peer, out var slot) || slot.Connection != connection)
        {
            return false;
        }

        if (survivor is { } other)
        {
            _slots[peer] = slot with { Connection = other };
            return false;
        }

        Remove(peer);
        return true;
    }

    /// <summary>Forgets what has expired.</summary>
    /// <returns>The connections whose reservation ended.</returns>
    public IReadOnlyList<long> OnDeadline(TimeSpan now)
    {
        if (NextDeadline is not { } next || next > now)
        {
            return [];
        }

        var expired = _slots.Where(s => s.Value.Expires <= now).ToArray();
        foreach (var (peer, _) in expired)
        {
            Remove(peer);
        }

        return [.. expired.Select(s => s.Value.Connection)];
    }

    private static ReserveDecision Refused(RelayStatus status, IReadOnlyList<long> ended) => new(status, TimeSpan.Zero, ended);

    private static ConnectDecision NoCircuit(RelayStatus status) => new(status, 0, 0);

    private static string AddressKey(IPAddress? ip)
    {
        if (ip is null)
        {
            return string.Empty;
        }

        var bytes = (ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip).GetAddressBytes();
        return bytes.Length == 4 ? Convert.ToHexString(bytes) : Convert.ToHexString(bytes.AsSpan(0, Ipv6HouseholdBytes));
    }

    private static void Decrement<TKey>(Dictionary<TKey, int> counts, TKey key)
        where TKey : notnull
    {
        if (--counts[key] == 0)
        {
            counts.Remove(key);
        }
    }

    private void Remove(PeerId peer)
    {
        if (_slots.Remove(peer, out var slot))
        {
            Decrement(_slotsOfAddress, slot.AddressKey);
        }
    }

    private sealed record Slot(long Connection, string AddressKey, TimeSpan Expires);

    private sealed record Circuit(PeerId Source, PeerId Destination, string? AddressKey);
}
