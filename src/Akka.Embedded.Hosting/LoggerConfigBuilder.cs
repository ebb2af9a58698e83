using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using Akka.Hosting.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using LogLevel = Akka.Event.LogLevel;

namespace Akka.Hosting;

/// <summary>Which loggers a system has, and from which level on.</summary>
public sealed class LoggerConfigBuilder
{
    private readonly List<Type> _loggers = [typeof(DefaultLogger)];

    internal LoggerConfigBuilder(AkkaConfigurationBuilder builder) => Builder = builder;

    public LogLevel LogLevel { get; set; } = LogLevel.InfoLevel;

    internal AkkaConfigurationBuilder Builder { get; }

    /// <summary>The loggers of the service provider are asked for when the system is made.</summary>
    internal bool WantsLoggerFactory { get; set; }

    /// <summary>Drops all loggers, the default one too.</summary>
    public LoggerConfigBuilder ClearLoggers()
    {
        _loggers.Clear();
        return this;
    }

    /// <summary>Adds an actor that log events are sent to.</summary>
    public LoggerConfigBuilder AddLogger<T>()
        where T : IRequiresMessageQueue<ILoggerMessageQueueSemantics> => Add(typeof(T));

    internal LoggerConfigBuilder Add(Type logger)
    {
        if (!_loggers.Contains(logger))
        {
            _loggers.Add(logger);
        }

        return this;
    }

    internal Config ToConfig() => ConfigurationFactory.ParseString(
        $"""
        akka.loglevel = {LogLevel.StringFor()}
        akka.loggers = [{string.Join(", ", _loggers.Select(type => $"\"{type.FullName}, {type.Assembly.GetName().Name}\""))}]
        """);
}

/// <summary>Configures the loggers of a system.</summary>
public static class LoggingExtensions
{
    public static AkkaConfigurationBuilder ConfigureLoggers(
        this AkkaConfigurationBuilder builder, Action<LoggerConfigBuilder> configurator)
    {
        var loggers = new LoggerConfigBuilder(builder);
        configurator(loggers);
        if (loggers.WantsLoggerFactory && !builder.Setups.OfType<LoggerFactorySetup>().Any())
        {
            builder.Setups.Add(new LoggerFactorySetup(null!));
        }

        return builder.AddConfiguration(loggers.ToConfig(), HoconAddMode.Prepend);
    }

    /// <summary>Adds the logger that writes to standard output.</summary>
    public static LoggerConfigBuilder AddDefaultLogger(this LoggerConfigBuilder builder) => builder.Add(typeof(DefaultLogger));

    /// <summary>Adds a logger that writes to the host's <see cref="ILoggerFactory"/>.</summary>
    public static LoggerConfigBuilder AddLoggerFactory(this LoggerConfigBuilder builder)
    {
        builder.WantsLoggerFactory = true;
        return builder.Add(typeof(LoggerFactoryLogger));
    }

    /// <summary>Adds a logger that writes to <paramref name="loggerFactory"/>.</summary>
    public static LoggerConfigBuilder AddLoggerFactory(this LoggerConfigBuilder builder, ILoggerFactory loggerFactory)
    {
        builder.Builder.Setups.Add(new LoggerFactorySetup(loggerFactory));
        return builder.Add(typeof(LoggerFactoryLogger));
    }

    /// <summary>Puts the host's logger factory where one was asked for.</summary>
    internal static void CompleteLoggers(AkkaConfigurationBuilder builder, IServiceProvider provider)
    {
        if (builder.Setups.RemoveWhere(setup => setup is LoggerFactorySetup { LoggerFactory: null }) > 0)
        {
            builder.Setups.Add(new LoggerFactorySetup(provider.GetRequiredService<ILoggerFactory>()));
        }
    }
}
