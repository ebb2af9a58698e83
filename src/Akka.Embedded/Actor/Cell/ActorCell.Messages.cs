using Akka.Event;

namespace Akka.Actor;

/// <content>Handling of user messages.</content>
internal sealed partial class ActorCell
{
    private void Invoke(object message, IActorRef? sender)
    {
        var timeoutSet = _extras?.ReceiveTimeout is not null;
        var influences = timeoutSet && message is not INotInfluenceReceiveTimeout;
        if (influences)
        {
            CancelReceiveTimeout();
        }

        _message = message;
        _sender = sender;
        _delivery++;
        try
        {
            if (message is IAutoReceivedMessage or TimerMessage)
            {
                AutoReceive(message);
            }
            else
            {
                Receive(message);
            }
        }
        catch (Exception cause)
        {
            HandleFailure(cause, null);
        }
        finally
        {
            if (_extras?.ReceiveTimeout is not null && (influences || !timeoutSet))
            {
                CheckReceiveTimeout();
            }
        }

        _message = null;
        _sender = null;
    }

    private void Receive(object message)
    {
        if (_actor is { } actor && _behavior is { } behavior)
        {
            actor.AroundReceive(behavior, message);
        }
    }

    private void AutoReceive(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                ReceiveTerminated(terminated);
                break;
            case TimerMessage timer:
                ReceiveTimer(timer);
                break;
            case Kill:
                throw new ActorKilledException("Kill");
            case PoisonPill:
                _self.Stop();
                break;
            case Identify identify:
                Sender.Tell(new ActorIdentity(identify.MessageId, _self), _self);
                break;
            case ActorSelectionMessage selection:
                Selections.Deliver(_self, selection, _sender);
                break;
            default:
                Receive(message);
                break;
        }
    }

    private void ReceiveTimer(TimerMessage timer)
    {
        if (_actor is IWithTimers { Timers: TimerScheduler timers } && timers.Take(timer))
        {
            _message = timer.Message;
            if (timer.Message is IAutoReceivedMessage)
            {
                AutoReceive(timer.Message);
            }
            else
            {
                Receive(timer.Message);
            }
        }
    }

    private void InvokeSystem(SystemMessage message)
    {
        if (MustHoldBack(message))
        {
            (Extras.HeldBack ??= []).Add(message);
            return;
        }

        try
        {
            switch (message)
            {
                case ContinueMessage step:
                    Continue(step);
                    break;
                case DeathWatchNotification death:
                    WatchedActorTerminated(death.Actor, death.ExistenceConfirmed);
                    break;
                case WatchMessage watch:
                    AddWatcher(watch.Watcher);
                    break;
                case UnwatchMessage unwatch:
                    _extras?.WatchedBy?.Remove(unwatch.Watcher);
                    break;
                case CreateMessage:
                    Create();
                    break;
                case TerminateMessage:
                    Terminate();
                    break;
                case FailedMessage failed:
                    ChildFailed(failed);
                    break;
                case RecreateMessage recreate:
                    Recreate(recreate.Cause);
                    break;
                case SuspendMessage:
                    SuspendSelf();
                    SuspendChildren(null);
                    break;
                case ResumeMessage resume:
                    ResumeAfter(resume.Cause);
                    break;
            }
        }
        catch (Exception cause)
        {
            HandleFailure(cause, message as FailedMessage);
        }

        ReleaseHeldBack();
    }

    private bool MustHoldBack(SystemMessage message) =>
        (message.WaitsForChildren && (_lifecycle is Lifecycle.Recreating or Lifecycle.Creating))
            || (message.WaitsForSupervisor && IsFailed && _lifecycle == Lifecycle.Normal);

    private void ReleaseHeldBack()
    {
        if (_extras?.HeldBack is not { Count: > 0 } held || MustHoldBack(held[0]))
        {
            return;
        }

        _extras.HeldBack = null;
        for (var i = held.Count - 1; i >= 0; i--)
        {
            held[i].Next = _systemReady;
            _systemReady = held[i];
        }
    }

    private void Publish(LogEvent logEvent) => _system.EventStream.Publish(logEvent);

    private void PublishError(Exception cause, string message) =>
        Publish(new Error(cause, _self.Path.ToString(), _actor?.GetType() ?? _props.Type, message));
}
