using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Akka.Contract.Tests;

public sealed class HostingTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    private sealed class EchoKey;

    private sealed class MissingKey;

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }

    private sealed class UsesEcho(IRequiredActor<EchoKey> echo)
    {
        public Task<string> Ask(string text) => echo.ActorRef.Ask<string>(text, Generous);
    }

    private sealed class OwnSetup(string text) : Setup
    {
        public string Text { get; } = text;
    }

    private sealed class Lines : ILoggerProvider, ILogger
    {
        private readonly TaskCompletionSource<string> _found = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Found => _found.Task;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = $"{logLevel}: {formatter(state, exception)}";
            if (line.Contains("find me", StringComparison.Ordinal))
            {
                _found.TrySetResult(line);
            }
        }

        public void Dispose()
        {
        }
    }

    private static IHost HostOf(Action<AkkaConfigurationBuilder> configure, Action<IServiceCollection>? services = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        services?.Invoke(builder.Services);
        builder.Services.AddAkka("hosted", configure);
        return builder.Build();
    }

    [Fact]
    public async Task Actors_start_with_the_host_and_the_system_ends_with_it()
    {
        List<string> order = [];
        using var host = HostOf(
            akka => akka
                .WithActors((system, registry) =>
                {
                    order.Add("actors");
                    registry.Register<EchoKey>(system.ActorOf(Props.Create(typeof(Echo)), "echo"));
                })
                .AddStartup((system, registry) => order.Add(registry.TryGet<EchoKey>(out _) ? "startup" : "too early")),
            services => services.AddSingleton<UsesEcho>());
        await host.StartAsync();
        Assert.Equal(["actors", "startup"], order);
        Assert.Equal("hi", await host.Services.GetRequiredService<UsesEcho>().Ask("hi"));
        var system = host.Services.GetRequiredService<ActorSystem>();
        Assert.Equal("hosted", system.Name);
        await host.StopAsync();
        await system.WhenTerminated.WaitAsync(Generous);
    }

    [Fact]
    public async Task The_host_stops_when_the_system_ends()
    {
        using var host = HostOf(_ => { });
        await host.StartAsync();
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        await host.Services.GetRequiredService<ActorSystem>().Terminate().WaitAsync(Generous);
        await stopping.Task.WaitAsync(Generous);
    }

    [Fact]
    public async Task The_registry_finds_refuses_doubles_and_waits()
    {
        using var host = HostOf(_ => { });
        await host.StartAsync();
        var system = host.Services.GetRequiredService<ActorSystem>();
        var registry = ActorRegistry.For(system);
        Assert.Same(registry, host.Services.GetRequiredService<ActorRegistry>());
        var first = system.ActorOf(Props.Create(typeof(Echo)));
        var waiting = registry.GetAsync<EchoKey>();
        Assert.Throws<MissingActorRegistryEntryException>(() => registry.Get<EchoKey>());
        registry.Register<EchoKey>(first);
        Assert.Equal(first, await waiting.WaitAsync(Generous));
        Assert.Equal(first, registry.Get<EchoKey>());
        var second = system.ActorOf(Props.Create(typeof(Echo)));
        Assert.Throws<DuplicateActorRegistryException>(() => registry.Register<EchoKey>(second));
        Assert.False(registry.TryRegister<EchoKey>(second));
        registry.Register<EchoKey>(second, overwrite: true);
        Assert.Equal(second, registry.Get<EchoKey>());
        Assert.False(registry.TryGet<MissingKey>(out _));
        await host.StopAsync();
    }

    [Fact]
    public async Task Setups_reach_the_system_and_the_provider_is_at_hand()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(new OwnSetup("from services"));
        builder.Services.AddAkka("hosted", (akka, provider) => akka.AddSetup(provider.GetRequiredService<OwnSetup>()));
        using var host = builder.Build();
        await host.StartAsync();
        var system = host.Services.GetRequiredService<ActorSystem>();
        Assert.Equal("from services", system.Settings.Setup.Get<OwnSetup>().Value.Text);
        await host.StopAsync();
    }

    [Fact]
    public async Task Log_events_reach_the_hosts_logger_factory()
    {
        var lines = new Lines();
        using var host = HostOf(
            akka => akka.ConfigureLoggers(loggers =>
            {
                loggers.LogLevel = Event.LogLevel.DebugLevel;
                loggers.ClearLoggers();
                loggers.AddLoggerFactory();
            }),
            services => services.AddSingleton<ILoggerProvider>(lines));
        await host.StartAsync();
        Event.LoggingExtensions.Warning(host.Services.GetRequiredService<ActorSystem>().Log, "please {0}", "find me");
        Assert.StartsWith("Warning: ", await lines.Found.WaitAsync(Generous), StringComparison.Ordinal);
        await host.StopAsync();
    }

    [Fact]
    public async Task Tasks_of_the_coordinated_shutdown_run_when_the_host_stops()
    {
        var ran = false;
        using var host = HostOf(akka => akka.AddStartup((system, _) => CoordinatedShutdown.Get(system).AddTask(
            CoordinatedShutdown.PhaseBeforeServiceUnbind, "mine", () =>
            {
                ran = true;
                return Task.FromResult(Done.Instance);
            })));
        await host.StartAsync();
        await host.StopAsync();
        Assert.True(ran);
    }
}
