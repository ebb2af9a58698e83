using Akka.Actor;

namespace NatActors.Node;

/// <summary>How an actor wakes its machine: one timer, set anew after each event to the machine's next deadline.</summary>
internal static class DeadlineTimers
{
    /// <summary>Sends the message to the actor itself at the deadline, at once if that has passed; null cancels what was set.</summary>
    /// <param name="timers">The actor's timers.</param>
    /// <param name="key">The timer's key; what was set under it before is void.</param>
    /// <param name="message">What is sent.</param>
    /// <param name="deadline">When, by the monotonic clock; null for never.</param>
    /// <param name="now">The time now, by the same clock.</param>
    public static void WakeAt(this ITimerScheduler timers, object key, object message, TimeSpan? deadline, TimeSpan now)
    {
        if (deadline is not { } at)
        {
            timers.Cancel(key);
            return;
        }

        // Akka.NET refuses a negative delay.
        var wait = at - now;
        timers.StartSingleTimer(key, message, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
    }
}
