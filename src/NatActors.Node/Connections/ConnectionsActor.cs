using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Network;
using NatActors.Node.Port;
using NatActors.Node.Resources;
using NatActors.Protocols.Connections;
using NatActors.Protocols.Relay;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;

namespace NatActors.Node.Connections;

/// <summary>
/// All connections of the node, by peer: takes conduits in, dials, hands streams to the best connection, tells subscribers. The rules
/// (limits, duplicates, idle closing, one dial at a time) are <see cref="ConnectionTable"/> and <see cref="DialBook{T}"/>.
/// <code>
/// Running --close all--> Closing (refuses everything) --last child gone--> answers AllClosed
/// </code>
/// Children: <c>conn-n</c>, one connection each; <c>dial-n</c>, the dial of one peer over its addresses; <c>again-n</c>, a peer whose path
/// died.
/// </summary>
public sealed partial class ConnectionsActor : UntypedActor, IWithTimers
{
    private readonly NodeContext _node;
    private readonly ConnectionRules _rules;
    private readonly ConnectionTable _table;
    private readonly DialBook<DialRequest> _book = new(new DialRules());
    private readonly Dictionary<long, Pending> _pending = [];
    private readonly Dictionary<long, Up> _up = [];
    private readonly Dictionary<DialGoal, IActorRef> _dialers = [];
    private readonly DirectWaiters _waiters = new();
    private readonly HashSet<IActorRef> _subscribers = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<IActorRef> _closers = [];
    private string? _closingAll;
    private IReadOnlyList<Multiaddr> _listening = [];

