using System.Runtime.ExceptionServices;

namespace Akka.Actor;

/// <content>Asynchronous handlers: the mailbox is held until the task ends, and each step of it runs as a turn of the actor.</content>
internal sealed partial class ActorCell
{
    public void RunAsync(Func<Task> work)
    {
        SuspendSelf();
        var scheduler = Extras.AsyncWork = new ActorTaskScheduler(this, _message, _sender);
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.None, scheduler).Unwrap().ContinueWith(
            (task, state) => ((ActorTaskScheduler)state!).End(task),
            scheduler,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private void Continue(ContinueMessage step)
    {
        var scheduler = step.Scheduler;
        if (!ReferenceEquals(_extras?.AsyncWork, scheduler))
        {
            // The instance that started this work is gone: it must not run behind the new one's back.
            return;
        }

        (_message, _sender) = (scheduler.CurrentMessage, scheduler.Sender);
        try
        {
            if (step.Task is not null)
            {
                scheduler.RunStep(step.Task);
                return;
            }

            _extras.AsyncWork = null;
            ResumeSelf();
            if (step.Failure is { } failure)
            {
                try
                {
                    ExceptionDispatchInfo.Capture(failure).Throw();
                }
                catch (Exception cause)
                {
                    HandleFailure(cause, null);
                }
            }

            CheckReceiveTimeout();
        }
        finally
        {
            (_message, _sender) = (null, null);
        }
    }

    private void CancelAsyncWork()
    {
        if (_extras?.AsyncWork is not null)
        {
            _extras.AsyncWork = null;
            ResumeSelf();
        }
    }
}

/// <summary>Runs the steps of one asynchronous handler inside its actor.</summary>
internal sealed class ActorTaskScheduler(ActorCell cell, object? message, IActorRef? sender) : TaskScheduler
{
    public object? CurrentMessage { get; } = message;

    public IActorRef? Sender { get; } = sender;

    public override int MaximumConcurrencyLevel => 1;

    public static void RunTask(Action action) => RunTask(() =>
    {
        action();
        return Task.CompletedTask;
    });

    public static void RunTask(Func<Task> work)
    {
        var cell = ActorCell.Current ?? throw new InvalidOperationException("RunTask must be called from an actor context.");
        cell.RunAsync(work);
    }

    public void RunStep(Task task)
    {
        // Awaits prefer a synchronization context over a task scheduler; the steps must come back to the actor.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            TryExecuteTask(task);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    public void End(Task task)
    {
        var failure = task.IsFaulted ? task.Exception.InnerExceptions.Count == 1 ? task.Exception.InnerException : task.Exception
            : task.IsCanceled ? new TaskCanceledException(task) : null;
        cell.SendSystem(new ContinueMessage(this, null, failure));
    }

    protected override void QueueTask(Task task)
    {
        if (ReferenceEquals(ActorCell.Current, cell))
        {
            RunStep(task);
        }
        else
        {
            cell.SendSystem(new ContinueMessage(this, task, null));
        }
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(ActorCell.Current, cell) && TryExecuteTask(task);

    protected override IEnumerable<Task> GetScheduledTasks() => [];
}
