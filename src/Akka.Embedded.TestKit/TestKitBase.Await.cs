namespace Akka.TestKit;

/// <content>Waiting for conditions.</content>
public abstract partial class TestKitBase
{
    /// <summary>Waits until the condition holds, in the default time.</summary>
    public void AwaitCondition(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, null, null, null, cancellationToken);

    /// <summary>Waits until the condition holds.</summary>
    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, null, cancellationToken);

    public void AwaitCondition(
        Func<bool> conditionIsFulfilled, TimeSpan? max, string message, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, message, cancellationToken);

    public void AwaitCondition(
        Func<bool> conditionIsFulfilled, TimeSpan? max, TimeSpan? interval, string? message = null, CancellationToken cancellationToken = default) =>
        AwaitTrue(true, Async(conditionIsFulfilled), max, interval, message, cancellationToken).GetAwaiter().GetResult();

    public Task AwaitConditionAsync(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitTrue(false, Async(conditionIsFulfilled), null, null, null, cancellationToken).AsTask();

    public Task AwaitConditionAsync(Func<Task<bool>> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitTrue(false, conditionIsFulfilled, null, null, null, cancellationToken).AsTask();

    public Task AwaitConditionAsync(Func<Task<bool>> conditionIsFulfilled, TimeSpan? max, CancellationToken cancellationToken = default) =>
        AwaitTrue(false, conditionIsFulfilled, max, null, null, cancellationToken).AsTask();

    public Task AwaitConditionAsync(
        Func<bool> conditionIsFulfilled, TimeSpan? max, string message, CancellationToken cancellationToken = default) =>
        AwaitTrue(false, Async(conditionIsFulfilled), max, null, message, cancellationToken).AsTask();

    public Task AwaitConditionAsync(
        Func<Task<bool>> conditionIsFulfilled, TimeSpan? max, string message, CancellationToken cancellationToken = default) =>
        AwaitTrue(false, conditionIsFulfilled, max, null, message, cancellationToken).AsTask();

    public Task AwaitConditionAsync(
        Func<bool> conditionIsFulfilled, TimeSpan? max, TimeSpan? interval, string? message = null, CancellationToken cancellationToken = default) =>
        AwaitTrue(false, Async(conditionIsFulfilled), max, interval, message, cancellationToken).AsTask();

    public Task AwaitConditionAsync(
        Func<Task<bool>> conditionIsFulfilled,
        TimeSpan? max,
        TimeSpan? interval,
        string? message = null,
        CancellationToken cancellationToken = default) =>
        AwaitTrue(false, conditionIsFulfilled, max, interval, message, cancellationToken).AsTask();

    /// <summary>Whether the condition came to hold in time.</summary>
    public bool AwaitConditionNoThrow(
        Func<bool> conditionIsFulfilled, TimeSpan max, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        Poll(true, Async(conditionIsFulfilled), Dilated(max), interval, cancellationToken).GetAwaiter().GetResult();

    public Task<bool> AwaitConditionNoThrowAsync(
        Func<bool> conditionIsFulfilled, TimeSpan max, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        Poll(false, Async(conditionIsFulfilled), Dilated(max), interval, cancellationToken).AsTask();

    public Task<bool> AwaitConditionNoThrowAsync(
        Func<Task<bool>> conditionIsFulfilled, TimeSpan max, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        Poll(false, conditionIsFulfilled, Dilated(max), interval, cancellationToken).AsTask();

    /// <summary>Waits until the assertion throws no more; what it threw last is thrown when the time is up.</summary>
    public void AwaitAssert(
        Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        AwaitNoThrow(true, Async(assertion), duration, interval, cancellationToken).GetAwaiter().GetResult();

    public Task AwaitAssertAsync(
        Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        AwaitNoThrow(false, Async(assertion), duration, interval, cancellationToken).AsTask();

    public Task AwaitAssertAsync(
        Func<Task> assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        AwaitNoThrow(false, assertion, duration, interval, cancellationToken).AsTask();

    private static Func<Task<bool>> Async(Func<bool> condition) => () => Task.FromResult(condition());

    private static Func<Task> Async(Action action) => () =>
    {
        action();
        return Task.CompletedTask;
    };

    private async ValueTask AwaitTrue(
        bool sync, Func<Task<bool>> condition, TimeSpan? max, TimeSpan? interval, string? message, CancellationToken token)
    {
        var limit = RemainingOrDilated(max);
        if (!await Poll(sync, condition, limit, interval ?? limit / 10, token))
        {
            Assertions.Fail("Timeout {0} expired while waiting for condition. {1}", limit, message ?? string.Empty);
        }
    }

    private async ValueTask<bool> Poll(
        bool sync, Func<Task<bool>> condition, TimeSpan max, TimeSpan? interval, CancellationToken token)
    {
        var stop = max < TimeSpan.Zero ? TimeSpan.MaxValue : Now + max;
        while (true)
        {
            var task = condition();
            if (sync ? task.GetAwaiter().GetResult() : await task)
            {
                return true;
            }

            var left = stop - Now;
            if (left <= TimeSpan.Zero)
            {
                return false;
            }

            var step = interval ?? DefaultInterval;
            await Pause(sync, step < left ? step : left, token);
        }
    }

    private async ValueTask AwaitNoThrow(bool sync, Func<Task> assertion, TimeSpan? max, TimeSpan? interval, CancellationToken token)
    {
        var stop = Now + RemainingOrDilated(max);
        while (true)
        {
            try
            {
                var task = assertion();
                if (sync)
                {
                    task.GetAwaiter().GetResult();
                }
                else
                {
                    await task;
                }

                return;
            }
            catch (Exception) when (Now < stop)
            {
                // Tried again until the time is up; the last failure is the one to see.
            }

            await Pause(sync, interval ?? DefaultInterval, token);
        }
    }
}
