namespace Akka.Actor;

/// <summary>An actor with timers; the runtime sets the property after the constructor.</summary>
public interface IWithTimers
{
    ITimerScheduler Timers { get; set; }
}

/// <summary>Timers of one actor, each known by a key. They end with the actor's instance; a cancelled or replaced one never delivers.</summary>
public interface ITimerScheduler
{
    /// <summary>The keys of the timers that run.</summary>
    IReadOnlyCollection<object> ActiveTimers { get; }

    /// <summary>Sends <paramref name="msg"/> to the actor again and again, first after one interval.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    /// <summary>The same, in the name of <paramref name="sender"/>.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef sender);

    /// <summary>Sends <paramref name="msg"/> to the actor again and again, first after <paramref name="initialDelay"/>.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);

    /// <summary>The same, in the name of <paramref name="sender"/>.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef sender);

    /// <summary>Sends <paramref name="msg"/> to the actor once; a negative timeout throws.</summary>
    void StartSingleTimer(object key, object msg, TimeSpan timeout);

    /// <summary>The same, in the name of <paramref name="sender"/>.</summary>
    void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef sender);

    bool IsTimerActive(object key);

    /// <summary>Ends a timer: it delivers nothing any more, not even what stands in the mailbox.</summary>
    void Cancel(object key);

    void CancelAll();
}

/// <summary>A timer's message on its way; dropped at the actor when its timer has ended since.</summary>
internal class TimerMessage(TimerScheduler owner, object key, object message, bool repeats)
{
    public TimerScheduler Owner { get; } = owner;

    public object Key { get; } = key;

    public object Message { get; } = message;

    public bool Repeats { get; } = repeats;

    public static TimerMessage Of(TimerScheduler owner, object key, object message, bool repeats) =>
        message is INotInfluenceReceiveTimeout
            ? new Quiet(owner, key, message, repeats)
            : new TimerMessage(owner, key, message, repeats);

    private sealed class Quiet(TimerScheduler owner, object key, object message, bool repeats)
        : TimerMessage(owner, key, message, repeats), INotInfluenceReceiveTimeout;
}

internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private Dictionary<object, (TimerMessage Message, ICancelable Task)>? _timers;

    public IReadOnlyCollection<object> ActiveTimers => _timers is null ? [] : [.. _timers.Keys];

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) =>
        StartPeriodicTimer(key, msg, interval, interval, ActorRefs.NoSender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef sender) =>
        StartPeriodicTimer(key, msg, interval, interval, sender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval) =>
        StartPeriodicTimer(key, msg, initialDelay, interval, ActorRefs.NoSender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef sender)
    {
        Cancel(key);
        var message = TimerMessage.Of(this, key, msg, repeats: true);
        var task = cell.System.Scheduler.ScheduleTellRepeatedlyCancelable(initialDelay, interval, cell.Self, message, sender);
        (_timers ??= [])[key] = (message, task);
    }

    public void StartSingleTimer(object key, object msg, TimeSpan timeout) =>
        StartSingleTimer(key, msg, timeout, ActorRefs.NoSender);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef sender)
    {
        Cancel(key);
        var message = TimerMessage.Of(this, key, msg, repeats: false);
        var task = cell.System.Scheduler.ScheduleTellOnceCancelable(timeout, cell.Self, message, sender);
        (_timers ??= [])[key] = (message, task);
    }

    public bool IsTimerActive(object key) => _timers?.ContainsKey(key) == true;

    public void Cancel(object key)
    {
        if (_timers?.Remove(key, out var timer) == true)
        {
            timer.Task.Cancel();
        }
    }

    public void CancelAll()
    {
        if (_timers is { } timers)
        {
            _timers = null;
            foreach (var timer in timers.Values)
            {
                timer.Task.Cancel();
            }
        }
    }

    /// <summary>Whether the message's timer still runs. The message object itself is the timer's generation.</summary>
    public bool Take(TimerMessage message)
    {
        if (!ReferenceEquals(message.Owner, this) || _timers?.TryGetValue(message.Key, out var timer) != true
            || !ReferenceEquals(timer.Message, message))
        {
            return false;
        }

        if (!message.Repeats)
        {
            _timers.Remove(message.Key);
        }

        return true;
    }
}
