using System.Collections;
using Akka.Actor;

namespace Akka.TestKit;

/// <content>Taking messages without saying in advance what they are.</content>
public abstract partial class TestKitBase
{
    /// <summary>Nothing comes in the default time.</summary>
    public void ExpectNoMsg(CancellationToken cancellationToken = default) =>
        ExpectNone(true, RemainingOrDefault, cancellationToken).GetAwaiter().GetResult();

    public ValueTask ExpectNoMsgAsync(CancellationToken cancellationToken = default) =>
        ExpectNone(false, RemainingOrDefault, cancellationToken);

    /// <summary>Nothing comes in this time.</summary>
    public void ExpectNoMsg(TimeSpan duration, CancellationToken cancellationToken = default) =>
        ExpectNone(true, Dilated(duration), cancellationToken).GetAwaiter().GetResult();

    public ValueTask ExpectNoMsgAsync(TimeSpan duration, CancellationToken cancellationToken = default) =>
        ExpectNone(false, Dilated(duration), cancellationToken);

    /// <summary>Nothing comes in this time.</summary>
    public void ExpectNoMsg(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNone(true, Dilated(TimeSpan.FromMilliseconds(milliseconds)), cancellationToken).GetAwaiter().GetResult();

    public ValueTask ExpectNoMsgAsync(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNone(false, Dilated(TimeSpan.FromMilliseconds(milliseconds)), cancellationToken);

    /// <summary>Drops messages until one comes for which the predicate says yes.</summary>
    public object FishForMessage(
        Predicate<object> isMessage, TimeSpan? max = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Fish<object>(true, isMessage, null, max, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<object> FishForMessageAsync(
        Predicate<object> isMessage, TimeSpan? max = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Fish<object>(false, isMessage, null, max, hint, cancellationToken);

    /// <summary>Drops messages until a T comes for which the predicate says yes.</summary>
    public T FishForMessage<T>(
        Predicate<T> isMessage, TimeSpan? max = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Fish(true, isMessage, null, max, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> FishForMessageAsync<T>(
        Predicate<T> isMessage, TimeSpan? max = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Fish(false, isMessage, null, max, hint, cancellationToken);

    /// <summary>The same; what is dropped is added to the list.</summary>
    public T FishForMessage<T>(
        Predicate<T> isMessage,
        ArrayList? allMessages,
        TimeSpan? max = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Fish(true, isMessage, allMessages, max, hint, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<T> FishForMessageAsync<T>(
        Predicate<T> isMessage,
        ArrayList? allMessages,
        TimeSpan? max = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Fish(false, isMessage, allMessages, max, hint, cancellationToken);

    /// <summary>Drops messages until a T comes.</summary>
    public async Task FishUntilMessageAsync<T>(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        await Fish<T>(false, _ => true, null, max, null, cancellationToken);

    /// <summary>The next message; null when none comes in time. A negative time waits for ever.</summary>
    public object? ReceiveOne(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        ReceiveAny(true, max, cancellationToken).GetAwaiter().GetResult();

    public ValueTask<object?> ReceiveOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        ReceiveAny(false, max, cancellationToken);

    /// <summary>Whether a message came in time.</summary>
    public bool TryReceiveOne(out MessageEnvelope envelope, TimeSpan? max = null, CancellationToken cancellationToken = default)
    {
        var got = Receive(true, max ?? Dilated(TestKitSettings.SingleExpectDefault), cancellationToken).GetAwaiter().GetResult();
        envelope = got ?? NullMessageEnvelope.Instance;
        return got is not null;
    }

    public async ValueTask<(bool success, MessageEnvelope envelope)> TryReceiveOneAsync(
        TimeSpan? max, CancellationToken cancellationToken = default)
    {
        var got = await Receive(false, max ?? Dilated(TestKitSettings.SingleExpectDefault), cancellationToken);
        return (got is not null, got ?? NullMessageEnvelope.Instance);
    }

    /// <summary>So many messages, in the default time.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, CancellationToken cancellationToken = default) =>
        Many(true, numberOfMessages, RemainingOrDefault, cancellationToken).GetAwaiter().GetResult();

    /// <summary>So many messages.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default) =>
        Many(true, numberOfMessages, Dilated(max), cancellationToken).GetAwaiter().GetResult();

    public IAsyncEnumerable<object> ReceiveNAsync(int numberOfMessages, CancellationToken cancellationToken = default) =>
        Flow(() => Many(false, numberOfMessages, RemainingOrDefault, cancellationToken));

    public IAsyncEnumerable<object> ReceiveNAsync(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default) =>
        Flow(() => Many(false, numberOfMessages, Dilated(max), cancellationToken));

    private static async IAsyncEnumerable<T> Flow<T>(Func<ValueTask<List<T>>> receive)
    {
        foreach (var item in await receive())
        {
            yield return item;
        }
    }

    private async ValueTask ExpectNone(bool sync, TimeSpan time, CancellationToken token)
    {
        var envelope = await Receive(sync, time, token);
        _lastWasNoMessage = true;
        if (envelope is not null)
        {
            Assertions.Fail("Failed: Expected no messages during {0}, instead we received {1}", time, envelope);
        }
    }

    private async ValueTask<object?> ReceiveAny(bool sync, TimeSpan? max, CancellationToken token)
    {
        var envelope = await Receive(sync, max ?? Dilated(TestKitSettings.SingleExpectDefault), token);
        return envelope?.Message;
    }

    private async ValueTask<T> Fish<T>(
        bool sync, Predicate<T> isMessage, ArrayList? others, TimeSpan? max, string? hint, CancellationToken token)
    {
        var limit = RemainingOrDilated(max);
        var end = Now + limit;
        while (await Receive(sync, Max(end - Now), token) is { } envelope)
        {
            if (envelope.Message is T typed && isMessage(typed))
            {
                return typed;
            }

            others?.Add(envelope.Message);
        }

        Assertions.Fail("Timeout ({0}) during FishForMessage{1}", limit, hint is null ? string.Empty : $", hint: {hint}");
        return default!;
    }

    private async ValueTask<List<object>> Many(bool sync, int count, TimeSpan max, CancellationToken token)
    {
        var end = Now + max;
        var messages = new List<object>(count);
        while (messages.Count < count)
        {
            if (await Receive(sync, Max(end - Now), token) is not { } envelope)
            {
                Assertions.Fail("Timeout ({0}) while expecting {1} messages. Only got {2} after {0}.", max, count, messages.Count);
                break;
            }

            messages.Add(envelope.Message);
        }

        return messages;
    }

    private async ValueTask<MessageEnvelope?> Receive(bool sync, TimeSpan max, CancellationToken token)
    {
        _lastWasNoMessage = false;
        var envelope = await _queue.Take(sync, max < TimeSpan.Zero ? Timeout.InfiniteTimeSpan : max, token);
        _last = envelope ?? NullMessageEnvelope.Instance;
        return envelope;
    }
}
