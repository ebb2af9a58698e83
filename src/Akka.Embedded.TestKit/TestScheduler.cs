using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.TestKit;

/// <summary>
/// A scheduler that stands still until it is advanced. Choose it by the configuration
/// <c>akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"</c>. As in the packages the monotonic clocks go on
/// with real time, repeated work runs once per advance, and what is scheduled during an advance waits for the next.
/// </summary>
public class TestScheduler : IScheduler, IAdvancedScheduler
{
    private readonly Lock _lock = new();
    private readonly long _origin = Stopwatch.GetTimestamp();
    private List<Item> _items = [];
    private DateTimeOffset _now = DateTimeOffset.UtcNow;

    /// <summary>Made by the system.</summary>
    public TestScheduler(Config schedulerConfig, ILoggingAdapter log)
    {
        _ = schedulerConfig;
        _ = log;
    }

    public DateTimeOffset Now => _now;

    /// <summary>Real time: it is not advanced.</summary>
    public TimeSpan MonotonicClock => Stopwatch.GetElapsedTime(_origin);

    /// <summary>Real time: it is not advanced.</summary>
    public TimeSpan HighResMonotonicClock => Stopwatch.GetElapsedTime(_origin);

    public IAdvancedScheduler Advanced => this;

    protected DateTimeOffset TimeNow => _now;

    /// <summary>Moves time on and runs what is due, in order of time.</summary>
    public void Advance(TimeSpan offset)
    {
        List<Item> due;
        lock (_lock)
        {
            _now += offset;
            due = [.. _items.Where(item => item.Due <= _now).OrderBy(item => item.Due)];
            _items = [.. _items.Where(item => item.Due > _now && !item.IsCancelled)];
        }

        foreach (var item in due)
        {
            if (item.IsCancelled)
            {
                continue;
            }

            item.Run();
            if (item.Interval is { } interval && !item.IsCancelled)
            {
                Add(item with { Due = _now + interval });
            }
        }
    }

    /// <summary>Moves time on to <paramref name="when"/>.</summary>
    public void AdvanceTo(DateTimeOffset when)
    {
        if (when < _now)
        {
            throw new InvalidOperationException("You can't reverse time...");
        }

        Advance(when - _now);
    }

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellOnce(delay, receiver, message, sender, null);

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        Add(new Item(_now + delay, null, () => receiver.Tell(message, sender), cancelable));

    public void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellRepeatedly(initialDelay, interval, receiver, message, sender, null);

    public void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        Add(new Item(_now + initialDelay, interval, () => receiver.Tell(message, sender), cancelable));

    public void ScheduleOnce(TimeSpan delay, Action action) => ScheduleOnce(delay, action, null);

    public void ScheduleOnce(TimeSpan delay, Action action, ICancelable? cancelable) =>
        Add(new Item(_now + delay, null, action, cancelable));

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action) =>
        ScheduleRepeatedly(initialDelay, interval, action, null);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable? cancelable) =>
        Add(new Item(_now + initialDelay, interval, action, cancelable));

    public void ScheduleOnce(TimeSpan delay, IRunnable action) => ScheduleOnce(delay, action.Run, null);

    public void ScheduleOnce(TimeSpan delay, IRunnable action, ICancelable? cancelable) =>
        ScheduleOnce(delay, action.Run, cancelable);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action) =>
        ScheduleRepeatedly(initialDelay, interval, action.Run, null);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable? cancelable) =>
        ScheduleRepeatedly(initialDelay, interval, action.Run, cancelable);

    private void Add(Item item)
    {
        lock (_lock)
        {
            _items.Add(item);
        }
    }

    private sealed record Item(DateTimeOffset Due, TimeSpan? Interval, Action Run, ICancelable? Cancelable)
    {
        public bool IsCancelled => Cancelable?.IsCancellationRequested == true;
    }
}
