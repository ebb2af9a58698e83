using Akka.Configuration;
using Akka.Util;

namespace Akka.Actor;

/// <summary>Which actors a system can reach; the embedded runtime knows local ones only.</summary>
public abstract class ProviderSelection
{
    private protected ProviderSelection()
    {
    }

    /// <summary>Actors of this process.</summary>
    public sealed class Local : ProviderSelection
    {
        /// <summary>The one instance.</summary>
        public static readonly Local Instance = new();

        private Local()
        {
        }
    }
}

/// <summary>Configuration of a system as a <see cref="Setup.Setup"/>.</summary>
public sealed class BootstrapSetup : Setup.Setup
{
    private BootstrapSetup(Option<Config> config, Option<ProviderSelection> provider)
    {
        Config = config;
        ActorRefProvider = provider;
    }

    public Option<Config> Config { get; }

    public Option<ProviderSelection> ActorRefProvider { get; }

    public static BootstrapSetup Create() => new(Option<Config>.None, Option<ProviderSelection>.None);

    public BootstrapSetup WithConfig(Config config) => new(config, ActorRefProvider);

    /// <summary>Adds a configuration that counts where the present one is silent.</summary>
    public BootstrapSetup WithConfigFallback(Config config) =>
        new(Config.HasValue ? Config.Value.WithFallback(config) : config, ActorRefProvider);

    public BootstrapSetup WithActorRefProvider(ProviderSelection name) => new(Config, name);
}
