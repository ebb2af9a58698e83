using Akka.Actor;

namespace Akka.TestKit;

/// <content>Expecting one message.</content>
public abstract partial class TestKitBase
{
    /// <summary>The next message is a T.</summary>
    public T ExpectMsg<T>(TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(true, (_, _) => { }, duration, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgAsync<T>(
        TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(false, (_, _) => { }, duration, hint, cancellationToken);

    /// <summary>The next message equals <paramref name="message"/>.</summary>
    public T ExpectMsg<T>(T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(true, (got, _) => Assertions.AssertEqual(message, got, "{0}", hint ?? string.Empty), timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgAsync<T>(
        T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(false, (got, _) => Assertions.AssertEqual(message, got, "{0}", hint ?? string.Empty), timeout, hint, cancellationToken);

    /// <summary>The next message is a T for which the predicate says yes.</summary>
    public T ExpectMsg<T>(
        Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(true, (got, _) => Assertions.AssertTrue(isMessage(got), "The message {0} is not the one expected. {1}", got!, hint ?? string.Empty), timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgAsync<T>(
        Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(false, (got, _) => Assertions.AssertTrue(isMessage(got), "The message {0} is not the one expected. {1}", got!, hint ?? string.Empty), timeout, hint, cancellationToken);

    /// <summary>The next message is a T that the action accepts.</summary>
    public T ExpectMsg<T>(
        Action<T> assert, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(true, (got, _) => assert(got), timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgAsync<T>(
        Action<T> assert, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(false, (got, _) => assert(got), timeout, hint, cancellationToken);

    public T ExpectMsg<T>(
        Func<T, IActorRef, bool> isMessageAndSender,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(true, (got, sender) => Assertions.AssertTrue(isMessageAndSender(got, sender), "The message {0} from {1} is not the one expected. {2}", got!, sender, hint ?? string.Empty), timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgAsync<T>(
        Func<T, IActorRef, bool> isMessageAndSender,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(false, (got, sender) => Assertions.AssertTrue(isMessageAndSender(got, sender), "The message {0} from {1} is not the one expected. {2}", got!, sender, hint ?? string.Empty), timeout, hint, cancellationToken);

    public T ExpectMsg<T>(
        Action<T, IActorRef> assertMessageAndSender,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect(true, assertMessageAndSender, timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgAsync<T>(
        Action<T, IActorRef> assertMessageAndSender,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect(false, assertMessageAndSender, timeout, hint, cancellationToken);

    public T ExpectMsg<T>(
        T expected,
        Func<T, T, bool> comparer,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(true, (got, _) => Assertions.AssertEqual(expected, got, comparer, "{0}", hint ?? string.Empty), timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgAsync<T>(
        T expected,
        Func<T, T, bool> comparer,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(false, (got, _) => Assertions.AssertEqual(expected, got, comparer, "{0}", hint ?? string.Empty), timeout, hint, cancellationToken);

    /// <summary>The next message tells the end of <paramref name="target"/>, which must be watched.</summary>
    public Terminated ExpectTerminated(
        IActorRef target, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<Terminated>(true, (got, _) => Assertions.AssertEqual(target, got.ActorRef, "{0}", hint ?? string.Empty), timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<Terminated> ExpectTerminatedAsync(
        IActorRef target, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<Terminated>(false, (got, _) => Assertions.AssertEqual(target, got.ActorRef, "{0}", hint ?? string.Empty), timeout, hint, cancellationToken);

    private async ValueTask<T> Expect<T>(
        bool sync, Action<T, IActorRef> assert, TimeSpan? timeout, string? hint, CancellationToken token)
    {
        var limit = RemainingOrDilated(timeout);
        var envelope = await Receive(sync, limit, token);
        if (envelope is null)
        {
            Assertions.Fail("Failed: Timeout {0} while waiting for a message of type {1} {2}", limit, typeof(T), hint ?? string.Empty);
        }

        if (envelope!.Message is not T typed)
        {
            Assertions.Fail("Failed: Expected a message of type {0}, but received {1} {2}", typeof(T), envelope, hint ?? string.Empty);
            return default!;
        }

        assert(typed, envelope.Sender);
        return typed;
    }
}
