using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Network;
using NatActors.Node.Ping;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Relay;

/// <summary>Relays found by itself: what the selection is told, and what it wants done.</summary>
public sealed partial class RelayClientActor
{
    /// <summary>Addresses kept of a candidate. Ours: a peer chooses the list.</summary>
    public const int MaxAddresses = 4;

    /// <summary>
    /// Relays given back whose circuits are still taken until the reservation would have ended: peers know their addresses. Ours.
    /// </summary>
    public const int MaxGivenBack = 16;

    private readonly RelaySelection _selection;
    private readonly Dictionary<PeerId, HashSet<long>> _direct = [];
    private readonly Dictionary<long, ConnectionInfo> _circuits = [];
    private readonly Dictionary<long, PeerId> _measuring = [];
    private readonly Dictionary<PeerId, DateTimeOffset> _givenBack = [];
    private long _lastMeasurement;
    private bool _finding;

    private void OnFindRelays()
    {
        if (_finding)
        {
            return;
        }

        _finding = true;
        foreach (var relay in _node.Options.Relays)
        {
            OnKeep(relay);
        }

        _node.Refs.Connections.Tell(new ConnectionsMessages.Subscribe(Self));
        _node.Refs.Identify.Tell(new IdentifyMessages.Subscribe(Self));
        _node.Refs.AutoNat.Tell(new AutoNatMessages.Subscribe(Self));
        _node.Refs.Network.Tell(new NetworkMessages.Subscribe(Self));
        foreach (var candidate in _node.Options.AutoRelay.Candidates)
        {
            if (candidate.PeerId is { } peer && !peer.Equals(_node.Self))
            {
                Apply(_selection.OnSuggested(new RelayCandidate(peer, [candidate]), Now));
            }
        }

        Apply(_selection.Start(Now));
    }

    private void OnUp(ConnectionInfo connection)
    {
        if (connection.Relayed)
        {
            _circuits[connection.Id] = connection;
            TellUse();
            return;
        }

        if (!_direct.TryGetValue(connection.Peer, out var connections))
        {
            _direct.Add(connection.Peer, connections = []);
        }

        connections.Add(connection.Id);
    }

    private void OnDown(ConnectionInfo connection)
    {
        if (_circuits.Remove(connection.Id))
        {
            TellUse();
        }
        else if (_direct.TryGetValue(connection.Peer, out var connections) && connections.Remove(connection.Id) && connections.Count == 0)
        {
            _direct.Remove(connection.Peer);
            Apply(_selection.OnDisconnected(connection.Peer, Now));
        }
    }

    private void OnIdentified(IdentifyMessages.Identified identified)
    {
        var (connection, info) = (identified.Connection, identified.Info);
        if (connection.Relayed || !_direct.ContainsKey(connection.Peer))
        {
            return;
        }

        if (!info.Protocols.Contains(RelayProtocol.Hop))
        {
            Apply(_selection.OnNoRelay(connection.Peer, Now));
            return;
        }

        // What was dialed leads there; of one that dialed this node only its listen addresses do.
        Multiaddr[] dialed = connection.Direction == ConnectionDirection.Outbound ? [connection.RemoteAddress] : [];
        var listening = info.ListenAddresses.Where(a => !a.IsRelayed).OrderBy(a => AddressScope.IsPublic(a) ? 0 : 1);
        var addresses = dialed.Concat(listening).DefaultIfEmpty(connection.RemoteAddress)
            .Select(a => a.WithoutPeerId().WithPeerId(connection.Peer)).Distinct().Take(MaxAddresses).ToList();
        Apply(_selection.OnCandidate(new RelayCandidate(connection.Peer, addresses), Now));
    }

    private void OnNetworkChanged(IReadOnlyList<string> what)
    {
        if (what.Count == 0)
        {
            return;
        }

        foreach (var kept in _kept.Values)
        {
            kept.Actor.Tell(new ReservationMessages.TryNow());
        }

        Apply(_selection.OnNetworkChanged(Now));
    }

    private void OnHeld(ReservationMessages.Held held)
    {
        if (!_kept.TryGetValue(held.Relay, out var kept))
        {
            return;
        }

        _kept[held.Relay] = kept with { Expires = held.Expires, Limits = held.Limits, Problem = "" };
        Apply(_selection.OnHeld(held.Relay, held.Limits, Now));
    }

    private void OnLost(ReservationMessages.Lost lost)
    {
        if (_kept.TryGetValue(lost.Relay, out var kept))
        {
            _kept[lost.Relay] = kept with { Expires = null, Problem = lost.Reason };
            Apply(_selection.OnLost(lost.Relay, lost.Reason, Now));
            _node.Refs.AutoNat.Tell(new AutoNatMessages.ProbeAgain($"the reservation at {lost.Relay} was lost"));
        }
    }

