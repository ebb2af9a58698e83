using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Network;
using NatActors.Node.Ping;
using NatActors.Node.Streams;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Relay;

/// <summary>
/// The client's side of circuit relay v2: keeps reservations, at relays that the owner names and at such as it finds by itself
/// (<see cref="RelaySelection"/>), reaches peers through relays, and takes the circuits that its relays announce. One state.
/// <code>
/// peers, verdict, latencies --> selection --reserve--> reservation-n --held, lost, failed--> selection, State
///                                   +--give back--> stops it; circuits that it announced before its end are still taken
/// </code>
/// Children: <c>reservation-n</c> for as long as the relay is kept, <c>reach-n</c> for one circuit asked for, <c>accept-n</c> for one
/// circuit announced.
/// </summary>
public sealed partial class RelayClientActor : UntypedActor, IWithTimers
{
    /// <summary>
    /// Circuits announced and not yet taken, at most: a remote never chooses our memory. js-libp2p allows 300 stop streams.
    /// </summary>
    public const int MaxPendingAccepts = 256;

    /// <summary>A reservation whose actor failed by a bug of ours is started again after this.</summary>
    public static readonly TimeSpan RestartAfter = TimeSpan.FromSeconds(5);

    private readonly NodeContext _node;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<PeerId, Kept> _kept = [];
    private readonly Dictionary<(IActorRef ReplyTo, long Id), IActorRef> _reaching = [];
    private IDisposable? _registration;
    private int _accepting;
    private long _lastChild;

    /// <summary>Creates the actor.</summary>
    public RelayClientActor(NodeContext node)
    {
        _node = node;
        _selection = new RelaySelection(
            new RelaySelectionOptions
            {
                Relays = node.Options.AutoRelay.Relays,
                OnlyWhenPrivate = node.Options.RelayServer is not null,
            },
            node.Random);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart() => _registration = _node.Protocols.Register(RelayProtocol.Stop, Self, allowLimited: false);

    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        base.PreRestart(reason, message);

        // Which relays to keep is the owner's wish, said once; the others are found again.
        foreach (var kept in _kept.Values.Where(k => k.Named))
        {
            Self.Tell(new RelayClientMessages.KeepReservation(kept.Addresses[0]));
        }

        if (_finding)
        {
            Self.Tell(new RelayClientMessages.FindRelays());
        }
    }