    /// <summary>Creates the actor; it works from the first message on.</summary>
    public ConnectionsActor(NodeContext node)
    {
        _node = node;
        _rules = node.Options.ToConnectionRules();
        _table = new ConnectionTable(node.Self, _rules);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, ConnectionTable.TickInterval);
        _node.Refs.Network.Tell(new NetworkMessages.Subscribe(Self));
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PortMessages.Accepted accepted: OnAccepted(accepted); break;
            case PortMessages.Bound bound: _listening = bound.Resolved; break;
            case ConnectionsMessages.Adopt adopt: OnAdopt(adopt); break;
            case ConnectionsMessages.Dial dial: OnDial(dial); break;
            case ConnectionsMessages.CancelDial cancel: Apply(_book.OnCancelled(new DialRequest(cancel.ReplyTo, cancel.Id)), null, null); break;
            case ConnectionsMessages.OpenStream open: OnOpenStream(open); break;
            case ConnectionsMessages.PunchUnderWay punch: _waiters.OnPunchUnderWay(punch.Peer); break;
            case ConnectionsMessages.PunchOver over: _waiters.OnPunchOver(over.Peer, over.Reason); break;
            case ConnectionsMessages.GetSnapshot: Sender.Tell(TakeSnapshot()); break;
            default: Housekeeping(message); break;
        }
    }

    private void Housekeeping(object message)
    {
        switch (message)
        {
            case ConnectionMessages.Upgraded upgraded: OnUpgraded(upgraded.Connection); break;
            case ConnectionMessages.UpgradeFailed failed: OnUpgradeFailed(failed); break;
            case ConnectionMessages.Closed closed: OnClosed(closed); break;
            case ConnectionMessages.OpenElsewhere elsewhere: OnOpenElsewhere(elsewhere); break;
            case ConnectionMessages.StreamsChanged streams: OnStreamsChanged(streams); break;
            case ConnectionMessages.RoundTrip rtt: OnRoundTrip(rtt); break;
            case ConnectionEnded ended: OnConnectionEnded(ended.Id); break;
            case PeerDialMessages.Failed failed: OnPeerDialFailed(failed); break;
            case PeerDialMessages.AwaitAccepted awaiting: OnAwaitAccepted(awaiting); break;
            case DialerEnded ended: OnDialerEnded(ended); break;
            case ConnectionsMessages.Subscribe subscribe: OnSubscribe(subscribe.Subscriber); break;
            case Terminated terminated: _subscribers.Remove(terminated.ActorRef); break;
            case ConnectionsMessages.CheckConnection check: Check(check.ConnectionId); break;
            case NetworkMessages.Changed changed: OnNetworkChanged(changed); break;
            case ReconnectEnded ended: _reconnecting.Remove(ended.Peer); break;
            case ConnectionsMessages.CloseConnection close: Close(close.ConnectionId, close.Reason); break;
            case ConnectionsMessages.CloseAll all: OnCloseAll(all); break;
            case ConnectionsMessages.Protect protect: _table.OnProtect(protect.ConnectionId, protect.Tag, protect.IdleOnly); break;
            case ConnectionsMessages.Unprotect unprotect: _table.OnUnprotect(unprotect.ConnectionId, unprotect.Tag, Now); break;
            case ConnectionsMessages.PeerSpeaks speaks: OnPeerSpeaks(speaks); break;
            case Tick: Apply(_table.OnTick(Now)); break;
            default: Unhandled(message); break;
        }
    }

    private void OnAccepted(PortMessages.Accepted accepted) =>
        OnAdopt(new ConnectionsMessages.Adopt(accepted.Conduit, accepted.Role, ConnectionDirection.Inbound) { PortReused = true });

    private void OnAdopt(ConnectionsMessages.Adopt adopt)
    {
        var id = _node.NextConnectionId();
        var inbound = adopt.Direction == ConnectionDirection.Inbound;
        ConnectionResources? resources = null;
        if ((Refusal(id, adopt, inbound) ?? Refusal(id, inbound, out resources)) is { } refusal)
        {
            OnRefused(adopt.Conduit.RemoteAddress, refusal);
            adopt.Conduit.Abort();
            adopt.ReplyTo?.Tell(new ConnectionsMessages.DialFailed(adopt.Id, new DialFailure(DialFailureKind.Refused, refusal)));
            return;
        }

        var seed = new ConnectionSeed
        {
            Id = id,
            Conduit = adopt.Conduit,
            Role = adopt.Role,
            Direction = adopt.Direction,
            ExpectedPeer = adopt.ExpectedPeer,
            SpeakAfter = adopt.SpeakAfter,
            PortReused = adopt.PortReused,
            Relayed = adopt.Relayed,
            Punched = adopt.Punched,
            Limits = adopt.Limits,
            Resources = resources,
        };
        var actor = Context.ActorOf(Props.Create(typeof(ConnectionActor), _node, seed, Self), $"conn-{id}");
        Context.WatchWith(actor, new ConnectionEnded(id));
        _pending[id] = new Pending(adopt, actor);
    }

    private void OnUpgraded(ConnectionInfo info)
    {
        if (!_pending.Remove(info.Id, out var pending))
        {
            info.Actor.Tell(new ConnectionMessages.Close("it is no longer wanted"));
            return;
        }

        IReadOnlyList<ConnectionEffect> effects = [];
        var refusal = PeerRefusal(info);
        if (refusal is null)
        {
            effects = _table.OnUp(
                new ConnectionFacts(info.Id, info.Peer, info.Role == ConnectionRole.Dialer, info.Relayed, info.Limited), Now);
            if (effects.OfType<ConnectionEffect.Refuse>().FirstOrDefault() is { } refused)
            {
                CountRefusal(refused.Reason);
                refusal = Words(refused.Reason);
            }
        }

        if (refusal is null)
        {
            Admit(info, pending, effects);
            return;
        }

        Forget(info.Id, pending);
        OnRefused(info.RemoteAddress.WithPeerId(info.Peer), refusal);
        info.Actor.Tell(new ConnectionMessages.Close(refusal));
        pending.Fail(DialFailureKind.Refused, refusal);
    }

    private void Admit(ConnectionInfo info, Pending pending, IReadOnlyList<ConnectionEffect> effects)
    {
        CheckSiblings(info);
        RememberWay(info);
        if (!info.Relayed)
        {
            _directDied.Remove(info.Peer);
        }

        _up[info.Id] = new Up(info);
        _node.Metrics.OnConnected(info);
        if (info.Limited && !_node.Refs.HolePunch.Equals(ActorRefs.Nobody))
        {
            // Said here, and not when the attempt says so, so that a stream asked for at once waits for it; the attempt's end is always told.
            _waiters.OnPunchUnderWay(info.Peer);
        }

        // Told before the connection may begin, so that nobody meets a stream of a connection that he has not heard of.
        _node.Events.Publish(new NodeEvents.Connected(
            info.Peer, info.RemoteAddress.WithPeerId(info.Peer), info.Direction, info.Relayed, info.Transport, info.PortReused));
        Tell(new ConnectionsMessages.ConnectionUp(info));
        info.Actor.Tell(new ConnectionMessages.Admit());
        pending.Succeed(info);
        Apply(effects);
        Apply(_book.OnConnected(info.Peer, direct: !info.Relayed), info, null);
        if (!info.Limited)
        {
            _waiters.OnUnlimited(info);
        }
    }

    private string? PeerRefusal(ConnectionInfo info) => _closingAll ?? (
        info.Peer.Equals(_node.Self)
            ? "that is this node itself"
            : _node.Gater.RefusePeer(info.Peer, info.RemoteAddress, info.Direction));

    private void OnUpgradeFailed(ConnectionMessages.UpgradeFailed failed)
    {
        if (_pending.Remove(failed.ConnectionId, out var pending))
        {
            Forget(failed.ConnectionId, pending);
            pending.Fail(failed.Crossed ? DialFailureKind.Crossed : DialFailureKind.HandshakeFailed, failed.Reason);
            _log.Debug("The handshake with {0} failed: {1}", pending.Adopt.Conduit.RemoteAddress, failed.Reason);
        }
    }

    private void OnConnectionEnded(long id)
    {
        if (_pending.Remove(id, out var pending))
        {
            Forget(id, pending);
            pending.Fail(DialFailureKind.Cancelled, "the connection was closed before it was up");
        }

        OnDown(id, "the connection's actor stopped");
        AnswerCloseAllWhenEmpty();
    }

    private void Forget(long id, Pending pending)
    {
        if (pending.Adopt.Direction == ConnectionDirection.Inbound)
        {
            _table.OnInboundFailed(id);
        }
    }

    private void OnClosed(ConnectionMessages.Closed closed)
    {
        OnDown(closed.ConnectionId, closed.Reason, closed.Kind);
        Sender.Tell(new ConnectionMessages.Forgotten());
    }

    private void OnDown(long id, string reason, LinkEndKind? kind = null)
    {
        if (!_up.Remove(id, out var up))
        {
            return;
        }

        var info = up.Info;
        _node.Metrics.OnDisconnected(info);
        Apply(_table.OnDown(id, Now));
        _node.Events.Publish(new NodeEvents.Disconnected(info.Peer, info.RemoteAddress.WithPeerId(info.Peer), info.Relayed, reason));
        Tell(new ConnectionsMessages.ConnectionDown(info, reason) { Kind = kind });
        if (_table.Of(info.Peer).Count == 0)
        {
            _waiters.OnPunchOver(info.Peer, "the connection to the peer was lost");
        }

        OnLost(up, kind);
    }

    private void Apply(IReadOnlyList<ConnectionEffect> effects)
    {
        foreach (var effect in effects)
        {
            if (effect is ConnectionEffect.Close close)
            {
                Close(close.Id, Words(close.Reason));
            }
        }
    }

    private void OnSubscribe(IActorRef subscriber)
    {
        if (_subscribers.Add(subscriber))
        {
            Context.Watch(subscriber);
        }

        // Also for one that subscribes again: it was restarted and has forgotten all.
        foreach (var up in _up.Values)
        {
            subscriber.Tell(new ConnectionsMessages.ConnectionUp(up.Info));
        }
    }

    private void Tell(object news)
    {
        foreach (var subscriber in _subscribers)
        {
            subscriber.Tell(news);
        }
    }

    private void OnStreamsChanged(ConnectionMessages.StreamsChanged streams)
    {
        _table.OnStreams(streams.ConnectionId, streams.Streams, Now);
        if (_up.TryGetValue(streams.ConnectionId, out var up))
        {
            up.Streams = streams.Streams;
        }
    }

    private void OnRoundTrip(ConnectionMessages.RoundTrip rtt)
    {
        if (_up.TryGetValue(rtt.ConnectionId, out var up))
        {
            up.RoundTripTime = rtt.RoundTripTime;
        }
    }

    private void OnPeerSpeaks(ConnectionsMessages.PeerSpeaks speaks)
    {
        if (_up.TryGetValue(speaks.ConnectionId, out var up))
        {
            up.Info.Actor.Tell(new ConnectionMessages.PeerSpeaks(speaks.Protocols));
        }
    }

    private ConnectionsMessages.Snapshot TakeSnapshot() =>
        new([.. _up.Values.Select(u => new ConnectionsMessages.ConnectionStatus(u.Info, u.RoundTripTime, u.Streams) { Budget = BudgetOf(u.Info) })]);

    private ConnectionsMessages.CircuitBudget? BudgetOf(ConnectionInfo connection) => connection.Circuit is not { } circuit
        ? null
        : new(circuit.Left(CircuitDirection.FromSource), circuit.Left(CircuitDirection.FromDestination), circuit.TimeLeft(Now));

    private sealed record Pending(ConnectionsMessages.Adopt Adopt, IActorRef Actor)
    {
        public List<PeerDialMessages.AwaitAccepted> Awaiting { get; } = [];

        public void Succeed(ConnectionInfo connection)
        {
            Adopt.ReplyTo?.Tell(new ConnectionsMessages.Dialed(Adopt.Id, connection));
            Awaiting.ForEach(dial => dial.ReplyTo.Tell(new ConnectionsMessages.Dialed(dial.Id, connection)));
        }

        public void Fail(DialFailureKind kind, string detail)
        {
            var failure = new DialFailure(kind, detail);
            Adopt.ReplyTo?.Tell(new ConnectionsMessages.DialFailed(Adopt.Id, failure));
            Awaiting.ForEach(dial => dial.ReplyTo.Tell(new ConnectionsMessages.DialFailed(dial.Id, failure)));
        }
    }

    private sealed class Up(ConnectionInfo info)
    {
        public ConnectionInfo Info { get; } = info;

        public TimeSpan? RoundTripTime { get; set; }

        public int Streams { get; set; }

        /// <summary>It was cut because this machine no longer has its address.</summary>
        public bool PathGone { get; set; }
    }

    private sealed record ConnectionEnded(long Id);

    private sealed record DialerEnded(DialGoal Goal, IActorRef Dialer);

    private sealed record DialRequest(IActorRef ReplyTo, long Id);

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }
}