    private void OnFailed(ReservationMessages.Failed failed)
    {
        if (_kept.TryGetValue(failed.Relay, out var kept))
        {
            _kept[failed.Relay] = kept with { Expires = null, Problem = failed.Reason };
            Apply(_selection.OnFailed(failed.Relay, failed.Kind, failed.Reason, Now));
        }
    }

    private void OnDialed(ConnectionsMessages.Dialed dialed)
    {
        if (_measuring.TryGetValue(dialed.Id, out var peer))
        {
            Ping(dialed.Id, peer);
        }
    }

    private void OnMeasured(long id, TimeSpan? roundTrip)
    {
        if (_measuring.Remove(id, out var peer))
        {
            Apply(_selection.OnMeasured(peer, roundTrip, Now));
        }
    }

    private void OnDeadline()
    {
        TellUse();
        Apply(_selection.OnDeadline(Now));
    }

    private void Apply(IReadOnlyList<RelaySelectionEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case RelaySelectionEffect.Measure measure: Measure(measure); break;
                case RelaySelectionEffect.Reserve reserve: Reserve(reserve); break;
                case RelaySelectionEffect.GiveBack back: GiveBack(back); break;
            }
        }

        Timers.WakeAt(nameof(Deadline), Deadline.Instance, _selection.NextDeadline, Now);
    }

    private void Measure(RelaySelectionEffect.Measure measure)
    {
        _measuring[++_lastMeasurement] = measure.Relay;
        if (_direct.ContainsKey(measure.Relay))
        {
            Ping(_lastMeasurement, measure.Relay);
        }
        else
        {
            _node.Refs.Connections.Tell(
                new ConnectionsMessages.Dial(_lastMeasurement, measure.Relay, measure.Addresses, Self) { ForceDirect = true });
        }
    }

    private void Ping(long id, PeerId peer) =>
        _node.Refs.Ping.Tell(new PingMessages.Ping(id, peer, 1, Self) { AllowLimited = false, Quiet = true });

    private void Reserve(RelaySelectionEffect.Reserve reserve)
    {
        _log.Info("Relay {0} is taken", reserve.Relay);
        _givenBack.Remove(reserve.Relay);
        Keep(reserve.Relay, new Kept(reserve.Addresses, Named: false));
    }

    private void GiveBack(RelaySelectionEffect.GiveBack back)
    {
        if (!_kept.Remove(back.Relay, out var kept))
        {
            return;
        }

        kept.Actor.Tell(new ReservationMessages.GiveBack(back.Reason));
        if (kept.Expires is { } expires)
        {
            if (_givenBack.Count >= MaxGivenBack)
            {
                _givenBack.Remove(_givenBack.MinBy(g => g.Value).Key);
            }

            _givenBack[back.Relay] = expires;
        }
    }

    /// <summary>What peers that came in through each relay have used of its limits.</summary>
    private void TellUse()
    {
        foreach (var relay in _kept.Keys)
        {
            var inbound = _circuits.Values.Where(c => c.Direction == ConnectionDirection.Inbound && Through(c, relay)).ToList();
            var left = inbound.Select(c => c.Circuit?.ShareLeft(Now) ?? 1).DefaultIfEmpty(1).Min();
            _selection.OnUse(relay, new RelayUse(inbound.Count, left));
        }
    }

    private static bool Through(ConnectionInfo circuit, PeerId relay) =>
        circuit.RemoteAddress.TrySplitCircuit(out _, out var through, out _) && through.Equals(relay);

    private RelayClientMessages.State ToState() => new(
        [.. _kept.OrderBy(k => k.Value.Expires is null).Select(k => ToState(k.Key, k.Value))],
        [.. _selection.Describe(Now).Where(c => !_kept.ContainsKey(c.Peer)).Select(InWords)]);

    private RelayClientMessages.RelayState ToState(PeerId relay, Kept kept) => new()
    {
        Relay = relay,
        Address = kept.Addresses[0],
        Configured = kept.Named,
        Expires = kept.Expires,
        Latency = _selection.LatencyOf(relay),
        CircuitBytes = kept.Expires is null ? null : kept.Limits.BytesPerDirection,
        CircuitDuration = kept.Expires is null ? null : kept.Limits.Duration,
        Problem = kept.Expires is null && kept.Problem.Length == 0 ? "it is being asked for" : kept.Problem,
    };

    private static string InWords(RelayCandidateState candidate)
    {
        var latency = candidate.Latency is { } roundTrip ? $"{roundTrip.TotalMilliseconds:0} ms" : "not measured";
        return $"{candidate.Address} ({latency}): {(candidate.Why.Length == 0 ? "can be used" : candidate.Why)}";
    }
}
