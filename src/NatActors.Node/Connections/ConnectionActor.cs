using Akka.Actor;
using Akka.Event;
using NatActors.Node.KeepAlive;
using NatActors.Node.Resources;
using NatActors.Node.Streams;
using NatActors.Transports.Muxing;

namespace NatActors.Node.Connections;

/// <summary>
/// One connection: the upgrade, then the muxed link and its streams. The payload never passes this actor; it sees what opens and ends.
/// <code>
/// Upgrading --upgraded--> Waiting --admit--> Running --close--> Closing --link ended--> Ended --forgotten--> stop
///     |                      |                  +--link ended---------------------------^                    ^
///     +--failed, too slow----+--close, refused----------------------------------------------------------------+
///     +--a mapping to be measured: handed over----------------------------------------------------------------+
/// </code>
/// Children: <c>stream-n</c>, one protocol stream each. Ends with its link; a fault of ours stops it and cuts the link.
/// </summary>
public sealed partial class ConnectionActor : UntypedActor, IWithTimers
{
    /// <summary>How long an orderly close may flush before the link is cut. Ours: a peer that does not read must not hold us.</summary>
    public static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(1);

    private readonly NodeContext _node;
    private readonly ConnectionSeed _seed;
    private readonly IActorRef _connections;
    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource _patienceIsOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<long, IActorRef> _streams = [];
    private readonly ConnectionResources? _resources;
    private readonly LinkToActor _events;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IMuxedLink? _link;
    private ConnectionInfo? _info;
    private HashSet<string> _peerSpeaks = new(StringComparer.Ordinal);
    private string? _closeReason;
    private bool _handedOver;

    /// <summary>Creates the actor; it starts its upgrade at once.</summary>
    public ConnectionActor(NodeContext node, ConnectionSeed seed, IActorRef connections)
    {
        _node = node;
        _resources = seed.Resources ?? node.Resources.OpenConnection(seed.Id, seed.Direction == ConnectionDirection.Inbound, out _);
        _seed = seed with { Resources = _resources };
        _connections = connections;
        _events = new LinkToActor(Self, _resources);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, _node.Options.Connections.UpgradeTimeout);
        if (_seed.SpeakAfter is { } patience)
        {
            Timers.StartSingleTimer(nameof(PatienceIsOver), PatienceIsOver.Instance, patience);
        }

        var clock = Context.System.Scheduler;
        ConnectionUpgrade.RunAsync(_node, _seed, () => clock.HighResMonotonicClock, _patienceIsOver.Task, _cancel.Token)
            .PipeTo(Self, failure: e => new ConnectionMessages.UpgradeDone(null, e.Message));
        Become(Upgrading);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        _link?.Abort();
        if (!_handedOver)
        {
            _seed.Conduit.Abort();
        }

        _resources?.Close();
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Upgrading(object message)
    {
        switch (message)
        {
            case ConnectionMessages.UpgradeDone done: OnUpgradeDone(done); break;
            case PatienceIsOver: _patienceIsOver.TrySetResult(); break;
            case TooSlow: OnTooSlow(); break;
            case ConnectionMessages.Close close: OnCloseBeforeUp(close.Reason); break;
            case ConnectionMessages.Cut cut: OnCloseBeforeUp(cut.Reason); break;
            case ConnectionsMessages.OpenStream open: Refuse(open, StreamFailureKind.NotConnected, "the connection is not up yet"); break;
            default: Unhandled(message); break;
        }
    }

    private void Waiting(object message)
    {
        switch (message)
        {
            case ConnectionMessages.Admit: OnAdmitted(); break;
            case ConnectionMessages.Close close: OnCloseBeforeUp(close.Reason); break;
            case ConnectionMessages.Cut cut: OnCloseBeforeUp(cut.Reason); break;
            case ConnectionsMessages.OpenStream open: Refuse(open, StreamFailureKind.NotConnected, "the connection is not up yet"); break;
            default: Unhandled(message); break;
        }
    }

    private void Running(object message)
    {
        switch (message)
        {
            case RawOpened opened: OnRawOpened(opened); break;
            case RawEnded ended: OnRawEnded(ended); break;
            case ConnectionsMessages.OpenStream open: OnOpenStream(open); break;
            case ConnectionMessages.PeerSpeaks speaks: _peerSpeaks = new(speaks.Protocols, StringComparer.Ordinal); break;
            case RttMeasured rtt: _connections.Tell(new ConnectionMessages.RoundTrip(_seed.Id, rtt.RoundTripTime)); break;
            case Tick: RunTimer(); break;
            case ConnectionMessages.KeepAlive keep: OnKeepAlive(keep.Pace); break;
            case ConnectionMessages.Check check: OnCheck(check.Timeout); break;
            case ConnectionMessages.Close close: OnClose(close.Reason); break;
            case ConnectionMessages.Cut cut: OnCut(cut.Reason); break;
            case LinkEnd end: OnLinkEnded(end); break;
            default: Unhandled(message); break;
        }
    }

