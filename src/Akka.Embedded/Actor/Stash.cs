namespace Akka.Actor;

/// <summary>Keeps messages for later.</summary>
public interface IStash
{
    int Count { get; }

    bool IsEmpty { get; }

    bool NonEmpty { get; }

    bool IsFull { get; }

    /// <summary>-1: no limit.</summary>
    int Capacity { get; }

    /// <summary>Puts the message being handled aside.</summary>
    void Stash();

    /// <summary>Brings the oldest message back, in front of the mailbox.</summary>
    void Unstash();

    /// <summary>Brings all messages back, in their order, in front of the mailbox.</summary>
    void UnstashAll();

    /// <summary>Brings those messages back for which <paramref name="predicate"/> says yes; the others are dropped.</summary>
    void UnstashAll(Func<Envelope, bool> predicate);

    /// <summary>Takes all messages out.</summary>
    IEnumerable<Envelope> ClearStash();

    /// <summary>Puts messages in front of those already stashed.</summary>
    void Prepend(IEnumerable<Envelope> envelopes);
}

/// <summary>An actor with a stash; the runtime sets the property after the constructor.</summary>
public interface IActorStash
{
    IStash Stash { get; set; }
}

/// <summary>An actor with a stash.</summary>
public interface IWithStash : IActorStash;

/// <summary>An actor with a stash without a limit.</summary>
public interface IWithUnboundedStash : IActorStash;

internal sealed class ActorStash(ActorCell cell) : IStash
{
    private List<Envelope> _stashed = [];
    private int _lastStashed;

    public int Count => _stashed.Count;

    public bool IsEmpty => _stashed.Count == 0;

    public bool NonEmpty => !IsEmpty;

    public bool IsFull => false;

    public int Capacity => -1;

    public void Stash()
    {
        var message = cell.CurrentMessage
            ?? throw new InvalidOperationException("There is no message to stash: only the message being handled can be.");
        if (_lastStashed == cell.CurrentDelivery)
        {
            throw new IllegalActorStateException($"Can't stash the same message {message} more than once");
        }

        _lastStashed = cell.CurrentDelivery;
        _stashed.Add(new Envelope(message, cell.Sender));
    }

    public void Unstash()
    {
        if (_stashed.Count > 0)
        {
            cell.Prepend([_stashed[0]]);
            _stashed.RemoveAt(0);
        }
    }

    public void UnstashAll() => UnstashAll(_ => true);

    public void UnstashAll(Func<Envelope, bool> predicate)
    {
        if (_stashed.Count > 0)
        {
            cell.Prepend([.. ClearStash().Where(predicate)]);
        }
    }

    public IEnumerable<Envelope> ClearStash()
    {
        var all = _stashed;
        _stashed = [];
        return all;
    }

    public void Prepend(IEnumerable<Envelope> envelopes) => _stashed.InsertRange(0, envelopes);
}
