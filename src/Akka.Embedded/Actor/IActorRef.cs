using Akka.Util;

namespace Akka.Actor;

/// <summary>Takes messages.</summary>
public interface ICanTell
{
    /// <summary>Sends <paramref name="message"/>; returns at once. <paramref name="sender"/> is whom an answer goes to.</summary>
    void Tell(object message, IActorRef? sender);
}

/// <summary>A handle of an actor. It stays valid when the actor is restarted; after its end messages go to dead letters.</summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>, IComparable<IActorRef>, ISurrogated, IComparable
{
    /// <summary>The actor's name.</summary>
    ActorPath Path { get; }
}

/// <summary>Base of all references.</summary>
public abstract class ActorRefBase : IActorRef
{
    public abstract ActorPath Path { get; }

    public void Tell(object message, IActorRef? sender) => TellInternal(message, sender);

    protected abstract void TellInternal(object message, IActorRef? sender);

    public bool Equals(IActorRef? other) =>
        ReferenceEquals(this, other)
            || (other is not null && Path.Uid == other.Path.Uid && Path.Equals(other.Path));

    public override bool Equals(object? obj) => ReferenceEquals(this, obj) || (obj is IActorRef other && Equals(other));

    public override int GetHashCode() => Path.Uid != 0 ? Path.Uid.GetHashCode() : Path.GetHashCode();

    public int CompareTo(IActorRef? other)
    {
        if (other is null)
        {
            return 1;
        }

        var byPath = Path.CompareTo(other.Path);
        return byPath != 0 ? byPath : Path.Uid.CompareTo(other.Path.Uid);
    }

    public int CompareTo(object? obj) =>
        obj is null or IActorRef ? CompareTo(obj as IActorRef) : throw new ArgumentException("Object must be of type IActorRef.", nameof(obj));

    public virtual ISurrogate ToSurrogate(ActorSystem system) => new RefSurrogate(this);

    public override string ToString() => Path.Uid == 0 ? $"[{Path}]" : $"[{Path}#{Path.Uid}]";

    private sealed class RefSurrogate(IActorRef actor) : ISurrogate
    {
        public ISurrogated FromSurrogate(ActorSystem system) => actor;
    }
}

/// <summary>A reference to no actor: what is told it is lost.</summary>
public sealed class Nobody : ActorRefBase
{
    /// <summary>The one instance.</summary>
    public static readonly Nobody Instance = new();

    private static readonly ActorPath NobodyPath = new RootActorPath(Address.AllSystems, "/Nobody");

    private Nobody()
    {
    }

    public override ActorPath Path => NobodyPath;

    protected override void TellInternal(object message, IActorRef? sender)
    {
    }
}

/// <summary>References that stand for no actor.</summary>
public static class ActorRefs
{
    /// <summary>A reference to no actor.</summary>
    public static readonly Nobody Nobody = Nobody.Instance;

    /// <summary>No sender: null.</summary>
    public static readonly IActorRef NoSender = null!;
}

/// <summary>Questions about references.</summary>
public static class ActorRefExtensions
{
    /// <summary>Whether the reference is null or <see cref="ActorRefs.Nobody"/>.</summary>
    public static bool IsNobody(this IActorRef? actorRef) => actorRef is null or Nobody;

    /// <summary>The reference itself, or another if it stands for nobody.</summary>
    public static IActorRef GetOrElse(this IActorRef? actorRef, Func<IActorRef> elseValue) =>
        actorRef.IsNobody() ? elseValue() : actorRef!;
}

/// <summary>Sending in the name of the actor that is running.</summary>
public static class ActorRefImplicitSenderExtensions
{
    /// <summary>Tells with the running actor as the sender, or with no sender outside of an actor.</summary>
    public static void Tell(this IActorRef receiver, object message)
    {
        if (receiver is LocalRef local && RuntimeThread.Mine is { Current: { } speaker } thread)
        {
            local.Tell(message, speaker.SelfRef, thread);
            return;
        }

        receiver.Tell(message, ActorCell.Speaker?.Self);
    }

    /// <summary>Passes a message on: its sender stays who sent it to the running actor.</summary>
    public static void Forward(this IActorRef receiver, object message) =>
        receiver.Tell(message, ActorCell.Speaker?.Sender);
}
