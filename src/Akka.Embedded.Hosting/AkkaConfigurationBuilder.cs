using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Util;
using Microsoft.Extensions.DependencyInjection;

namespace Akka.Hosting;

/// <summary>Starts actors once the system runs.</summary>
public delegate Task ActorStarter(ActorSystem system, IActorRegistry registry);

/// <summary>Runs once the actors are started.</summary>
public delegate Task StartupTask(ActorSystem system, IActorRegistry registry);

/// <summary>Where a configuration goes among those already there.</summary>
public enum HoconAddMode
{
    /// <summary>It counts before the others.</summary>
    Prepend,

    /// <summary>It counts where the others are silent.</summary>
    Append,

    /// <summary>It takes their place.</summary>
    Replace,
}

/// <summary>Puts a system together for a host.</summary>
public sealed class AkkaConfigurationBuilder
{
    private readonly Lock _lock = new();
    private readonly List<ActorStarter> _starters = [];
    private readonly List<StartupTask> _startups = [];
    private readonly HashSet<Type> _extensions = [];
    private readonly string _systemName;
    private ActorSystem? _system;

    public AkkaConfigurationBuilder(IServiceCollection serviceCollection, string actorSystemName)
    {
        ServiceCollection = serviceCollection;
        _systemName = actorSystemName;
    }

    /// <summary>Passed to the system when it is made.</summary>
    public readonly HashSet<Setup> Setups = [];

    public Option<Config> Configuration { get; private set; } = Option<Config>.None;

    internal IServiceCollection ServiceCollection { get; }

    /// <summary>Starts actors, in the order of these calls.</summary>
    public AkkaConfigurationBuilder StartActors(Action<ActorSystem, IActorRegistry> starter) => StartActors((system, registry) =>
    {
        starter(system, registry);
        return Task.CompletedTask;
    });

    public AkkaConfigurationBuilder StartActors(ActorStarter starter)
    {
        _starters.Add(starter);
        return this;
    }

    /// <summary>Runs after all actors are started, in the order of these calls.</summary>
    public AkkaConfigurationBuilder AddStartup(Action<ActorSystem, IActorRegistry> startupTask) => AddStartup((system, registry) =>
    {
        startupTask(system, registry);
        return Task.CompletedTask;
    });

    public AkkaConfigurationBuilder AddStartup(StartupTask startupTask)
    {
        _startups.Add(startupTask);
        return this;
    }

    /// <summary>Makes the extensions of these ids when the system starts.</summary>
    public AkkaConfigurationBuilder WithExtensions(params Type[] extensions)
    {
        _extensions.UnionWith(extensions);
        return this;
    }

    public AkkaConfigurationBuilder WithExtension<T>()
        where T : IExtensionId, new() => WithExtensions(typeof(T));

    internal AkkaConfigurationBuilder AddConfiguration(Config config, HoconAddMode mode)
    {
        Configuration = mode switch
        {
            HoconAddMode.Prepend when Configuration.HasValue => config.WithFallback(Configuration.Value),
            HoconAddMode.Append when Configuration.HasValue => Configuration.Value.WithFallback(config),
            _ => config,
        };
        return this;
    }

    /// <summary>The system: made on the first call.</summary>
    internal ActorSystem Build()
    {
        lock (_lock)
        {
            if (_system is null)
            {
                var bootstrap = BootstrapSetup.Create().WithConfig(Configuration.GetOrElse(Config.Empty));
                _system = ActorSystem.Create(_systemName, ActorSystemSetup.Create([.. Setups, bootstrap]));
            }

            return _system;
        }
    }

    internal async Task StartAsync(ActorSystem system)
    {
        foreach (var type in _extensions)
        {
            system.RegisterExtension((IExtensionId)Activator.CreateInstance(type)!);
        }

        var registry = ActorRegistry.For(system);
        foreach (var starter in _starters)
        {
            await starter(system, registry).ConfigureAwait(false);
        }

        foreach (var startup in _startups)
        {
            await startup(system, registry).ConfigureAwait(false);
        }
    }
}