    private void Closing(object message)
    {
        switch (message)
        {
            case LinkEnd end: OnLinkEnded(end); break;
            case RawEnded ended: OnRawEnded(ended); break;
            case RawOpened opened: Drop(opened); break;
            case ConnectionsMessages.OpenStream open: HandBack(open); break;
            case TooSlow or ConnectionMessages.Cut: _link!.Abort(); break;
            case CloseFlushed or Tick or RttMeasured or ConnectionMessages.Close or ConnectionMessages.PeerSpeaks: break;
            case ConnectionMessages.KeepAlive or ConnectionMessages.Check: break;
            default: Unhandled(message); break;
        }
    }

    private void Ended(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.OpenStream open: HandBack(open); break;
            case ConnectionMessages.Forgotten: Context.Stop(Self); break;
            case RawEnded ended: OnRawEnded(ended); break;
            case RawOpened opened: Drop(opened); break;
            case CloseFlushed or Tick or TooSlow or RttMeasured or ConnectionMessages.Close or ConnectionMessages.PeerSpeaks: break;
            case ConnectionMessages.KeepAlive or ConnectionMessages.Check or ConnectionMessages.Cut: break;
            default: Unhandled(message); break;
        }
    }

    private void OnUpgradeDone(ConnectionMessages.UpgradeDone done)
    {
        Timers.CancelAll();
        if (done.Measured is { } measured)
        {
            _handedOver = true;
            _node.Refs.LifetimeServer.Tell(new KeepAliveMessages.Opened(measured));
            Context.Stop(Self);
            return;
        }

        if (done.Result is not { } result)
        {
            Fail(done.Failure ?? "the handshake failed", done.Crossed);
            return;
        }

        _link = result.Link;
        _resources?.KnowPeer(result.Peer);
        _info = new ConnectionInfo
        {
            Id = _seed.Id,
            Peer = result.Peer,
            PeerKey = result.PeerKey,
            LocalAddress = _seed.Conduit.LocalAddress,
            RemoteAddress = _seed.Conduit.RemoteAddress,
            Direction = _seed.Direction,
            Role = result.Role,
            Relayed = _seed.Relayed,
            Punched = _seed.Punched,
            PortReused = _seed.PortReused,
            Limits = _seed.Limits,
            Circuit = (_seed.Conduit as StreamConduit)?.Circuit,
            Actor = Self,
        };
        _connections.Tell(new ConnectionMessages.Upgraded(_info));
        Become(Waiting);
    }

    private void OnTooSlow()
    {
        _cancel.Cancel();
        Fail($"the handshake took longer than {_node.Options.Connections.UpgradeTimeout.TotalSeconds:0.#} s");
    }

    private void OnCloseBeforeUp(string reason)
    {
        _log.Debug("Connection {0} closed before it was up: {1}", _seed.Id, reason);
        _cancel.Cancel();
        Context.Stop(Self);
    }

    private void Fail(string reason, bool crossed = false)
    {
        _connections.Tell(new ConnectionMessages.UpgradeFailed(_seed.Id, _seed.ExpectedPeer, reason) { Crossed = crossed });
        Context.Stop(Self);
    }

    private void OnAdmitted()
    {
        Become(Running);
        if (_resources is not null)
        {
            _resources.WhenEvicted = CutWith(Self, _link!);
        }

        _link!.RunAsync(_events).PipeTo(
            Self,
            failure: e => new LinkEnd(LinkEndKind.TransportBroken, e.Message));
        RunTimer();
    }

    private void RunTimer() => Timers.StartSingleTimer(nameof(Tick), Tick.Instance, _link!.OnTimer());

    private void OnKeepAlive(KeepAlivePace pace)
    {
        _link!.SetPace(pace);
        RunTimer();
    }

    private void OnCheck(TimeSpan timeout)
    {
        _link!.Check(timeout);
        RunTimer();
    }

    private void OnCut(string reason)
    {
        _closeReason = reason;
        _link!.Abort();
    }

    private void OnClose(string reason)
    {
        _closeReason = reason;
        Become(Closing);
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, CloseGrace);
        _link!.CloseAsync(_cancel.Token).AsTask().PipeTo(
            Self,
            success: () => CloseFlushed.Instance,
            failure: _ => CloseFlushed.Instance);
    }

    private void OnLinkEnded(LinkEnd end)
    {
        Timers.CancelAll();
        _connections.Tell(new ConnectionMessages.Closed(_seed.Id, _closeReason ?? end.Detail, end.Kind));
        Become(Ended);
    }

    // What the link says after this actor has stopped is no news.
    private sealed record RawOpened(IMuxedStream Stream, StreamResources? Resources) : IDeadLetterSuppression;

    private sealed record RawEnded(long StreamId, StreamEnd End) : IDeadLetterSuppression;

    private sealed record RttMeasured(TimeSpan RoundTripTime) : IDeadLetterSuppression;

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }

    private sealed record PatienceIsOver
    {
        public static readonly PatienceIsOver Instance = new();
    }

    private sealed record CloseFlushed
    {
        public static readonly CloseFlushed Instance = new();
    }
}
