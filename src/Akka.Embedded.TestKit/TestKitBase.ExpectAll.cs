namespace Akka.TestKit;

/// <content>Expecting several messages.</content>
public abstract partial class TestKitBase
{
    /// <summary>As many messages as are given, these, in any order.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(params T[] messages) =>
        All(true, messages, RemainingOrDefault, default).GetAwaiter().GetResult();

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        All(true, messages, RemainingOrDefault, cancellationToken).GetAwaiter().GetResult();

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, params T[] messages) =>
        All(true, messages, Dilated(max), default).GetAwaiter().GetResult();

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(
        TimeSpan max, IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        All(true, messages, Dilated(max), cancellationToken).GetAwaiter().GetResult();

    public IAsyncEnumerable<T> ExpectMsgAllOfAsync<T>(IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        Flow(() => All(false, messages, RemainingOrDefault, cancellationToken));

    public IAsyncEnumerable<T> ExpectMsgAllOfAsync<T>(
        TimeSpan max, IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default) =>
        Flow(() => All(false, messages, Dilated(max), cancellationToken));

    /// <summary>The next message is one of these.</summary>
    public T ExpectMsgAnyOf<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default) =>
        Any(true, messages, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgAnyOfAsync<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default) =>
        Any(false, messages, cancellationToken);

    private async ValueTask<List<T>> All<T>(bool sync, IReadOnlyCollection<T> expected, TimeSpan max, CancellationToken token)
    {
        var got = await Many(sync, expected.Count, max, token);
        var missing = expected.Where(message => !got.Contains(message!)).ToList();
        var unexpected = got.Where(message => message is not T typed || !expected.Contains(typed)).ToList();
        Assertions.AssertTrue(
            missing.Count == 0 && unexpected.Count == 0,
            "not found [{0}], found unexpected [{1}]",
            string.Join(", ", missing),
            string.Join(", ", unexpected));
        return [.. got.OfType<T>()];
    }

    private async ValueTask<T> Any<T>(bool sync, IEnumerable<T> expected, CancellationToken token)
    {
        var limit = RemainingOrDefault;
        var envelope = await Receive(sync, limit, token);
        var found = envelope?.Message is T typed && expected.Contains(typed);
        Assertions.AssertTrue(
            found, "expected one of [{0}] within {1}, got {2}", string.Join(", ", expected), limit, envelope?.ToString() ?? "nothing");
        return (T)envelope!.Message;
    }
}
