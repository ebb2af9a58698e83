namespace Akka.Actor;

/// <summary>An actor with one method for all messages.</summary>
public abstract class UntypedActor : ActorBase
{
    /// <summary>The running actor's context.</summary>
    protected static new IUntypedActorContext Context => CurrentCell;

    protected sealed override bool Receive(object message)
    {
        OnReceive(message);
        return true;
    }

    /// <summary>Handles a message; calls <c>Unhandled</c> for one it does not know.</summary>
    protected abstract void OnReceive(object message);

    /// <summary>Replaces the current behaviour.</summary>
    protected void Become(UntypedReceive receive) => CurrentCell.Become(receive);

    /// <summary>Puts a behaviour on top of the current one.</summary>
    protected void BecomeStacked(UntypedReceive receive) => CurrentCell.BecomeStacked(receive);

    /// <summary>Runs <paramref name="action"/> in this actor; no other message is handled meanwhile.</summary>
    protected void RunTask(Action action) => ActorTaskScheduler.RunTask(action);

    /// <summary>Runs asynchronous work in this actor; no other message is handled until it ends.</summary>
    protected void RunTask(Func<Task> action) => ActorTaskScheduler.RunTask(action);
}
