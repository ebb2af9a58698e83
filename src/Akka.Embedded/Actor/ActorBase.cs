namespace Akka.Actor;

/// <summary>Handles a message; false when it does not know it.</summary>
public delegate bool Receive(object message);

/// <summary>Handles a message.</summary>
public delegate void UntypedReceive(object message);

/// <summary>Base of all actors: one message at a time, never two at once, never on a fixed thread.</summary>
public abstract class ActorBase
{
    private IActorRef? _clearedSelf;

    /// <summary>Only the runtime makes actors.</summary>
    protected ActorBase()
    {
        var cell = ActorCell.Current
            ?? throw new ActorInitializationException(
                "Do not create actors using 'new', always create them using an ActorContext/System");
        cell.Become(Receive);
    }

    /// <summary>A behaviour that handles nothing.</summary>
    protected static Receive EmptyReceive { get; } = _ => false;

    /// <summary>The running actor's context. Throws outside of an actor, for instance behind an await in a detached task.</summary>
    protected static IActorContext Context => CurrentCell;

    /// <summary>The actor's own reference.</summary>
    protected IActorRef Self => _clearedSelf ?? CurrentCell.Self;

    /// <summary>Who sent the message being handled; dead letters when nobody did.</summary>
    protected IActorRef Sender => CurrentCell.Sender;

    private protected static ActorCell CurrentCell => ActorCell.Current
        ?? throw new NotSupportedException(
            "There is no active ActorContext, this is most likely due to use of async operations from within this actor.");

    /// <summary>Runs <paramref name="receive"/> and reports what it does not handle.</summary>
    protected internal virtual bool AroundReceive(Receive receive, object message)
    {
        var handled = receive(message);
        if (!handled)
        {
            Unhandled(message);
        }

        return handled;
    }

    /// <summary>The first behaviour.</summary>
    protected abstract bool Receive(object message);

    /// <summary>A message that no behaviour knows: published as <see cref="Event.UnhandledMessage"/>; an unknown <see cref="Terminated"/> throws.</summary>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
        {
            throw new DeathPactException(terminated.ActorRef);
        }

        CurrentCell.System.EventStream.Publish(new Event.UnhandledMessage(message, Sender, Self));
    }

    /// <summary>Replaces the current behaviour.</summary>
    protected void Become(Receive receive) => CurrentCell.Become(receive);

    /// <summary>Puts a behaviour on top of the current one.</summary>
    protected void BecomeStacked(Receive receive) => CurrentCell.BecomeStacked(receive);

    /// <summary>Goes back to the behaviour below.</summary>
    protected void UnbecomeStacked() => CurrentCell.UnbecomeStacked();

    /// <summary>After this long without a message a <see cref="ReceiveTimeout"/> comes; null ends it.</summary>
    protected void SetReceiveTimeout(TimeSpan? timeout) => CurrentCell.SetReceiveTimeout(timeout);

#nullable disable annotations
    /// <summary>How to answer failures of children.</summary>
    protected virtual SupervisorStrategy SupervisorStrategy() => Actor.SupervisorStrategy.DefaultStrategy;

    /// <summary>Before the first message.</summary>
    protected virtual void PreStart()
    {
    }

    /// <summary>After the last message.</summary>
    protected virtual void PostStop()
    {
    }

    /// <summary>On the failed instance, before a restart: stops all children and calls <see cref="PostStop"/>.</summary>
    protected virtual void PreRestart(Exception reason, object message)
    {
        var cell = CurrentCell;
        foreach (var child in cell.GetChildren().ToArray())
        {
            cell.Unwatch(child);
            cell.Stop(child);
        }

        PostStop();
    }

    /// <summary>On the new instance, after a restart: calls <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    public virtual void AroundPreStart() => PreStart();

    public virtual void AroundPostStop() => PostStop();

    public virtual void AroundPreRestart(Exception cause, object message) => PreRestart(cause, message);

    public virtual void AroundPostRestart(Exception cause, object message) => PostRestart(cause);
#nullable restore annotations

    internal SupervisorStrategy StatedStrategy() => SupervisorStrategy() ?? Actor.SupervisorStrategy.DefaultStrategy;

    /// <summary>The behaviour that the constructor set, for an instance that a producer gave before.</summary>
    internal Receive FirstBehavior() => Receive;

    internal void Clear(IActorRef self) => _clearedSelf = self;
}
