using Akka.Actor;

namespace Akka.Event;

/// <summary>How severe a log event is.</summary>
public enum LogLevel
{
    DebugLevel,
    InfoLevel,
    WarningLevel,
    ErrorLevel,
}

/// <summary>A line of the log, published on the event stream.</summary>
public abstract class LogEvent : INoSerializationVerificationNeeded
{
    protected LogEvent()
    {
        Timestamp = DateTime.UtcNow;
        Thread = Thread.CurrentThread;
    }

    public Exception? Cause { get; protected set; }

    public DateTime Timestamp { get; private set; }

    public Thread Thread { get; private set; }

    /// <summary>Who logged, as text.</summary>
    public string LogSource { get; protected set; } = string.Empty;

    /// <summary>Who logged, as a type.</summary>
    public Type LogClass { get; protected set; } = typeof(object);

    /// <summary>A string or a <see cref="LogMessage"/>.</summary>
    public object Message { get; protected set; } = string.Empty;

    public abstract LogLevel LogLevel();

    public override string ToString() => Cause is null
        ? $"[{LogLevel().ToString().Replace("Level", string.Empty).ToUpperInvariant()}][{Timestamp:O}][Thread {Thread.ManagedThreadId:0000}][{LogSource}] {Message}"
        : $"[{LogLevel().ToString().Replace("Level", string.Empty).ToUpperInvariant()}][{Timestamp:O}][Thread {Thread.ManagedThreadId:0000}][{LogSource}] {Message}{Environment.NewLine}Cause: {Cause}";
}

/// <summary>Something only a developer wants to know.</summary>
public class Debug : LogEvent
{
    public Debug(string logSource, Type logClass, object message)
        : this(null, logSource, logClass, message)
    {
    }

    public Debug(Exception? cause, string logSource, Type logClass, object message) =>
        (Cause, LogSource, LogClass, Message) = (cause, logSource, logClass, message);

    public override LogLevel LogLevel() => Event.LogLevel.DebugLevel;
}

/// <summary>Something worth knowing.</summary>
public class Info : LogEvent
{
    public Info(string logSource, Type logClass, object message)
        : this(null, logSource, logClass, message)
    {
    }

    public Info(Exception? cause, string logSource, Type logClass, object message) =>
        (Cause, LogSource, LogClass, Message) = (cause, logSource, logClass, message);

    public override LogLevel LogLevel() => Event.LogLevel.InfoLevel;
}

/// <summary>Something that may need care.</summary>
public class Warning : LogEvent
{
    public Warning(string logSource, Type logClass, object message)
        : this(null, logSource, logClass, message)
    {
    }

    public Warning(Exception? cause, string logSource, Type logClass, object message) =>
        (Cause, LogSource, LogClass, Message) = (cause, logSource, logClass, message);

    public override LogLevel LogLevel() => Event.LogLevel.WarningLevel;
}

/// <summary>Something that failed.</summary>
public class Error : LogEvent
{
    public Error(Exception? cause, string logSource, Type logClass, object message) =>
        (Cause, LogSource, LogClass, Message) = (cause, logSource, logClass, message);

    public override LogLevel LogLevel() => Event.LogLevel.ErrorLevel;
}

/// <summary>A format and what goes into it; put together only when somebody reads it.</summary>
public abstract class LogMessage
{
    protected readonly ILogMessageFormatter Formatter;

    protected LogMessage(ILogMessageFormatter formatter, string format)
    {
        Formatter = formatter;
        Format = format;
    }

    public string Format { get; private set; }

    /// <summary>Format and parameters, not put together.</summary>
    public abstract string Unformatted();

    public abstract IEnumerable<object> Parameters();
}

/// <summary>Puts formats and parameters together.</summary>
public interface ILogMessageFormatter
{
    string Format(string format, params object[] args);

    string Format(string format, IEnumerable<object> args);
}

/// <summary>Formats as <see cref="string.Format(string, object[])"/> does.</summary>
public class DefaultLogMessageFormatter : ILogMessageFormatter
{
    /// <summary>The one instance.</summary>
    public static readonly DefaultLogMessageFormatter Instance = new();

    private DefaultLogMessageFormatter()
    {
    }

    public string Format(string format, params object[] args) => string.Format(format, args);

    public string Format(string format, IEnumerable<object> args) => string.Format(format, args.ToArray());
}

/// <summary>A log message of an array.</summary>
internal sealed class FormattedMessage(ILogMessageFormatter formatter, string format, object[] args) : LogMessage(formatter, format)
{
    public override string Unformatted() => $"{Format} [{string.Join(", ", args)}]";

    public override IEnumerable<object> Parameters() => args;

    public override string ToString() => Formatter.Format(Format, args);
}
