using System.Diagnostics;

namespace Akka.TestKit.Internal;

/// <summary>Messages of a test actor, taken by a test that may block or await.</summary>
internal sealed class MessageQueue
{
    private readonly Lock _lock = new();
    private readonly LinkedList<MessageEnvelope> _messages = [];
    private readonly SemaphoreSlim _available = new(0);

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _messages.Count;
            }
        }
    }

    public void Add(MessageEnvelope message)
    {
        lock (_lock)
        {
            _messages.AddLast(message);
        }

        _available.Release();
    }

    /// <summary>Null when none came in time. Blocks when <paramref name="sync"/>, else awaits.</summary>
    public async ValueTask<MessageEnvelope?> Take(bool sync, TimeSpan timeout, CancellationToken token)
    {
        var got = sync ? _available.Wait(timeout, token) : await _available.WaitAsync(timeout, token);
        return got ? RemoveFirst() : null;
    }

    /// <summary>The next message, which stays; null when none came in time.</summary>
    public async ValueTask<MessageEnvelope?> Peek(bool sync, TimeSpan timeout, CancellationToken token)
    {
        var got = sync ? _available.Wait(timeout, token) : await _available.WaitAsync(timeout, token);
        if (!got)
        {
            return null;
        }

        lock (_lock)
        {
            var first = _messages.First;
            _available.Release();
            return first?.Value;
        }
    }

    private MessageEnvelope RemoveFirst()
    {
        lock (_lock)
        {
            var first = _messages.First ?? throw new UnreachableException("The semaphore counts the messages");
            _messages.RemoveFirst();
            return first.Value;
        }
    }
}