    /// <inheritdoc />
    protected override void PostStop() => _registration?.Dispose();

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RelayClientMessages.KeepReservation keep: OnKeep(keep.Relay); break;
            case RelayClientMessages.FindRelays: OnFindRelays(); break;
            case RelayClientMessages.Connect connect: OnConnect(connect); break;
            case RelayClientMessages.CancelConnect cancel: OnCancel(cancel); break;
            case RelayClientMessages.GetState: Sender.Tell(ToState()); break;
            case StreamMessages.InboundStream inbound: OnInbound(inbound); break;
            case ReservationMessages.Held held: OnHeld(held); break;
            case ReservationMessages.Lost lost: OnLost(lost); break;
            case ReservationMessages.Failed failed: OnFailed(failed); break;
            case ReservationEnded ended: OnReservationEnded(ended); break;
            case ReachEnded ended: _reaching.Remove((ended.ReplyTo, ended.Id)); break;
            case AcceptEnded: _accepting--; break;
            case Restart restart: OnRestart(restart.Relay); break;
            default: Finding(message); break;
        }
    }

    private void Finding(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.ConnectionUp up: OnUp(up.Connection); break;
            case ConnectionsMessages.ConnectionDown down: OnDown(down.Connection); break;
            case IdentifyMessages.Identified identified: OnIdentified(identified); break;
            case IdentifyMessages.IdentifyFailed: break;
            case AutoNatMessages.VerdictChanged changed: Apply(_selection.OnVerdict(changed.Verdict.Verdict, Now)); break;
            case NetworkMessages.Changed changed: OnNetworkChanged(changed.What); break;
            case ConnectionsMessages.Dialed dialed: OnDialed(dialed); break;
            case ConnectionsMessages.DialFailed failed: OnMeasured(failed.Id, null); break;
            case PingMessages.Pinged pinged: OnMeasured(pinged.Id, pinged.RoundTripTime); break;
            case PingMessages.PingFailed failed: OnMeasured(failed.Id, null); break;
            case PingMessages.PingFinished: break;
            case Deadline: OnDeadline(); break;
            default: Unhandled(message); break;
        }
    }

    private void OnKeep(Multiaddr relay)
    {
        if (relay.PeerId is not { } peer)
        {
            _log.Error("{0} does not say which relay is there; append /p2p/ and its peer id", relay);
        }
        else if (peer.Equals(_node.Self))
        {
            _node.Events.Publish(new NodeEvents.Error($"{relay} is this node itself; name another relay."));
        }
        else if (!_kept.TryGetValue(peer, out var kept))
        {
            Keep(peer, new Kept([relay], Named: true));
            Apply(_selection.OnNamed(new RelayCandidate(peer, [relay]), Now));
        }
        else if (!kept.Named)
        {
            // Found by itself before; from now on it stays in any case.
            _kept[peer] = kept with { Named = true };
            Apply(_selection.OnNamed(new RelayCandidate(peer, [relay]), Now));
        }
    }

    private void Keep(PeerId relay, Kept kept)
    {
        var actor = Context.ActorOf(
            Props.Create(typeof(ReservationActor), _node, kept.Addresses, kept.Named, Self), $"reservation-{++_lastChild}");
        Context.WatchWith(actor, new ReservationEnded(relay, actor));
        _kept[relay] = kept with { Actor = actor };
    }

    private void OnReservationEnded(ReservationEnded ended)
    {
        // One that was given back is no longer in the table, or another one has its place.
        if (_kept.TryGetValue(ended.Relay, out var kept) && kept.Actor.Equals(ended.Actor))
        {
            _log.Warning("The reservation at {0} failed; it is started again", ended.Relay);
            _kept[ended.Relay] = kept with { Expires = null, Problem = "it failed by a fault of this node" };
            Timers.StartSingleTimer(ended.Relay, new Restart(ended.Relay), RestartAfter);
        }
    }

    private void OnRestart(PeerId relay)
    {
        if (_kept.TryGetValue(relay, out var kept))
        {
            Keep(relay, kept);
        }
    }

    private void OnConnect(RelayClientMessages.Connect connect)
    {
        var child = Context.ActorOf(Props.Create(typeof(ReachActor), _node, connect), $"reach-{++_lastChild}");
        Context.WatchWith(child, new ReachEnded(connect.ReplyTo, connect.Id));
        _reaching[(connect.ReplyTo, connect.Id)] = child;
    }

    private void OnCancel(RelayClientMessages.CancelConnect cancel)
    {
        if (_reaching.TryGetValue((cancel.ReplyTo, cancel.Id), out var child))
        {
            child.Tell(cancel);
        }
    }

    private void OnInbound(StreamMessages.InboundStream inbound)
    {
        if (_accepting >= MaxPendingAccepts)
        {
            inbound.Stream.Reset();
            return;
        }

        _accepting++;
        var relay = inbound.Connection.Peer;
        var ours = _kept.ContainsKey(relay) || _node.WallClock.GetUtcNow() < _givenBack.GetValueOrDefault(relay);
        var child = Context.ActorOf(Props.Create(typeof(AcceptActor), _node, inbound, ours), $"accept-{++_lastChild}");
        Context.WatchWith(child, AcceptEnded.Instance);
    }

    /// <summary>A relay at which a reservation is kept.</summary>
    private sealed record Kept(IReadOnlyList<Multiaddr> Addresses, bool Named)
    {
        public IActorRef Actor { get; init; } = ActorRefs.Nobody;

        public DateTimeOffset? Expires { get; init; }

        public RelayLimits Limits { get; init; } = RelayLimits.None;

        public string Problem { get; init; } = "";
    }

    private sealed record ReservationEnded(PeerId Relay, IActorRef Actor);

    private sealed record ReachEnded(IActorRef ReplyTo, long Id);

    private sealed record AcceptEnded
    {
        public static readonly AcceptEnded Instance = new();
    }

    private sealed record Restart(PeerId Relay);

    private sealed record Deadline
    {
        public static readonly Deadline Instance = new();
    }
}
