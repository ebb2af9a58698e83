using Akka.Event;

namespace Akka.Actor;

/// <summary>A reference that takes system messages too.</summary>
internal abstract class InternalRef : ActorRefBase
{
    /// <summary>The reference as the runtime knows it; null for one that is not of this runtime.</summary>
    public static InternalRef? Of(IActorRef? reference) =>
        reference as InternalRef ?? (reference as IRefOfAnother)?.Inner as InternalRef;

    /// <summary>Whether the actor has ended.</summary>
    public virtual bool IsTerminated => false;

    /// <summary>The system it belongs to; null for a reference without one.</summary>
    public virtual ActorSystemImpl? System => null;

    /// <summary>The child of this name, for selections.</summary>
    public virtual IActorRef GetChild(string name) => ActorRefs.Nobody;

    public virtual IEnumerable<IActorRef> GetChildren() => [];

    public virtual IActorRef GetParent() => ActorRefs.Nobody;

    public virtual void SendSystem(SystemMessage message)
    {
    }

    public virtual void Stop()
    {
    }
}

/// <summary>A reference that stands before another one: a test probe.</summary>
internal interface IRefOfAnother
{
    IActorRef Inner { get; }
}

/// <summary>An actor of this process.</summary>
internal sealed class LocalRef : InternalRef
{
    private readonly ActorPath _path;
    private ActorCell _cell = null!;

    public LocalRef(ActorPath path) => _path = path;

    public ActorCell Cell => _cell;

    public override ActorPath Path => _path;

    public override bool IsTerminated => _cell.IsClosed;

    public override ActorSystemImpl System => _cell.SystemImpl;

    /// <summary>Its children, those that are ending among them; Akka.NET's references of actors have it under the same name.</summary>
    public IEnumerable<IActorRef> Children => _cell.ChildRefs();

    internal void Attach(ActorCell cell) => _cell = cell;

    public override IActorRef GetChild(string name) => _cell.Child(name);

    public override IEnumerable<IActorRef> GetChildren() => _cell.ChildRefs();

    public override IActorRef GetParent() => _cell.ParentRef;

    public override void SendSystem(SystemMessage message) => _cell.SendSystem(message);

    public override void Stop() => SendSystem(new TerminateMessage());

    public void Suspend() => SendSystem(new SuspendMessage());

    public void Resume(Exception? cause) => SendSystem(new ResumeMessage(cause));

    public void Restart(Exception cause) => SendSystem(new RecreateMessage(cause));

    /// <summary>As <see cref="ICanTell.Tell"/>, for a caller that has looked its thread up already.</summary>
    public void Tell(object message, IActorRef? sender, RuntimeThread thread)
    {
        if (message is null)
        {
            throw new InvalidMessageException("Message is null.");
        }

        _cell.Send(message, sender, thread);
    }

    protected override void TellInternal(object message, IActorRef? sender) => Tell(message, sender, RuntimeThread.Mine);
}

/// <summary>Takes what cannot be delivered and publishes it.</summary>
internal sealed class DeadLettersRef(ActorSystemImpl system, ActorPath path) : InternalRef
{
    public override ActorPath Path => path;

    public override ActorSystemImpl System => system;

    public override bool IsTerminated => true;

    public override void SendSystem(SystemMessage message)
    {
        if (message is WatchMessage watch && watch.Watcher is InternalRef watcher)
        {
            watcher.SendSystem(new DeathWatchNotification(watch.Watchee, existenceConfirmed: false));
        }
    }

    protected override void TellInternal(object message, IActorRef? sender)
    {
        if (message is null)
        {
            throw new InvalidMessageException("Message is null.");
        }

        Publish(message as DeadLetter ?? new DeadLetter(message, sender.GetOrElse(() => this), this));
    }

    /// <summary>A message for an actor that has ended.</summary>
    public void Undelivered(object message, IActorRef? sender, IActorRef recipient)
    {
        if (message is DeadLetter letter)
        {
            Publish(letter);
        }
        else
        {
            Publish(new DeadLetter(message, sender.GetOrElse(() => this), recipient));
        }
    }

    private void Publish(DeadLetter letter)
    {
        switch (letter.Message)
        {
            case Identify identify:
                letter.Sender.Tell(new ActorIdentity(identify.MessageId, null), ActorRefs.NoSender);
                break;
            case ActorSelectionMessage { Message: Identify identify }:
                letter.Sender.Tell(new ActorIdentity(identify.MessageId, null), ActorRefs.NoSender);
                break;
            case ActorSelectionMessage selection:
                Publish(new DeadLetter(selection.Message, letter.Sender, letter.Recipient));
                break;
            case IDeadLetterSuppression suppressed:
                system.EventStream.Publish(new SuppressedDeadLetter(suppressed, letter.Sender, letter.Recipient));
                break;
            default:
                system.EventStream.Publish(letter);
                break;
        }
    }
}

/// <summary>Drops everything.</summary>
internal sealed class IgnoreRef(ActorPath path) : InternalRef
{
    public override ActorPath Path => path;

    protected override void TellInternal(object message, IActorRef? sender)
    {
    }
}
