using Akka.Actor;

namespace Akka.TestKit;

/// <content>Expecting a message of a sender.</content>
public abstract partial class TestKitBase
{
    /// <summary>The next message is a T of <paramref name="sender"/>.</summary>
    public T ExpectMsgFrom<T>(
        IActorRef sender, TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(true, (_, from) => SenderIs(sender, from, hint), duration, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgFromAsync<T>(
        IActorRef sender, TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(false, (_, from) => SenderIs(sender, from, hint), duration, hint, cancellationToken);

    public T ExpectMsgFrom<T>(
        IActorRef sender, T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(true, (got, from) => { SenderIs(sender, from, hint); Assertions.AssertEqual(message, got, "{0}", hint ?? string.Empty); }, timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgFromAsync<T>(
        IActorRef sender, T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(false, (got, from) => { SenderIs(sender, from, hint); Assertions.AssertEqual(message, got, "{0}", hint ?? string.Empty); }, timeout, hint, cancellationToken);

    public T ExpectMsgFrom<T>(
        IActorRef sender,
        Predicate<T> isMessage,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(true, (got, from) => { SenderIs(sender, from, hint); Assertions.AssertTrue(isMessage(got), "The message {0} is not the one expected. {1}", got!, hint ?? string.Empty); }, timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgFromAsync<T>(
        IActorRef sender,
        Predicate<T> isMessage,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(false, (got, from) => { SenderIs(sender, from, hint); Assertions.AssertTrue(isMessage(got), "The message {0} is not the one expected. {1}", got!, hint ?? string.Empty); }, timeout, hint, cancellationToken);

    public T ExpectMsgFrom<T>(
        Predicate<IActorRef> isSender,
        Predicate<T> isMessage,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(true, (got, from) => Assertions.AssertTrue(isSender(from) && isMessage(got), "The message {0} from {1} is not the one expected. {2}", got!, from, hint ?? string.Empty), timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgFromAsync<T>(
        Predicate<IActorRef> isSender,
        Predicate<T> isMessage,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(false, (got, from) => Assertions.AssertTrue(isSender(from) && isMessage(got), "The message {0} from {1} is not the one expected. {2}", got!, from, hint ?? string.Empty), timeout, hint, cancellationToken);

    public T ExpectMsgFrom<T>(
        IActorRef sender,
        Action<T> assertMessage,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(true, (got, from) => { SenderIs(sender, from, hint); assertMessage(got); }, timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgFromAsync<T>(
        IActorRef sender,
        Action<T> assertMessage,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(false, (got, from) => { SenderIs(sender, from, hint); assertMessage(got); }, timeout, hint, cancellationToken);

    public T ExpectMsgFrom<T>(
        Action<IActorRef> assertSender,
        Action<T> assertMessage,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(true, (got, from) => { assertSender(from); assertMessage(got); }, timeout, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> ExpectMsgFromAsync<T>(
        Action<IActorRef> assertSender,
        Action<T> assertMessage,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(false, (got, from) => { assertSender(from); assertMessage(got); }, timeout, hint, cancellationToken);

    private void SenderIs(IActorRef expected, IActorRef actual, string? hint) =>
        Assertions.AssertEqual(expected, actual, "Sender does not match. {0}", hint ?? string.Empty);
}
