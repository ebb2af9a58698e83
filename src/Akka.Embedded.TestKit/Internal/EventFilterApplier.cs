using System.Diagnostics;
using Akka.Actor;

namespace Akka.TestKit.Internal;

internal sealed class EventFilterApplier(TestKitBase testKit, ActorSystem system, IReadOnlyList<CountingFilter> kinds) : IEventFilterApplier
{
    // How often a count is looked at while it may still grow.
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    public EventFilterFactory And => new(testKit, system, kinds);

    public void ExpectOne(Action action, CancellationToken cancellationToken = default) => Expect(1, action, cancellationToken);

    public Task ExpectOneAsync(Action action, CancellationToken cancellationToken = default) =>
        Run(false, 1, null, Async(action), cancellationToken).AsTask();

    public Task ExpectOneAsync(Func<Task> actionAsync, CancellationToken cancellationToken = default) =>
        Run(false, 1, null, Async(actionAsync), cancellationToken).AsTask();

    public void ExpectOne(TimeSpan timeout, Action action, CancellationToken cancellationToken = default) =>
        Expect(1, timeout, action, cancellationToken);

    public Task ExpectOneAsync(TimeSpan timeout, Func<Task> actionAsync, CancellationToken cancellationToken = default) =>
        Run(false, 1, timeout, Async(actionAsync), cancellationToken).AsTask();

    public void Expect(int expectedCount, Action action, CancellationToken cancellationToken = default) =>
        RunSync(expectedCount, null, Async(action), cancellationToken);

    public Task ExpectAsync(int expectedCount, Func<Task> actionAsync, CancellationToken cancellationToken = default) =>
        Run(false, expectedCount, null, Async(actionAsync), cancellationToken).AsTask();

    public Task ExpectAsync(int expectedCount, Func<Task> actionAsync, TimeSpan? timeout, CancellationToken cancellationToken = default) =>
        Run(false, expectedCount, timeout, Async(actionAsync), cancellationToken).AsTask();

    public void Expect(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default) =>
        RunSync(expectedCount, timeout, Async(action), cancellationToken);

    public Task ExpectAsync(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default) =>
        Run(false, expectedCount, timeout, Async(action), cancellationToken).AsTask();

    public Task ExpectAsync(int expectedCount, TimeSpan timeout, Func<Task> actionAsync, CancellationToken cancellationToken = default) =>
        Run(false, expectedCount, timeout, Async(actionAsync), cancellationToken).AsTask();

    public T ExpectOne<T>(Func<T> func, CancellationToken cancellationToken = default) => Expect(1, func, cancellationToken);

    public Task<T> ExpectOneAsync<T>(Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        Run(false, 1, null, func, cancellationToken).AsTask();

    public T ExpectOne<T>(TimeSpan timeout, Func<T> func, CancellationToken cancellationToken = default) =>
        Expect(1, timeout, func, cancellationToken);

    public Task<T> ExpectOneAsync<T>(TimeSpan timeout, Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        Run(false, 1, timeout, func, cancellationToken).AsTask();

    public T Expect<T>(int expectedCount, Func<T> func, CancellationToken cancellationToken = default) =>
        RunSync(expectedCount, null, () => Task.FromResult(func()), cancellationToken);

    public Task<T> ExpectAsync<T>(int expectedCount, Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        Run(false, expectedCount, null, func, cancellationToken).AsTask();

    public T Expect<T>(int expectedCount, TimeSpan timeout, Func<T> func, CancellationToken cancellationToken = default) =>
        RunSync(expectedCount, timeout, () => Task.FromResult(func()), cancellationToken);

    public Task<T> ExpectAsync<T>(int expectedCount, TimeSpan timeout, Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        Run(false, expectedCount, timeout, func, cancellationToken).AsTask();

    public T Mute<T>(Func<T> func, CancellationToken cancellationToken = default) =>
        RunSync(null, null, () => Task.FromResult(func()), cancellationToken);

    public Task<T> MuteAsync<T>(Func<Task<T>> func, CancellationToken cancellationToken = default) =>
        Run(false, null, null, func, cancellationToken).AsTask();

    public void Mute(Action action, CancellationToken cancellationToken = default) =>
        RunSync(null, null, Async(action), cancellationToken);

    public Task MuteAsync(Action action, CancellationToken cancellationToken = default) =>
        Run(false, null, null, Async(action), cancellationToken).AsTask();

    public Task MuteAsync(Func<Task> action, CancellationToken cancellationToken = default) =>
        Run(false, null, null, Async(action), cancellationToken).AsTask();

    public IUnmutableFilter Mute()
    {
        CountingFilter[] filters = [.. kinds.Select(kind => kind.Fresh())];
        system.EventStream.Publish(new MuteFilters(filters));
        return new Muting(system, filters);
    }

    private static Func<Task<object?>> Async(Action action) => () =>
    {
        action();
        return Task.FromResult<object?>(null);
    };

    private static Func<Task<object?>> Async(Func<Task> action) => async () =>
    {
        await action();
        return null;
    };

    private T RunSync<T>(int? expected, TimeSpan? timeout, Func<Task<T>> func, CancellationToken token) =>
        Run(true, expected, timeout, func, token).GetAwaiter().GetResult();

    private async ValueTask<T> Run<T>(bool sync, int? expected, TimeSpan? timeout, Func<Task<T>> func, CancellationToken token)
    {
        CountingFilter[] filters = [.. kinds.Select(kind => kind.Fresh())];
        var limit = testKit.Dilated(timeout ?? testKit.TestKitSettings.TestEventFilterLeeway);
        system.EventStream.Publish(new MuteFilters(filters));
        try
        {
            var task = func();
            var result = sync ? task.GetAwaiter().GetResult() : await task;
            if (expected is { } count)
            {
                await AwaitCount(sync, filters, count, limit, token);
            }

            return result;
        }
        finally
        {
            system.EventStream.Publish(new UnmuteFilters(filters));
        }
    }

    private async ValueTask AwaitCount(bool sync, CountingFilter[] filters, int expected, TimeSpan limit, CancellationToken token)
    {
        var started = Stopwatch.GetTimestamp();
        while (filters.Sum(filter => filter.Count) < expected && Stopwatch.GetElapsedTime(started) < limit)
        {
            await testKit.Pause(sync, PollInterval, token);
        }

        var got = filters.Sum(filter => filter.Count);
        if (got != expected)
        {
            testKit.Assertions.Fail("{0} log events of [{1}] expected within {2}, {3} came", expected, string.Join<object>(", ", filters), limit, got);
        }
    }

    private sealed class Muting(ActorSystem system, CountingFilter[] filters) : IUnmutableFilter
    {
        public void Unmute() => system.EventStream.Publish(new UnmuteFilters(filters));

        public void Dispose() => Unmute();
    }
}
