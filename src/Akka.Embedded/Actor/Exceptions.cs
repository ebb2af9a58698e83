namespace Akka.Actor;

/// <summary>Base of the runtime's exceptions.</summary>
public abstract class AkkaException : Exception
{
    protected AkkaException()
    {
    }

    protected AkkaException(string? message, Exception? cause = null)
        : base(message, cause)
    {
    }

    /// <summary>The inner exception.</summary>
    protected Exception? Cause => InnerException;
}

/// <summary>An actor could not be made: its constructor or <c>PreStart</c> threw. By default such an actor is stopped.</summary>
public class ActorInitializationException : AkkaException
{
    public ActorInitializationException()
    {
    }

    public ActorInitializationException(string message)
        : base(message)
    {
    }

    public ActorInitializationException(string message, Exception? cause)
        : base(message, cause)
    {
    }

    public ActorInitializationException(IActorRef? actor, string message, Exception? cause = null)
        : base(message, cause) => Actor = actor;

    /// <summary>Which actor.</summary>
    public IActorRef? Actor { get; set; }

    public override string ToString() => Actor is null ? base.ToString() : $"{Actor}: {base.ToString()}";
}

/// <summary>What a <see cref="Kill"/> makes an actor throw.</summary>
public class ActorKilledException : AkkaException
{
    public ActorKilledException()
    {
    }

    public ActorKilledException(string message)
        : base(message)
    {
    }
}

/// <summary>Thrown by an actor that gets a <see cref="Terminated"/> and does not handle it.</summary>
public class DeathPactException(IActorRef deadActor) : AkkaException($"Monitored actor [{deadActor}] terminated")
{
    /// <summary>Who ended.</summary>
    public IActorRef DeadActor { get; } = deadActor;
}

/// <summary>An actor cannot have this name, or it is taken.</summary>
public class InvalidActorNameException : AkkaException
{
    public InvalidActorNameException(string message)
        : base(message)
    {
    }

    public InvalidActorNameException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A message that cannot be sent, null above all.</summary>
public class InvalidMessageException : AkkaException
{
    public InvalidMessageException()
    {
    }

    public InvalidMessageException(string message)
        : base(message)
    {
    }
}

/// <summary>Something was done to an actor in a state that does not allow it.</summary>
public class IllegalActorStateException(string message) : AkkaException(message);

/// <summary>A stash is full.</summary>
public class StashOverflowException(string message, Exception? cause = null) : AkkaException(message, cause);

/// <summary>A scheduler was asked for what it cannot do.</summary>
public sealed class SchedulerException(string message) : AkkaException(message);

/// <summary>An actor asked for was not found.</summary>
public class ActorNotFoundException : AkkaException
{
    public ActorNotFoundException()
    {
    }

    public ActorNotFoundException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>No answer came in time.</summary>
public class AskTimeoutException(string message) : AkkaException(message);

/// <summary><c>PreRestart</c> threw.</summary>
public class PreRestartException(IActorRef actor, Exception restartException, Exception cause, object? optionalMessage)
    : ActorInitializationException(
        actor, $"Exception in PreRestart({cause?.GetType().ToString() ?? "null"}, {optionalMessage?.GetType().ToString() ?? "null"})", cause)
{
    /// <summary>What <c>PreRestart</c> threw.</summary>
    public Exception RestartException { get; } = restartException;

    /// <summary>The message that made the actor fail.</summary>
    public object? OptionalMessage { get; } = optionalMessage;
}

/// <summary>The new instance's constructor or <c>PostRestart</c> threw.</summary>
public class PostRestartException(IActorRef actor, Exception cause, Exception originalCause)
    : ActorInitializationException(actor, $"Exception post restart ({originalCause?.GetType().ToString() ?? "null"})", cause)
{
    /// <summary>Why the actor was restarted.</summary>
    public Exception OriginalCause { get; } = originalCause!;
}
