namespace Akka.Actor;

/// <summary>What the runtime says to an actor: handled before any user message, also while the actor is suspended.</summary>
internal abstract class SystemMessage
{
    public SystemMessage? Next;

    /// <summary>Held back while the actor waits for children before it is made anew.</summary>
    public virtual bool WaitsForChildren => false;

    /// <summary>Held back while the actor is failed and waits for its supervisor.</summary>
    public virtual bool WaitsForSupervisor => false;
}

internal sealed class CreateMessage : SystemMessage;

internal sealed class TerminateMessage : SystemMessage;

internal sealed class SuspendMessage : SystemMessage
{
    public override bool WaitsForChildren => true;
}

internal sealed class ResumeMessage(Exception? cause) : SystemMessage
{
    public Exception? Cause { get; } = cause;

    public override bool WaitsForChildren => true;
}

internal sealed class RecreateMessage(Exception cause) : SystemMessage
{
    public Exception Cause { get; } = cause;

    public override bool WaitsForChildren => true;
}

internal sealed class WatchMessage(IActorRef watchee, IActorRef watcher) : SystemMessage
{
    public IActorRef Watchee { get; } = watchee;

    public IActorRef Watcher { get; } = watcher;
}

internal sealed class UnwatchMessage(IActorRef watchee, IActorRef watcher) : SystemMessage
{
    public IActorRef Watchee { get; } = watchee;

    public IActorRef Watcher { get; } = watcher;
}

internal sealed class DeathWatchNotification(IActorRef actor, bool existenceConfirmed) : SystemMessage
{
    public IActorRef Actor { get; } = actor;

    public bool ExistenceConfirmed { get; } = existenceConfirmed;
}

internal sealed class FailedMessage(LocalRef child, Exception cause) : SystemMessage
{
    public LocalRef Child { get; } = child;

    public Exception Cause { get; } = cause;

    public override bool WaitsForChildren => true;

    public override bool WaitsForSupervisor => true;
}

/// <summary>A step of an asynchronous handler, or its end (then <see cref="Task"/> is null).</summary>
internal sealed class ContinueMessage(ActorTaskScheduler scheduler, Task? task, Exception? failure) : SystemMessage
{
    public ActorTaskScheduler Scheduler { get; } = scheduler;

    public Task? Task { get; } = task;

    public Exception? Failure { get; } = failure;
}
