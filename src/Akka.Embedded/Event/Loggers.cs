using Akka.Actor;
using Akka.Dispatch;

namespace Akka.Event;

/// <summary>The first message of a logger: it can subscribe, and answers <see cref="LoggerInitialized"/>.</summary>
public class InitializeLogger(LoggingBus loggingBus) : INoSerializationVerificationNeeded
{
    public LoggingBus LoggingBus { get; } = loggingBus;
}

/// <summary>A logger is ready.</summary>
public class LoggerInitialized : INoSerializationVerificationNeeded;

/// <summary>The kind of mailbox that loggers have.</summary>
public interface ILoggerMessageQueueSemantics : ISemantics;

/// <summary>Writes log events to standard output.</summary>
public class DefaultLogger : ActorBase, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    protected override bool Receive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                return true;
            case LogEvent logEvent:
                Print(logEvent);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Writes one event.</summary>
    protected virtual void Print(LogEvent logEvent) => Console.Out.WriteLine(logEvent);
}

/// <summary>Reports the first dead letters, so that a lost message does not go unseen.</summary>
internal sealed class DeadLetterReporter(int limit) : UntypedActor
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private int _count;

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(DeadLetter));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        if (message is not DeadLetter letter)
        {
            return;
        }

        _count++;
        _log.Info(
            "Message [{0}] from {1} to {2} was not delivered. [{3}] dead letters encountered{4}.",
            letter.Message.GetType().Name,
            letter.Sender,
            letter.Recipient,
            _count,
            _count == limit ? ", no more dead letters will be logged" : string.Empty);
        if (_count == limit)
        {
            Context.Stop(Self);
        }
    }
}
