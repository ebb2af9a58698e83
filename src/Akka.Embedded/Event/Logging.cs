using Akka.Actor;

namespace Akka.Event;

/// <summary>Writes to the log.</summary>
public interface ILoggingAdapter
{
    ILogMessageFormatter Formatter { get; }

    bool IsDebugEnabled { get; }

    bool IsInfoEnabled { get; }

    bool IsWarningEnabled { get; }

    bool IsErrorEnabled { get; }

    bool IsEnabled(LogLevel logLevel);

    void Log(LogLevel logLevel, Exception? cause, LogMessage message);

    void Log(LogLevel logLevel, Exception? cause, string format);
}

/// <summary>Base of adapters: what is enabled is passed to <see cref="NotifyLog"/>.</summary>
public abstract class LoggingAdapterBase : ILoggingAdapter
{
    protected LoggingAdapterBase(ILogMessageFormatter logMessageFormatter)
    {
        ArgumentNullException.ThrowIfNull(logMessageFormatter);
        Formatter = logMessageFormatter;
    }

    public ILogMessageFormatter Formatter { get; }

    public abstract bool IsDebugEnabled { get; }

    public abstract bool IsInfoEnabled { get; }

    public abstract bool IsWarningEnabled { get; }

    public abstract bool IsErrorEnabled { get; }

    public bool IsEnabled(LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => IsDebugEnabled,
        LogLevel.InfoLevel => IsInfoEnabled,
        LogLevel.WarningLevel => IsWarningEnabled,
        LogLevel.ErrorLevel => IsErrorEnabled,
        _ => throw new NotSupportedException($"Unknown LogLevel {logLevel}"),
    };

    public void Log(LogLevel logLevel, Exception? cause, LogMessage message)
    {
        if (IsEnabled(logLevel))
        {
            NotifyLog(logLevel, message, cause);
        }
    }

    public void Log(LogLevel logLevel, Exception? cause, string format)
    {
        if (IsEnabled(logLevel))
        {
            NotifyLog(logLevel, format, cause);
        }
    }

    /// <summary>Writes what is enabled.</summary>
    protected abstract void NotifyLog(LogLevel logLevel, object message, Exception? cause = null);
}

/// <summary>Publishes on a bus.</summary>
public sealed class BusLogging : LoggingAdapterBase
{
    public BusLogging(LoggingBus bus, string logSource, Type logClass, ILogMessageFormatter logMessageFormatter)
        : base(logMessageFormatter) => (Bus, LogSource, LogClass) = (bus, logSource, logClass);

    public LoggingBus Bus { get; }

    public string LogSource { get; }

    public Type LogClass { get; }

    public override bool IsDebugEnabled => Bus.LogLevel <= LogLevel.DebugLevel;

    public override bool IsInfoEnabled => Bus.LogLevel <= LogLevel.InfoLevel;

    public override bool IsWarningEnabled => Bus.LogLevel <= LogLevel.WarningLevel;

    public override bool IsErrorEnabled => Bus.LogLevel <= LogLevel.ErrorLevel;

    protected override void NotifyLog(LogLevel logLevel, object message, Exception? cause = null) => Bus.Publish(logLevel switch
    {
        LogLevel.DebugLevel => new Debug(cause, LogSource, LogClass, message),
        LogLevel.InfoLevel => new Info(cause, LogSource, LogClass, message),
        LogLevel.WarningLevel => new Warning(cause, LogSource, LogClass, message),
        _ => (object)new Error(cause, LogSource, LogClass, message),
    });
}

/// <summary>Writes nothing.</summary>
public sealed class NoLogger : ILoggingAdapter
{
    /// <summary>The one instance.</summary>
    public static readonly ILoggingAdapter Instance = new NoLogger();

    private NoLogger()
    {
    }

    public ILogMessageFormatter Formatter => DefaultLogMessageFormatter.Instance;

    public bool IsDebugEnabled => false;

    public bool IsInfoEnabled => false;

    public bool IsWarningEnabled => false;

    public bool IsErrorEnabled => false;

    public bool IsEnabled(LogLevel logLevel) => false;

    public void Log(LogLevel logLevel, Exception? cause, LogMessage message)
    {
    }

    public void Log(LogLevel logLevel, Exception? cause, string format)
    {
    }
}

/// <summary>Makes adapters.</summary>
public static class Logging
{
    /// <summary>An adapter for an actor.</summary>
    public static ILoggingAdapter GetLogger(this IActorContext context, ILogMessageFormatter? logMessageFormatter = null)
    {
        var type = (context as ActorCell)?.Actor?.GetType() ?? context.Props.Type;
        return new BusLogging(
            context.System.EventStream, context.Self.Path.ToString(), type, logMessageFormatter ?? DefaultLogMessageFormatter.Instance);
    }

    /// <summary>An adapter for anything else: a string, a type, a reference or an object.</summary>
    public static ILoggingAdapter GetLogger(
        ActorSystem system, object logSourceObj, ILogMessageFormatter? logMessageFormatter = null)
    {
        var (source, type) = SourceOf(logSourceObj);
        return new BusLogging(
            system.EventStream, $"{source}({system.Name})", type, logMessageFormatter ?? DefaultLogMessageFormatter.Instance);
    }

    public static ILoggingAdapter GetLogger(
        LoggingBus loggingBus, object logSourceObj, ILogMessageFormatter? logMessageFormatter = null)
    {
        var (source, type) = SourceOf(logSourceObj);
        return new BusLogging(loggingBus, source, type, logMessageFormatter ?? DefaultLogMessageFormatter.Instance);
    }

    /// <summary>The class that events of a level have.</summary>
    public static Type ClassFor(this LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => typeof(Debug),
        LogLevel.InfoLevel => typeof(Info),
        LogLevel.WarningLevel => typeof(Warning),
        LogLevel.ErrorLevel => typeof(Error),
        _ => throw new ArgumentException("Unknown LogLevel", nameof(logLevel)),
    };

    public static string StringFor(this LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => "DEBUG",
        LogLevel.InfoLevel => "INFO",
        LogLevel.WarningLevel => "WARNING",
        LogLevel.ErrorLevel => "ERROR",
        _ => throw new ArgumentException("Unknown LogLevel", nameof(logLevel)),
    };

    /// <summary>A level by its name; OFF is above all levels.</summary>
    public static LogLevel LogLevelFor(string logLevel) => logLevel.ToUpperInvariant() switch
    {
        "DEBUG" => LogLevel.DebugLevel,
        "INFO" => LogLevel.InfoLevel,
        "WARNING" => LogLevel.WarningLevel,
        "ERROR" => LogLevel.ErrorLevel,
        "OFF" => (LogLevel)int.MaxValue,
        _ => throw new ArgumentException($@"Unknown LogLevel: ""{logLevel}"".", nameof(logLevel)),
    };

    public static LogLevel LogLevelFor<T>()
        where T : LogEvent => typeof(T) == typeof(Debug) ? LogLevel.DebugLevel
            : typeof(T) == typeof(Info) ? LogLevel.InfoLevel
            : typeof(T) == typeof(Warning) ? LogLevel.WarningLevel
            : typeof(T) == typeof(Error) ? LogLevel.ErrorLevel
            : throw new ArgumentException($"Unknown LogEvent type: {typeof(T)}");

    private static (string Source, Type Type) SourceOf(object source) => source switch
    {
        string text => (text, typeof(string)),
        Type type => (type.Name, type),
        IActorRef actor => (actor.Path.ToString(), actor.GetType()),
        _ => (source.GetType().Name, source.GetType()),
    };
}
