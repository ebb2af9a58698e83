using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>Sends messages later.</summary>
public interface ITellScheduler
{
    void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender);

    void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable);

    void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender);

    void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable);
}

/// <summary>The scheduler's clock.</summary>
public interface ITimeProvider
{
    /// <summary>The time of day.</summary>
    DateTimeOffset Now { get; }

    /// <summary>Never goes back; its origin means nothing.</summary>
    TimeSpan MonotonicClock { get; }

    /// <summary>The same clock at its best resolution.</summary>
    TimeSpan HighResMonotonicClock { get; }
}

/// <summary>The clock as the rest of the world knows it.</summary>
public interface IDateTimeOffsetNowTimeProvider : ITimeProvider;

/// <summary>Runs functions later, on a thread that is not the actor's.</summary>
public interface IActionScheduler
{
    void ScheduleOnce(TimeSpan delay, Action action);

    void ScheduleOnce(TimeSpan delay, Action action, ICancelable? cancelable);

    void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action);

    void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable? cancelable);
}

/// <summary>Runs runnables later.</summary>
public interface IRunnableScheduler
{
    void ScheduleOnce(TimeSpan delay, IRunnable action);

    void ScheduleOnce(TimeSpan delay, IRunnable action, ICancelable? cancelable);

    void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action);

    void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable? cancelable);
}

/// <summary>What can run functions; messages to actors are the better way.</summary>
public interface IAdvancedScheduler : IActionScheduler, IRunnableScheduler;

/// <summary>Timers and the clock of a system.</summary>
public interface IScheduler : ITellScheduler, ITimeProvider
{
    IAdvancedScheduler Advanced { get; }
}

/// <summary>Something that can be called off.</summary>
public interface ICancelable
{
    bool IsCancellationRequested { get; }

    CancellationToken Token { get; }

    void Cancel();

    void Cancel(bool throwOnFirstException);

    void CancelAfter(TimeSpan delay);

    void CancelAfter(int millisecondsDelay);
}

/// <summary>Scheduling with a handle to call it off.</summary>
public static class SchedulerExtensions
{
    public static ICancelable ScheduleTellOnceCancelable(
        this IScheduler scheduler, TimeSpan delay, ICanTell receiver, object message, IActorRef? sender)
    {
        var cancelable = new Cancelable(scheduler.Advanced);
        scheduler.ScheduleTellOnce(delay, receiver, message, sender, cancelable);
        return cancelable;
    }

    public static ICancelable ScheduleTellOnceCancelable(
        this IScheduler scheduler, int millisecondsDelay, ICanTell receiver, object message, IActorRef? sender) =>
        scheduler.ScheduleTellOnceCancelable(TimeSpan.FromMilliseconds(millisecondsDelay), receiver, message, sender);

    public static ICancelable ScheduleTellRepeatedlyCancelable(
        this IScheduler scheduler, TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender)
    {
        var cancelable = new Cancelable(scheduler.Advanced);
        scheduler.ScheduleTellRepeatedly(initialDelay, interval, receiver, message, sender, cancelable);
        return cancelable;
    }

    public static ICancelable ScheduleTellRepeatedlyCancelable(
        this IScheduler scheduler,
        int initialMillisecondsDelay,
        int millisecondsInterval,
        ICanTell receiver,
        object message,
        IActorRef? sender) =>
        scheduler.ScheduleTellRepeatedlyCancelable(
            TimeSpan.FromMilliseconds(initialMillisecondsDelay),
            TimeSpan.FromMilliseconds(millisecondsInterval),
            receiver,
            message,
            sender);

    public static void ScheduleTellOnce(
        this ITellScheduler scheduler,
        int millisecondsDelay,
        ICanTell receiver,
        object message,
        IActorRef? sender,
        ICancelable? cancelable = null) =>
        scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(millisecondsDelay), receiver, message, sender, cancelable);

    public static void ScheduleTellRepeatedly(
        this ITellScheduler scheduler,
        int initialMillisecondsDelay,
        int millisecondsInterval,
        ICanTell receiver,
        object message,
        IActorRef? sender,
        ICancelable? cancelable = null) =>
        scheduler.ScheduleTellRepeatedly(
            TimeSpan.FromMilliseconds(initialMillisecondsDelay),
            TimeSpan.FromMilliseconds(millisecondsInterval),
            receiver,
            message,
            sender,
            cancelable);

    public static void ScheduleOnce(
        this IActionScheduler scheduler, int millisecondsDelay, Action action, ICancelable? cancelable = null) =>
        scheduler.ScheduleOnce(TimeSpan.FromMilliseconds(millisecondsDelay), action, cancelable);

    public static void ScheduleRepeatedly(
        this IActionScheduler scheduler,
        int initialMillisecondsDelay,
        int millisecondsInterval,
        Action action,
        ICancelable? cancelable = null) =>
        scheduler.ScheduleRepeatedly(
            TimeSpan.FromMilliseconds(initialMillisecondsDelay), TimeSpan.FromMilliseconds(millisecondsInterval), action, cancelable);

    public static ICancelable ScheduleOnceCancelable(this IActionScheduler scheduler, TimeSpan delay, Action action)
    {
        var cancelable = new Cancelable(scheduler);
        scheduler.ScheduleOnce(delay, action, cancelable);
        return cancelable;
    }

    public static ICancelable ScheduleOnceCancelable(this IActionScheduler scheduler, int millisecondsDelay, Action action) =>
        scheduler.ScheduleOnceCancelable(TimeSpan.FromMilliseconds(millisecondsDelay), action);

    public static ICancelable ScheduleRepeatedlyCancelable(
        this IActionScheduler scheduler, TimeSpan initialDelay, TimeSpan interval, Action action)
    {
        var cancelable = new Cancelable(scheduler);
        scheduler.ScheduleRepeatedly(initialDelay, interval, action, cancelable);
        return cancelable;
    }

    public static ICancelable ScheduleRepeatedlyCancelable(
        this IActionScheduler scheduler, int initialMillisecondsDelay, int millisecondsInterval, Action action) =>
        scheduler.ScheduleRepeatedlyCancelable(
            TimeSpan.FromMilliseconds(initialMillisecondsDelay), TimeSpan.FromMilliseconds(millisecondsInterval), action);
}

/// <summary>Calling off what may not be there.</summary>
public static class CancelableExtensions
{
    /// <summary>Cancels unless it is null.</summary>
    public static void CancelIfNotNull(this ICancelable? cancelable) => cancelable?.Cancel();
}
