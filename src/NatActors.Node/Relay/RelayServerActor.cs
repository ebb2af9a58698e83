using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Records;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Relay;

/// <summary>
/// The relay server: decides by <see cref="RelayServerRules"/> who holds a reservation and who gets a circuit. One state. Children:
/// <c>hop-n</c>, one question; <c>circuit-n</c>, one circuit.
/// </summary>
public sealed class RelayServerActor : UntypedActor, IWithTimers
{
    /// <summary>Questions under way at once, in all: a remote never chooses our memory. go-libp2p allows 256 relay streams.</summary>
    public const int MaxPendingHops = 256;

    /// <summary>Questions under way at once from one connection (go-libp2p: 64 streams a peer).</summary>
    public const int MaxPendingHopsPerConnection = 64;

    private const string Tag = "relay-reservation";

    private readonly NodeContext _node;
    private readonly RelayProfile _profile;
    private readonly RelayServerRules _rules;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<PeerId, HashSet<long>> _direct = [];
    private readonly Dictionary<long, int> _hops = [];
    private readonly FloodLog _refusals = new();
    private AddressSet _addresses = AddressSet.Empty;
    private IDisposable? _registration;
    private int _pendingHops;
    private long _lastHop;

    /// <summary>Creates the actor with the profile of the options.</summary>
    public RelayServerActor(NodeContext node)
    {
        _node = node;
        _profile = node.RelayProfile ?? RelayProfile.Named(node.Options.RelayServer ?? RelayProfile.Public.Name) ?? RelayProfile.Public;
        _rules = new RelayServerRules(_profile, node.RelayAcl);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        _node.Refs.Connections.Tell(new ConnectionsMessages.Subscribe(Self));
        _node.Refs.Addresses.Tell(new AddressMessages.Subscribe(Self));
        _registration = _node.Protocols.Register(RelayProtocol.Hop, Self, allowLimited: true);
    }

