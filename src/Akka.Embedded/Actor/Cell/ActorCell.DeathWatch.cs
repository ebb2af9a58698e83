namespace Akka.Actor;

/// <content>Watching, and the receive timeout.</content>
internal sealed partial class ActorCell
{
    public TimeSpan? ReceiveTimeout => _extras?.ReceiveTimeout;

    public IActorRef Watch(IActorRef subject) => Watch(subject, null);

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Watch(subject, message);
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        if (_extras is { } extras && InternalRef.Of(subject) is { } watched)
        {
            if (extras.Watching?.Remove(watched) == true)
            {
                watched.SendSystem(new UnwatchMessage(watched, _self));
            }

            extras.TerminatedQueued?.Remove(watched);
        }

        return subject;
    }

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        if (timeout is null)
        {
            CancelReceiveTimeout();
            if (_extras is not null)
            {
                _extras.ReceiveTimeout = null;
            }
        }
        else
        {
            Extras.ReceiveTimeout = timeout;
        }
    }

    private IActorRef Watch(IActorRef subject, object? message)
    {
        if (InternalRef.Of(subject) is not { } watched || ReferenceEquals(watched, _self))
        {
            return subject;
        }

        var watching = Extras.Watching ??= [];
        if (watching.TryGetValue(watched, out var before))
        {
            if (!Equals(before, message))
            {
                throw new InvalidOperationException(
                    $"Watch({Self}, {subject}) termination message was not overwritten from [{before}] to [{message}]. "
                        + "If this was intended, unwatch first before using `Watch` / `WatchWith` with another message.");
            }

            return subject;
        }

        watching[watched] = message;
        watched.SendSystem(new WatchMessage(watched, _self));
        return subject;
    }

    private void AddWatcher(IActorRef watcher)
    {
        var watchedBy = Extras.WatchedBy ??= new List<IActorRef>(1);
        if (!watchedBy.Contains(watcher))
        {
            watchedBy.Add(watcher);
        }
    }

    private void WatchedActorTerminated(IActorRef actor, bool existenceConfirmed)
    {
        if (_extras?.Watching is { } watching && watching.Remove(actor, out var message) && !IsTerminating)
        {
            (_extras.TerminatedQueued ??= [])[actor] = message;
            Send(new Terminated(actor, existenceConfirmed, addressTerminated: false), actor, RuntimeThread.Mine);
        }

        if (actor is LocalRef child && IsChild(child))
        {
            ChildTerminated(child);
        }
    }

    private void ReceiveTerminated(Terminated terminated)
    {
        if (_extras?.TerminatedQueued?.Remove(terminated.ActorRef, out var message) != true)
        {
            return;
        }

        if (message is not null)
        {
            _message = message;
        }

        Receive(message ?? terminated);
    }

    private void UnwatchAll()
    {
        if (_extras is not { } extras)
        {
            return;
        }

        if (extras.Watching is { } watching)
        {
            extras.Watching = null;
            foreach (var subject in watching.Keys)
            {
                (subject as InternalRef)?.SendSystem(new UnwatchMessage(subject, _self));
            }
        }

        extras.TerminatedQueued = null;
    }

    private void CheckReceiveTimeout()
    {
        if (_extras?.ReceiveTimeout is { } timeout && !IsTerminating)
        {
            CancelReceiveTimeout();
            _extras.ReceiveTimeoutTask =
                _system.Scheduler.ScheduleTellOnceCancelable(timeout, _self, Akka.Actor.ReceiveTimeout.Instance, _self);
        }
    }

    private void CancelReceiveTimeout()
    {
        if (_extras?.ReceiveTimeoutTask is { } task)
        {
            _extras.ReceiveTimeoutTask = null;
            task.Cancel();
        }
    }
}
