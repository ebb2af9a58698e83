namespace Akka.Actor;

/// <content>Birth, failure, restart and death.</content>
internal sealed partial class ActorCell
{
    private enum Lifecycle : byte
    {
        Normal,

        /// <summary>Failed in its making; waits for children to end before the next try.</summary>
        Creating,

        /// <summary>Being restarted; waits for children to end.</summary>
        Recreating,

        /// <summary>Stopping; waits for children to end.</summary>
        Terminating,
        Terminated,
    }

    private Lifecycle _lifecycle;

    // Who failed: this actor, or the child whose failure it escalates. Null when all is well.
    private IActorRef? _failed;

    private bool IsFailed => _failed is not null;

    private bool IsTerminating => _lifecycle is Lifecycle.Terminating or Lifecycle.Terminated;

    private void Create()
    {
        try
        {
            _actor = NewInstance();
            _actor.AroundPreStart();
            CheckReceiveTimeout();
        }
        catch (Exception cause)
        {
            ReleaseInstance();
            throw new ActorInitializationException(_self, "Exception during creation", cause);
        }
    }

    /// <summary>Holds the actor and its children, and tells the supervisor.</summary>
    private void HandleFailure(Exception cause, FailedMessage? escalated)
    {
        if (IsFailed || _lifecycle == Lifecycle.Terminated)
        {
            return;
        }

        SuspendSelf();
        _failed = escalated?.Child ?? (IActorRef)_self;
        Extras.FailedMessage = _message;
        SuspendChildren(escalated?.Child);
        _parent.SendSystem(new FailedMessage(_self, cause));
    }

    private void ChildFailed(FailedMessage failed)
    {
        if (!IsChild(failed.Child) || _actor is not { } actor)
        {
            return;
        }

        _sender = failed.Child;
        bool handled;
        try
        {
            handled = StrategyOf(actor).HandleFailure(this, failed.Child, failed.Cause);
        }
        finally
        {
            _sender = null;
        }

        if (!handled)
        {
            HandleFailure(failed.Cause, failed);
        }
    }

    private void Recreate(Exception cause)
    {
        if (_actor is not { } failedActor)
        {
            CreateAgain();
        }
        else if (_lifecycle != Lifecycle.Normal)
        {
            // The actor is stopping: only the count of suspensions must stay balanced.
            ResumeAfter(null);
        }
        else
        {
            CancelReceiveTimeout();
            var failedMessage = _extras?.FailedMessage;
            try
            {
                failedActor.AroundPreRestart(cause, failedMessage!);
            }
            catch (Exception e)
            {
                PublishError(new PreRestartException(_self, e, cause, failedMessage), e.Message);
            }

            _extras?.Stash?.UnstashAll();
            ReleaseInstance();
            WaitForChildren(Lifecycle.Recreating, cause);
        }
    }

    private void FinishRecreate(Exception cause)
    {
        var survivors = ChildRefs().ToArray();
        try
        {
            ResumeFailed();
            _actor = NewInstance();
            ForgetStrategy();
            _actor.AroundPostRestart(cause, null!);
            CheckReceiveTimeout();
            foreach (var child in survivors)
            {
                child.Restart(cause);
            }
        }
        catch (Exception e)
        {
            ReleaseInstance();
            HandleFailure(new PostRestartException(_self, e, cause), null);
        }
    }

    private void CreateAgain()
    {
        CancelReceiveTimeout();
        foreach (var child in ChildRefs())
        {
            Stop(child);
        }

        WaitForChildren(Lifecycle.Creating, null);
    }

    private void FinishCreate()
    {
        ResumeFailed();
        try
        {
            Create();
        }
        catch (Exception cause)
        {
            HandleFailure(cause, null);
        }
    }

    private void ResumeAfter(Exception? cause)
    {
        if (_actor is null && !IsTerminating)
        {
            CreateAgain();
            return;
        }

        var failed = _failed;
        ResumeSelf();
        if (cause is not null && !IsTerminating)
        {
            ClearFailed();
        }

        foreach (var child in ChildRefs())
        {
            child.Resume(Equals(child, failed) ? cause : null);
        }
    }

    private void ResumeFailed()
    {
        ResumeSelf();
        ClearFailed();
    }

    private void ClearFailed()
    {
        _failed = null;
        if (_extras is not null)
        {
            _extras.FailedMessage = null;
        }
    }

    private void Terminate()
    {
        if (_lifecycle == Lifecycle.Terminated)
        {
            return;
        }

        SetReceiveTimeout(null);
        UnwatchAll();
        foreach (var child in ChildRefs())
        {
            Stop(child);
        }

        if (_lifecycle == Lifecycle.Terminating)
        {
            return;
        }

        SuspendSelf();
        _failed = _self;
        WaitForChildren(Lifecycle.Terminating, null);
    }

    private void FinishTerminate()
    {
        _lifecycle = Lifecycle.Terminated;
        try
        {
            _actor?.AroundPostStop();
        }
        catch (Exception cause)
        {
            PublishError(cause, cause.Message);
        }

        _extras?.Stash?.UnstashAll();
        ReleaseInstance();
        CloseChildren();
        var watchers = _extras?.WatchedBy;
        UnwatchAll();
        CloseMailbox();
        _extras = null;
        _parent.SendSystem(new DeathWatchNotification(_self, existenceConfirmed: true));
        if (watchers is not null)
        {
            foreach (var watcher in watchers)
            {
                if (!ReferenceEquals(watcher, _parent) && watcher is InternalRef internalWatcher)
                {
                    internalWatcher.SendSystem(new DeathWatchNotification(_self, existenceConfirmed: true));
                }
            }
        }
    }

    /// <summary>Goes on once every child that was told to stop has ended: now, if there is none.</summary>
    private void WaitForChildren(Lifecycle state, Exception? cause)
    {
        _lifecycle = state;
        if (!SetReason(cause))
        {
            Proceed(cause);
        }
    }

    private void Proceed(Exception? cause)
    {
        var state = _lifecycle;
        if (state == Lifecycle.Terminating)
        {
            FinishTerminate();
            return;
        }

        _lifecycle = Lifecycle.Normal;
        if (state == Lifecycle.Recreating)
        {
            FinishRecreate(cause!);
        }
        else if (state == Lifecycle.Creating)
        {
            FinishCreate();
        }
    }
}
