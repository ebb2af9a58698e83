using Akka.Actor;

namespace Akka.Event;

/// <summary>A message that nobody got.</summary>
public abstract class AllDeadLetters(object message, IActorRef sender, IActorRef recipient)
{
    public object Message { get; } = message;

    public IActorRef Sender { get; } = sender;

    /// <summary>Whom it was for.</summary>
    public IActorRef Recipient { get; } = recipient;

    public override string ToString() => $"{GetType().Name} from {Sender} to {Recipient}: <{Message}>";
}

/// <summary>A message for an actor that had ended.</summary>
public sealed class DeadLetter(object message, IActorRef sender, IActorRef recipient) : AllDeadLetters(message, sender, recipient);

/// <summary>A dead letter that is of no interest.</summary>
public sealed class SuppressedDeadLetter(IDeadLetterSuppression message, IActorRef sender, IActorRef recipient)
    : AllDeadLetters(message, sender, recipient);

/// <summary>Marks messages that may get lost without a word.</summary>
public interface IDeadLetterSuppression;

/// <summary>A message that its actor did not know.</summary>
public sealed class UnhandledMessage(object message, IActorRef sender, IActorRef recipient)
    : AllDeadLetters(message, sender, recipient);
