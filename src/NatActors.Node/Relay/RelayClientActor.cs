using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Relay;

/// <summary>
/// The client's side of circuit relay v2: keeps reservations, reaches peers through relays, and takes the circuits that its relays
/// announce.
/// One state. Children: <c>reservation-n</c> for as long as the relay is kept, <c>reach-n</c> for one circuit asked for, <c>accept-n</c>
/// for
/// one circuit announced.
/// </summary>
public sealed class RelayClientActor : UntypedActor, IWithTimers
{
    /// <summary>
    /// Circuits announced and not yet taken, at most: a remote never chooses our memory. js-libp2p allows 300 stop streams.
    /// </summary>
    public const int MaxPendingAccepts = 256;

    /// <summary>A reservation whose actor failed by a bug of ours is started again after this.</summary>
    public static readonly TimeSpan RestartAfter = TimeSpan.FromSeconds(5);

    private readonly NodeContext _node;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<PeerId, Multiaddr> _kept = [];
    private readonly Dictionary<(IActorRef ReplyTo, long Id), IActorRef> _reaching = [];
    private IDisposable? _registration;
    private int _accepting;
    private long _lastChild;

    /// <summary>Creates the actor.</summary>
    public RelayClientActor(NodeContext node) => _node = node;

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart() => _registration = _node.Protocols.Register(RelayProtocol.Stop, Self, allowLimited: false);

    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        base.PreRestart(reason, message);

        // Which relays to keep is the owner's wish, said once.
        foreach (var relay in _kept.Values)
        {
            Self.Tell(new RelayClientMessages.KeepReservation(relay));
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
            case RelayClientMessages.Connect connect: OnConnect(connect); break;
            case RelayClientMessages.CancelConnect cancel: OnCancel(cancel); break;
            case StreamMessages.InboundStream inbound: OnInbound(inbound); break;
            case ReservationEnded ended: OnReservationEnded(ended.Relay); break;
            case ReachEnded ended: _reaching.Remove((ended.ReplyTo, ended.Id)); break;
            case AcceptEnded: _accepting--; break;
            case Restart restart: StartReservation(restart.Relay); break;
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
        else if (_kept.TryAdd(peer, relay))
        {
            StartReservation(relay);
        }
    }

    private void StartReservation(Multiaddr relay)
    {
        var child = Context.ActorOf(Props.Create(typeof(ReservationActor), _node, relay), $"reservation-{++_lastChild}");
        Context.WatchWith(child, new ReservationEnded(relay));
    }

    private void OnReservationEnded(Multiaddr relay)
    {
        _log.Warning("The reservation at {0} failed; it is started again", relay);
        Timers.StartSingleTimer(relay, new Restart(relay), RestartAfter);
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
        var ours = _kept.ContainsKey(inbound.Connection.Peer);
        var child = Context.ActorOf(Props.Create(typeof(AcceptActor), _node, inbound, ours), $"accept-{++_lastChild}");
        Context.WatchWith(child, AcceptEnded.Instance);
    }

    private sealed record ReservationEnded(Multiaddr Relay);

    private sealed record ReachEnded(IActorRef ReplyTo, long Id);

    private sealed record AcceptEnded
    {
        public static readonly AcceptEnded Instance = new();
    }

    private sealed record Restart(Multiaddr Relay);
}
