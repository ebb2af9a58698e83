namespace Akka.TestKit;

/// <content>Time limits and conditions.</content>
public abstract partial class TestKitBase
{
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>What is left of the enclosing <c>Within</c>; throws outside of one.</summary>
    public TimeSpan Remaining => _end is { } end
        ? Max(end - Now)
        : throw new InvalidOperationException(@"Remaining may not be called outside of ""within""");

    /// <summary>What is left of the enclosing <c>Within</c>, else <c>akka.test.single-expect-default</c>.</summary>
    public TimeSpan RemainingOrDefault => RemainingOr(Dilated(TestKitSettings.SingleExpectDefault));

    /// <summary>What is left of the enclosing <c>Within</c>, else <paramref name="duration"/>.</summary>
    public TimeSpan RemainingOr(TimeSpan duration) => _end is { } end ? Max(end - Now) : duration;

    /// <summary><paramref name="duration"/> dilated, else <see cref="RemainingOrDefault"/>.</summary>
    public TimeSpan RemainingOrDilated(TimeSpan? duration)
    {
        if (duration is not { } given)
        {
            return RemainingOrDefault;
        }

        return given == Timeout.InfiniteTimeSpan || given >= TimeSpan.Zero
            ? Dilated(given)
            : throw new ArgumentOutOfRangeException(nameof(duration), "Must be positive or infinite");
    }

    /// <summary><paramref name="timeout"/>, else <see cref="RemainingOrDefault"/>.</summary>
    protected TimeSpan GetTimeoutOrDefault(TimeSpan? timeout) => timeout ?? RemainingOrDefault;

    /// <summary>Runs the action and asserts that it takes no longer; expectations inside share the time.</summary>
    public void Within(TimeSpan max, Action action, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, action, null, epsilonValue, cancellationToken);

    public Task WithinAsync(
        TimeSpan max, Func<Task> actionAsync, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        WithinAsync(TimeSpan.Zero, max, actionAsync, null, epsilonValue, cancellationToken);

    /// <summary>Runs the action and asserts that it takes at least and at most so long.</summary>
    public void Within(
        TimeSpan min, TimeSpan max, Action action, string? hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within<object?>(
            min,
            max,
            () =>
            {
                action();
                return null;
            },
            hint,
            epsilonValue,
            cancellationToken);

    public Task WithinAsync(
        TimeSpan min,
        TimeSpan max,
        Func<Task> actionAsync,
        string? hint = null,
        TimeSpan? epsilonValue = null,
        CancellationToken cancellationToken = default) =>
        WithinAsync<object?>(
            min,
            max,
            async () =>
            {
                await actionAsync();
                return null;
            },
            hint,
            epsilonValue,
            cancellationToken);

    public T Within<T>(TimeSpan max, Func<T> function, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, function, null, epsilonValue, cancellationToken);

    public Task<T> WithinAsync<T>(
        TimeSpan max, Func<Task<T>> function, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        WithinAsync(TimeSpan.Zero, max, function, null, epsilonValue, cancellationToken);

    public T Within<T>(
        TimeSpan min, TimeSpan max, Func<T> function, string? hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (start, outer) = EnterWithin(min, max);
        T result;
        try
        {
            result = function();
        }
        finally
        {
            _end = outer;
        }

        CheckWithin(start, min, max, epsilonValue, hint);
        return result;
    }

    public async Task<T> WithinAsync<T>(
        TimeSpan min,
        TimeSpan max,
        Func<Task<T>> function,
        string? hint = null,
        TimeSpan? epsilonValue = null,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var (start, outer) = EnterWithin(min, max);
        T result;
        try
        {
            result = await function();
        }
        finally
        {
            _end = outer;
        }

        CheckWithin(start, min, max, epsilonValue, hint);
        return result;
    }

    private static TimeSpan Max(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;

    private (TimeSpan Start, TimeSpan? Outer) EnterWithin(TimeSpan min, TimeSpan max)
    {
        var start = Now;
        var left = RemainingOr(TimeSpan.MaxValue);
        Assertions.AssertTrue(left >= min, "Required min time {0} not possible, only {1} left.", min, left);
        var outer = _end;
        var limit = Dilated(max);
        _lastWasNoMessage = false;
        _end = start + (left < limit ? left : limit);
        return (start, outer);
    }

    private void CheckWithin(TimeSpan start, TimeSpan min, TimeSpan max, TimeSpan? epsilon, string? hint)
    {
        var took = Now - start;
        Assertions.AssertTrue(took >= min, "Failed: Block took {0}, should have at least been {1}. {2}", took, min, hint ?? string.Empty);
        if (!_lastWasNoMessage)
        {
            Assertions.AssertTrue(
                took <= Dilated(max) + (epsilon ?? TimeSpan.Zero), "Failed: Block took {0}, exceeding {1}. {2}", took, Dilated(max), hint ?? string.Empty);
        }
    }
}
