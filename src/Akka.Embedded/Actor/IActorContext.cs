namespace Akka.Actor;

/// <summary>Makes and finds actors.</summary>
public interface IActorRefFactory
{
    /// <summary>Makes an actor; without a name it gets one. Its constructor runs in its own turn.</summary>
    /// <exception cref="InvalidActorNameException">The name is taken or not allowed.</exception>
    IActorRef ActorOf(Props props, string? name = null);

    ActorSelection ActorSelection(ActorPath actorPath);

    ActorSelection ActorSelection(string actorPath);
}

/// <summary>Learns of the end of other actors.</summary>
public interface ICanWatch
{
    /// <summary>A <see cref="Terminated"/> comes when <paramref name="subject"/> ends.</summary>
    IActorRef Watch(IActorRef subject);

    /// <summary><paramref name="message"/> comes when <paramref name="subject"/> ends.</summary>
    IActorRef WatchWith(IActorRef subject, object message);

    /// <summary>Takes back a watch: nothing comes any more.</summary>
    IActorRef Unwatch(IActorRef subject);
}

/// <summary>What an actor can do while it runs.</summary>
public interface IActorContext : IActorRefFactory, ICanWatch
{
    IActorRef Self { get; }

    Props Props { get; }

    /// <summary>Who sent the message being handled; dead letters when nobody did.</summary>
    IActorRef Sender { get; }

    ActorSystem System { get; }

    IActorRef Parent { get; }

    TimeSpan? ReceiveTimeout { get; }

    /// <summary>The child of this name, or <see cref="ActorRefs.Nobody"/>.</summary>
    IActorRef Child(string name);

    IEnumerable<IActorRef> GetChildren();

    void Become(Receive receive);

    void BecomeStacked(Receive receive);

    void UnbecomeStacked();

    void SetReceiveTimeout(TimeSpan? timeout);

    /// <summary>Stops an actor after the message it is handling.</summary>
    void Stop(IActorRef child);
}

/// <summary>The context of an <see cref="UntypedActor"/>.</summary>
public interface IUntypedActorContext : IActorContext
{
    void Become(UntypedReceive receive);

    void BecomeStacked(UntypedReceive receive);
}