    /// <inheritdoc />
    protected override void PostStop() => _registration?.Dispose();

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StreamMessages.InboundStream inbound: OnInbound(inbound); break;
            case RelayServerMessages.Asked asked: OnAsked(asked); break;
            case HopEnded ended: OnHopEnded(ended.Connection); break;
            case CircuitEnded ended: _rules.OnCircuitEnded(ended.Circuit); break;
            case ConnectionsMessages.ConnectionUp up: OnUp(up.Connection); break;
            case ConnectionsMessages.ConnectionDown down: OnDown(down.Connection); break;
            case AddressMessages.Changed changed: _addresses = changed.Addresses; break;
            case Deadline: OnDeadline(); break;
            default: Unhandled(message); break;
        }
    }

    private void OnInbound(StreamMessages.InboundStream inbound)
    {
        var connection = inbound.Connection.Id;
        var ofConnection = _hops.GetValueOrDefault(connection);
        if (_pendingHops >= MaxPendingHops || ofConnection >= MaxPendingHopsPerConnection)
        {
            inbound.Stream.Reset();
            return;
        }

        _pendingHops++;
        _hops[connection] = ofConnection + 1;
        var child = Context.ActorOf(Props.Create(typeof(HopActor), inbound, Self), $"hop-{++_lastHop}");
        Context.WatchWith(child, new HopEnded(connection));
    }

    private void OnHopEnded(long connection)
    {
        _pendingHops--;
        if (_hops.GetValueOrDefault(connection) is var open and > 1)
        {
            _hops[connection] = open - 1;
        }
        else
        {
            _hops.Remove(connection);
        }
    }

    private void OnAsked(RelayServerMessages.Asked asked)
    {
        var guest = new RelayGuest(
            asked.Connection.Peer,
            asked.Connection.Id,
            asked.Connection.RemoteAddress,
            asked.Connection.Relayed ? null : asked.Connection.RemoteAddress.Host,
            asked.Connection.Relayed);
        switch (asked.Question.Message)
        {
            case HopMessage.Reserve: OnReserve(guest, asked.Connection); break;
            case HopMessage.Connect connect: OnConnect(guest, connect.Target, asked.Stream); break;
            case HopMessage.Status: Say(RelayStatus.UnexpectedMessage); break;
            default: Say(RelayCodec.Answer(asked.Question.Fault)); break;
        }
    }

    private void OnReserve(RelayGuest guest, ConnectionInfo connection)
    {
        var decision = _rules.OnReserve(guest, Now);
        foreach (var ended in decision.Ended)
        {
            Unprotect(ended);
        }

        if (decision.Status != RelayStatus.Ok)
        {
            _node.Metrics.OnReservationAnswered(decision.Status);
            OnRefused("a reservation to", guest.Peer, decision.Status);
            Say(decision.Status);
            return;
        }

        // The connection may have gone while the question was read.
        if (!_direct.TryGetValue(guest.Peer, out var alive) || !alive.Contains(guest.Connection))
        {
            _rules.OnConnectionClosed(guest.Peer, guest.Connection, null);
            _node.Metrics.OnReservationAnswered(RelayStatus.ReservationRefused);
            Say(RelayStatus.ReservationRefused);
            return;
        }

        _node.Metrics.OnReservationAnswered(RelayStatus.Ok);
        _node.Refs.Connections.Tell(new ConnectionsMessages.Protect(guest.Connection, Tag));
        SetTimer();
        var expires = _node.WallClock.GetUtcNow() + (decision.Expires - Now);
        var voucher = new ReservationVoucher(_node.Self, guest.Peer, expires).Seal(_node.Key);
        _log.Debug("Reservation of {0} until {1:u}; {2} in all", guest.Peer, expires, _rules.Reservations);
        Sender.Tell(new RelayServerMessages.Say(new HopMessage.Status(
            RelayStatus.Ok,
            new RelayReservation(expires, AddressesFor(connection), voucher),
            _profile.Limits)));
    }

    // circuit-v2.md: "all the public relay addrs"; a relay without one is reached by others as this peer reached it.
    private IReadOnlyList<Multiaddr> AddressesFor(ConnectionInfo connection)
    {
        var own = _addresses.Direct
            .Where(a => !a.IsRelayed && AddressScope.IsPublic(a))
            .Take(RelayCodec.MaxAddresses / 2)
            .ToList();
        return [.. (own.Count > 0 ? own : [connection.LocalAddress]).Select(a => a.WithPeerId(_node.Self))];
    }

    private void OnConnect(RelayGuest guest, PeerId target, PeerStream stream)
    {
        var decision = _rules.OnConnect(guest, target, Now);
        if (decision.Status != RelayStatus.Ok)
        {
            _node.Metrics.OnCircuitAnswered(decision.Status);
            OnRefused("a circuit from", guest.Peer, decision.Status);
            Say(decision.Status);
            return;
        }

        Sender.Tell(new RelayServerMessages.HandedOver());
        var seed = new CircuitSeed
        {
            Id = decision.Circuit,
            Source = stream,
            Destination = target,
            DestinationConnection = decision.DestinationConnection,
            Limits = _profile.Limits,
        };
        var child = Context.ActorOf(Props.Create(typeof(CircuitActor), _node, seed), $"circuit-{decision.Circuit}");
        Context.WatchWith(child, new CircuitEnded(decision.Circuit));
    }

    private void OnRefused(string what, PeerId peer, RelayStatus status)
    {
        if (_refusals.MayLog(Now, out var others))
        {
            _log.Info("Refused {0} {1}: {2}{3}", what, peer, status, others);
        }
    }

    private void Say(RelayStatus status) =>
        Sender.Tell(new RelayServerMessages.Say(new HopMessage.Status(status, null, RelayLimits.None)));

    private void OnUp(ConnectionInfo connection)
    {
        if (!connection.Relayed)
        {
            if (!_direct.TryGetValue(connection.Peer, out var alive))
            {
                _direct[connection.Peer] = alive = [];
            }

            alive.Add(connection.Id);
        }
    }

    private void OnDown(ConnectionInfo connection)
    {
        if (!_direct.TryGetValue(connection.Peer, out var alive) || !alive.Remove(connection.Id))
        {
            return;
        }

        long? survivor = alive.Count > 0 ? alive.Max() : null;
        if (alive.Count == 0)
        {
            _direct.Remove(connection.Peer);
        }

        if (_rules.OnConnectionClosed(connection.Peer, connection.Id, survivor))
        {
            _log.Debug("Reservation of {0} ended with its connection", connection.Peer);
        }
        else if (survivor is { } other && _rules.IsHeldBy(connection.Peer, other))
        {
            _node.Refs.Connections.Tell(new ConnectionsMessages.Protect(other, Tag));
        }

        SetTimer();
    }

    private void OnDeadline()
    {
        foreach (var connection in _rules.OnDeadline(Now))
        {
            Unprotect(connection);
        }

        SetTimer();
    }

    private void Unprotect(long connection) => _node.Refs.Connections.Tell(new ConnectionsMessages.Unprotect(connection, Tag));

    private void SetTimer() => Timers.WakeAt(nameof(Deadline), Deadline.Instance, _rules.NextDeadline, Now);

    private sealed record HopEnded(long Connection);

    private sealed record CircuitEnded(long Circuit);

    private sealed record Deadline
    {
        public static readonly Deadline Instance = new();
    }
}
