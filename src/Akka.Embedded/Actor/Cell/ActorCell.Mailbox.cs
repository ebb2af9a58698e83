namespace Akka.Actor;

/// <content>
/// The mailbox. Senders push onto a stack with one compare-and-swap; the one turn that runs takes the whole stack and turns it round
/// into <see cref="_ready"/>, which only turns touch. <see cref="_status"/> says whether a turn is scheduled, whether user messages are
/// held, and whether the actor has ended.
/// </content>
internal sealed partial class ActorCell : IThreadPoolWorkItem
{
    private const int Scheduled = 1;
    private const int Suspended = 2;
    private const int Closed = 4;

    private MailNode? _inbox;
    private MailNode? _ready;
    private SystemMessage? _systemInbox;
    private SystemMessage? _systemReady;
    private int _status;
    private int _suspensions;

    public bool IsClosed => (Volatile.Read(ref _status) & Closed) != 0;

    public void Send(object message, IActorRef? sender, RuntimeThread thread)
    {
        var node = thread.Rent();
        node.Message = message;
        node.Sender = sender;
        var head = Volatile.Read(ref _inbox);
        while (true)
        {
            node.Next = head;
            var seen = Interlocked.CompareExchange(ref _inbox, node, head);
            if (ReferenceEquals(seen, head))
            {
                break;
            }

            head = seen;
        }

        var status = Volatile.Read(ref _status);
        if ((status & Closed) != 0)
        {
            Bury();
        }
        else if ((status & (Scheduled | Suspended)) == 0)
        {
            Schedule();
        }
    }

    public void SendSystem(SystemMessage message)
    {
        var head = Volatile.Read(ref _systemInbox);
        while (true)
        {
            message.Next = head;
            var seen = Interlocked.CompareExchange(ref _systemInbox, message, head);
            if (ReferenceEquals(seen, head))
            {
                break;
            }

            head = seen;
        }

        var status = Volatile.Read(ref _status);
        if ((status & Closed) != 0)
        {
            Bury();
        }
        else if ((status & Scheduled) == 0)
        {
            Schedule();
        }
    }

    /// <summary>One turn: all system messages, then user messages up to the throughput, each followed by what the system has to say.</summary>
    public void Execute()
    {
        var thread = RuntimeThread.Mine;
        var outer = thread.Current;
        thread.Current = this;
        try
        {
            RunSystemMessages();
            for (var left = _system.Throughput; left > 0 && (_status & (Suspended | Closed)) == 0; left--)
            {
                var node = _ready ?? TakeInbox();
                if (node is null)
                {
                    break;
                }

                _ready = node.Next;
                var (message, sender) = (node.Message, node.Sender);
                thread.Return(node);
                Invoke(message, sender);
                if (_systemInbox is not null || _systemReady is not null)
                {
                    RunSystemMessages();
                }
            }
        }
        finally
        {
            thread.Current = outer;
        }

        var status = Interlocked.And(ref _status, ~Scheduled);
        if ((status & Closed) != 0)
        {
            return;
        }

        if (Volatile.Read(ref _systemInbox) is not null || _systemReady is not null
            || ((status & Suspended) == 0 && (_ready is not null || Volatile.Read(ref _inbox) is not null)))
        {
            Schedule();
        }
    }

    /// <summary>Puts messages in front of all others. Only in the actor's turn.</summary>
    public void Prepend(IReadOnlyList<Envelope> envelopes)
    {
        for (var i = envelopes.Count - 1; i >= 0; i--)
        {
            if (envelopes[i].Message is Terminated terminated && !IsTerminating)
            {
                // It was taken off the list when it came first.
                (Extras.TerminatedQueued ??= [])[terminated.ActorRef] = null;
            }

            var node = RuntimeThread.Mine.Rent();
            (node.Message, node.Sender) = (envelopes[i].Message, envelopes[i].Sender);
            node.Next = _ready ?? TakeInbox();
            _ready = node;
        }
    }

    private void Schedule()
    {
        if ((Interlocked.Or(ref _status, Scheduled) & (Scheduled | Closed)) == 0)
        {
            _system.Dispatcher.Schedule(this);
        }
    }

    private void SuspendSelf()
    {
        _suspensions++;
        Interlocked.Or(ref _status, Suspended);
    }

    private void ResumeSelf()
    {
        if (_suspensions > 0 && --_suspensions == 0)
        {
            Interlocked.And(ref _status, ~Suspended);
        }
    }

    private void RunSystemMessages()
    {
        while ((_systemReady ?? TakeSystemInbox()) is { } message)
        {
            _systemReady = message.Next;
            message.Next = null;
            if (IsClosed)
            {
                BuryOne(message);
            }
            else
            {
                InvokeSystem(message);
            }
        }
    }

    private MailNode? TakeInbox()
    {
        if (Volatile.Read(ref _inbox) is null)
        {
            return null;
        }

        MailNode? turned = null;
        for (var node = Interlocked.Exchange(ref _inbox, null); node is not null;)
        {
            var next = node.Next;
            node.Next = turned;
            turned = node;
            node = next;
        }

        return turned;
    }

    private SystemMessage? TakeSystemInbox()
    {
        if (Volatile.Read(ref _systemInbox) is null)
        {
            return null;
        }

        SystemMessage? turned = null;
        for (var message = Interlocked.Exchange(ref _systemInbox, null); message is not null;)
        {
            var next = message.Next;
            message.Next = turned;
            turned = message;
            message = next;
        }

        return turned;
    }

    /// <summary>Ends the mailbox: what is in it and what comes later goes to dead letters.</summary>
    private void CloseMailbox()
    {
        Interlocked.Or(ref _status, Closed);
        var rest = _ready;
        _ready = null;
        Bury(rest);
        Bury();
    }

    // Any thread: the exchanges hand every message to exactly one burier.
    private void Bury()
    {
        Bury(TakeInbox());
        for (var message = TakeSystemInbox(); message is not null;)
        {
            var next = message.Next;
            message.Next = null;
            BuryOne(message);
            message = next;
        }
    }

    private void Bury(MailNode? node)
    {
        while (node is not null)
        {
            var next = node.Next;
            var (message, sender) = (node.Message, node.Sender);
            RuntimeThread.Mine.Return(node);
            if (!IsOfTheRuntime(message))
            {
                _system.DeadLettersRef.Undelivered(message, sender, _self);
            }

            node = next;
        }
    }

    private static bool IsOfTheRuntime(object message) => message is Terminated or TimerMessage;

    private void BuryOne(SystemMessage message)
    {
        if (message is WatchMessage watch && watch.Watcher is InternalRef watcher)
        {
            watcher.SendSystem(new DeathWatchNotification(_self, existenceConfirmed: false));
        }
    }
}
