using Akka.Actor;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NatActors.Cli.Output;
using NatActors.Hosting;
using NatActors.Node;
using Serilog;
using Serilog.Core;
using Serilog.Extensions.Logging;

namespace NatActors.Cli;

/// <summary>A running node inside a .NET host, as an application would embed it; ended by SIGTERM, Ctrl-C, or disposal.</summary>
public sealed class NodeSession : IAsyncDisposable
{
    /// <summary>The host may take this long to stop; the node itself takes at most 1.5 s.</summary>
    public static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(1.9);

    // They log a failed start with its stack; it comes as an exception too, which the command tells in one line.
    private static readonly string[] ReportedElsewhere = ["Akka.Hosting", "Microsoft.Extensions.Hosting"];

    // What is logged before the loggers have started and after they have ended would be printed there.
    private const string NothingOnStandardOutput = "akka.stdout-loglevel = OFF";

    private readonly IHost _host;
    private readonly Signals _signals;
    private readonly CancellationTokenSource _stopping;

    private NodeSession(IHost host, INatNode node, Signals signals)
    {
        _host = host;
        _signals = signals;
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(
            signals.Token, host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        Node = node;
    }

    /// <summary>The node.</summary>
    public INatNode Node { get; }

    /// <summary>Cancelled when the process was asked to end, or the node ended by itself.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Starts the node; returns when it listens.</summary>
    /// <exception cref="Exception">See <see cref="ExitCodes.For"/>.</exception>
    public static async Task<NodeSession> StartAsync(ConfiguredOptions configured, IEventOutput output, CancellationToken cancellationToken)
    {
        var options = configured.Checked();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "natactors" });
        builder.Logging.AddSerilog(NodeLogging.Create(options.Logging, output as ILogEventSink), dispose: true);
        foreach (var category in ReportedElsewhere)
        {
            builder.Logging.AddFilter<SerilogLoggerProvider>(category, LogLevel.None);
        }

        builder.Services.AddSingleton<IHostLifetime, EndedByTheCommand>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = StopTimeout);
        builder.Services.AddAkka("natactors", (akka, provider) => akka
            .ConfigureLoggers(loggers =>
            {
                loggers.ClearLoggers();
                loggers.AddLoggerFactory(provider.GetRequiredService<ILoggerFactory>());
            })
            .AddHocon(NothingOnStandardOutput, HoconAddMode.Prepend)
            .WithNatActors(options, observer: output));
        var host = builder.Build();
        var signals = Signals.ThatEnd();
        try
        {
            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, signals.Token);
            await StartInSilence(host, ended.Token);
            var node = await NatActorsExtension.For(host.Services.GetRequiredService<ActorSystem>()).Node.WaitAsync(ended.Token);
            return new NodeSession(host, node, signals);
        }
        catch
        {
            signals.Dispose();
            await Dispose(host);
            throw;
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _host.StopAsync(CancellationToken.None);
        }
        finally
        {
            await Dispose(_host);
            _stopping.Dispose();
            _signals.Dispose();
        }
    }

    // The service that starts the actor system prints why a start failed, with its stack, on standard output.
    // That belongs to what was asked for; the failure comes as an exception.
    private static async Task StartInSilence(IHost host, CancellationToken cancellationToken)
    {
        var standardOutput = Console.Out;
        Console.SetOut(TextWriter.Null);
        try
        {
            await host.StartAsync(cancellationToken);
        }
        finally
        {
            Console.SetOut(standardOutput);
        }
    }

    private static async ValueTask Dispose(IHost host)
    {
        if (host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
        else
        {
            host.Dispose();
        }
    }

    /// <summary>The console lifetime of the stock host would hold the process for the whole stop time after everything has ended.</summary>
    private sealed class EndedByTheCommand : IHostLifetime
    {
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
