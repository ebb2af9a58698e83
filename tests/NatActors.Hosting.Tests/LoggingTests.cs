using System.Text.Json;
using Akka.Actor;
using Akka.Event;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Core;
using LogEvent = Serilog.Events.LogEvent;

namespace NatActors.Hosting.Tests;

public sealed class LoggingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("natactors-logging-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_actors_log_reaches_serilog_with_its_source()
    {
        var file = Path.Combine(_folder, "log.json");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddSerilog(NodeLogging.Create(new LoggingOptions { Console = "none", File = file, Level = "information" }), dispose: true);
        builder.Services.AddAkka("logged", (akka, provider) => akka
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLoggerFactory(provider.GetRequiredService<ILoggerFactory>());
            })
            .WithNatActors(new NatActorsOptions { Listen = ["/ip4/127.0.0.1/tcp/0"] }));
        using (var host = builder.Build())
        {
            await host.StartAsync();
            var system = host.Services.GetRequiredService<ActorSystem>();
            Logging.GetLogger(system, "the-test").Warning("seven is {0}", 7);
            Logging.GetLogger(system, "the-test").Debug("nobody wants to know");
            await host.StopAsync();
        }

        var written = await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(_folder)));
        var line = Assert.Single(written.Split('\n'), l => l.Contains("seven is 7", StringComparison.Ordinal));
        Assert.Equal("Warning", JsonDocument.Parse(line).RootElement.GetProperty("Level").GetString());
        Assert.Contains("the-test", line);
        Assert.DoesNotContain("nobody wants to know", written);
    }

    [Theory]
    [InlineData("text", true)]
    [InlineData("json", true)]
    [InlineData("none", false)]
    public void A_screen_takes_the_place_of_the_console(string console, bool shown)
    {
        var screen = new Screen();
        using var logger = NodeLogging.Create(new LoggingOptions { Console = console, Level = "warning" }, screen);
        logger.Warning("look");
        logger.Information("no need to look");

        Assert.Equal(shown ? ["look"] : [], screen.Lines);
    }

    private sealed class Screen : ILogEventSink
    {
        public List<string> Lines { get; } = [];

        public void Emit(LogEvent logEvent) => Lines.Add(logEvent.RenderMessage());
    }
}
