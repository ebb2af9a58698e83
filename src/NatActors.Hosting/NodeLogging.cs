using System.Globalization;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Display;
using Serilog.Formatting.Json;

namespace NatActors.Hosting;

/// <summary>Makes the Serilog logger that <see cref="LoggingOptions"/> describe. Logs are for people; events are something else.</summary>
public static class NodeLogging
{
    /// <summary>Days of log files that are kept.</summary>
    public const int KeptFiles = 7;

    private static readonly MessageTemplateTextFormatter Line = new("{Timestamp:HH:mm:ss}  {Level}: {Message:lj}", CultureInfo.InvariantCulture);

    /// <summary>The logger. The console is standard error, so that standard output stays for what was asked for.</summary>
    /// <param name="options">Where logs go.</param>
    /// <param name="instead">Where a screen is drawn on, it shows the log in place of the console. Null for none.</param>
    public static Logger Create(LoggingOptions options, ILogEventSink? instead = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var configuration = new LoggerConfiguration()
            .MinimumLevel.Is(Enum.Parse<LogEventLevel>(options.Level, ignoreCase: true))
            .Enrich.FromLogContext();
        configuration = options.Console switch
        {
            "json" or "text" when instead is not null => configuration.WriteTo.Sink(instead),
            "json" => configuration.WriteTo.Console(new JsonFormatter(renderMessage: true), standardErrorFromLevel: LogEventLevel.Verbose),
            "text" => configuration.WriteTo.Console(
                outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}",
                formatProvider: CultureInfo.InvariantCulture,
                standardErrorFromLevel: LogEventLevel.Verbose),
            _ => configuration,
        };
        if (options.File is { Length: > 0 } file)
        {
            configuration = configuration.WriteTo.File(
                new JsonFormatter(renderMessage: true),
                file,
                rollingInterval: RollingInterval.Day,
                retainedFileCountLimit: KeptFiles);
        }

        return configuration.CreateLogger();
    }

    /// <summary>A log event as one line for a screen: the time, the level, the message without quotes.</summary>
    public static string OneLine(LogEvent logEvent)
    {
        using var line = new StringWriter(CultureInfo.InvariantCulture);
        Line.Format(logEvent, line);
        return line.ToString();
    }
}
