using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Dispatch;
using Akka.Event;
using Microsoft.Extensions.Logging;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace Akka.Hosting.Logging;

/// <summary>Which logger factory <see cref="LoggerFactoryLogger"/> writes to.</summary>
public class LoggerFactorySetup(ILoggerFactory loggerFactory) : Setup
{
    public ILoggerFactory LoggerFactory { get; } = loggerFactory;
}

/// <summary>Writes log events to a logger factory, under the category <c>Akka.Actor.ActorSystem</c>.</summary>
public class LoggerFactoryLogger : ActorBase, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private readonly ILogger _logger;

    public LoggerFactoryLogger()
    {
        var setup = Context.System.Settings.Setup.Get<LoggerFactorySetup>();
        _logger = setup.HasValue
            ? setup.Value.LoggerFactory.CreateLogger("Akka.Actor.ActorSystem")
            : throw new InvalidOperationException("LoggerFactoryLogger needs a LoggerFactorySetup among the setups of its system");
    }

    protected override bool Receive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                return true;
            case LogEvent logEvent:
                Log(logEvent, Self.Path);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Writes one event.</summary>
    protected virtual void Log(LogEvent log, ActorPath path)
    {
        var level = LevelOf(log.LogLevel());
        if (_logger.IsEnabled(level))
        {
            _logger.Log(level, log.Cause, "[{LogSource}] {Message}", log.LogSource, log.Message.ToString());
        }
    }

    private static LogLevel LevelOf(Event.LogLevel level) => level switch
    {
        Event.LogLevel.DebugLevel => LogLevel.Debug,
        Event.LogLevel.InfoLevel => LogLevel.Information,
        Event.LogLevel.WarningLevel => LogLevel.Warning,
        _ => LogLevel.Error,
    };
}
