using System.Globalization;
using Akka.Actor;
using Akka.Event;
using NatActors.Transports.Network;

namespace NatActors.Node.Network;

/// <summary>
/// Watches the machine's network: interfaces, addresses, default routes. Tells subscribers of every change, and the world of those that a
/// person would call one.
/// <code>
/// notice of the system, or the next look is due --> a moment for the rest of it --> look --same--> nothing
///                                                                                     +--other--> subscribers, event
/// </code>
/// One state. No thread and no poll of its own where the system gives notice; the state is asked for now and then all the same, in case a
/// notice was lost. After a restart it keeps its subscribers and compares with what they know.
/// </summary>
public sealed class NetworkActor : UntypedActor, IWithTimers
{
    /// <summary>
    /// How long notices are gathered before the state is looked at: one change of an interface is a burst of them (address, routes, link).
    /// Ours: of the two seconds in which a change is to be noticed, a tenth.
    /// </summary>
    public static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(200);

    /// <summary>How often the state is looked at where the system gives no notice. Half of those two seconds; a look takes less than a millisecond.</summary>
    public static readonly TimeSpan LookWithoutNotice = TimeSpan.FromSeconds(1);

    /// <summary>How often it is looked at although notices come. Ours: nothing is known to be lost.</summary>
    public static readonly TimeSpan LookWithNotice = TimeSpan.FromSeconds(30);

    /// <summary>
    /// So much more wall-clock time than the node's own since the last look means that the machine slept (the monotonic clock stands still then):
    /// 30 s, what the shortest NAT mappings live (Tailscale's measurements). A clock that was set looks the same, and costs one test of everything.
    /// </summary>
    public static readonly TimeSpan NotableSleep = TimeSpan.FromSeconds(30);

    private readonly NodeContext _node;
    private readonly HashSet<IActorRef> _subscribers = [];
    private readonly CancellationTokenSource _cancel = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IReadOnlyList<string> _keepAlive = [];
    private INetworkNotices? _notices;
    private NetworkState _state = NetworkState.None;
    private (DateTimeOffset Wall, TimeSpan Clock) _lookedAt;

    /// <summary>Creates the actor; it knows the state when it has started.</summary>
    public NetworkActor(NodeContext node) => _node = node;

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _notices = _node.Interfaces.OpenNotices();
        _state = Read() ?? NetworkState.None;
        _lookedAt = Clocks();
        AwaitNotice();
        Timers.StartPeriodicTimer(nameof(LookNow), LookNow.Instance, _notices is null ? LookWithoutNotice : LookWithNotice);
    }

    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        base.PreRestart(reason, message);

        // Who wants to hear has no way to know that this is another instance; and what changed meanwhile is not to be missed.
        foreach (var subscriber in _subscribers)
        {
            Self.Tell(new NetworkMessages.Subscribe(subscriber));
        }

        Self.Tell(new Remembered(_state, _keepAlive));
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        _notices?.Dispose();
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case NetworkMessages.Subscribe subscribe: OnSubscribe(subscribe.Subscriber); break;
            case NetworkMessages.GetState: Sender.Tell(new NetworkMessages.State(_state, _keepAlive)); break;
            case NetworkMessages.KeepAliveChanged changed: _keepAlive = changed.Lines; break;
            case Noticed: OnNotice(); break;
            case NoticesEnded ended: OnNoticesEnded(ended.Reason); break;
            case Remembered remembered: OnRemembered(remembered); break;
            case LookNow: Look(); break;
            case Terminated terminated: _subscribers.Remove(terminated.ActorRef); break;
            default: Unhandled(message); break;
        }
    }

    private void OnSubscribe(IActorRef subscriber)
    {
        if (_subscribers.Add(subscriber))
        {
            Context.Watch(subscriber);
        }

        subscriber.Tell(new NetworkMessages.Changed(_state, []));
    }

    private void AwaitNotice() => _notices?.WaitAsync(_cancel.Token).PipeTo(
        Self,
        success: () => Noticed.Instance,
        failure: e => new NoticesEnded(e.Message));

    private void OnNotice()
    {
        // Not put off by further notices: a storm of them costs one look in each gathering time, and is noticed while it lasts.
        if (!Timers.IsTimerActive(nameof(Gathering)))
        {
            Timers.StartSingleTimer(nameof(Gathering), LookNow.Instance, Gathering);
        }

        AwaitNotice();
    }

    private void OnNoticesEnded(string reason)
    {
        if (_cancel.IsCancellationRequested)
        {
            return;
        }

        _log.Warning("{0}; the network is looked at every {1} s instead", reason, LookWithoutNotice.TotalSeconds);
        _notices?.Dispose();
        _notices = null;
        Timers.StartPeriodicTimer(nameof(LookNow), LookNow.Instance, LookWithoutNotice);
    }

    private void Look()
    {
        var slept = Slept();
        if (Read() is { } state && (!state.Equals(_state) || slept.Count > 0))
        {
            var before = _state;
            _state = state;
            Tell([.. slept, .. NetworkDifference.Describe(before, state)]);
        }
    }

    // Mappings, reservations and connections may be gone although the machine's addresses are the same.
    private IReadOnlyList<string> Slept()
    {
        var before = _lookedAt;
        _lookedAt = Clocks();
        var missing = _lookedAt.Wall - before.Wall - (_lookedAt.Clock - before.Clock);
        return missing < NotableSleep
            ? []
            : [string.Create(CultureInfo.InvariantCulture, $"this machine slept for {missing.TotalSeconds:0} s, or its clock was set")];
    }

    private (DateTimeOffset Wall, TimeSpan Clock) Clocks() => (_node.WallClock.GetUtcNow(), Context.System.Scheduler.HighResMonotonicClock);

    private void Tell(IReadOnlyList<string> what)
    {
        if (what.Count > 0)
        {
            _log.Info("The network changed: {0}", string.Join("; ", what));
            _node.Events.Publish(new NodeEvents.NetworkChanged(what));
        }

        foreach (var subscriber in _subscribers)
        {
            subscriber.Tell(new NetworkMessages.Changed(_state, what));
        }
    }

    private void OnRemembered(Remembered remembered)
    {
        _keepAlive = remembered.KeepAlive;
        if (!remembered.State.Equals(_state))
        {
            Tell(NetworkDifference.Describe(remembered.State, _state));
        }
    }

    private NetworkState? Read()
    {
        try
        {
            return _node.Interfaces.GetState();
        }
        catch (IOException error)
        {
            _log.Debug("The network's state is not known: {0}", error.Message);
            return null;
        }
    }

    // What the wait says after this actor has stopped is no news.
    private sealed record Noticed : IDeadLetterSuppression
    {
        public static readonly Noticed Instance = new();
    }

    private sealed record NoticesEnded(string Reason) : IDeadLetterSuppression;

    private sealed record Remembered(NetworkState State, IReadOnlyList<string> KeepAlive);

    private sealed record LookNow
    {
        public static readonly LookNow Instance = new();
    }
}
