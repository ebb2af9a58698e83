using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Akka.Hosting;

/// <summary>Puts an actor system into a host.</summary>
public static class AkkaHostingExtensions
{
    /// <summary>Adds an actor system, its registry, <see cref="IRequiredActor{TActor}"/> and the service that runs it.</summary>
    public static IServiceCollection AddAkka(
        this IServiceCollection services, string actorSystemName, Action<AkkaConfigurationBuilder> builder) =>
        services.AddAkka(actorSystemName, (configuration, _) => builder(configuration));

    /// <summary>The same, with the service provider at hand.</summary>
    public static IServiceCollection AddAkka(
        this IServiceCollection services, string actorSystemName, Action<AkkaConfigurationBuilder, IServiceProvider> builder) =>
        services.AddAkka<AkkaHostedService>(actorSystemName, builder);

    /// <summary>The same, with a service of your own that runs it.</summary>
    public static IServiceCollection AddAkka<T>(
        this IServiceCollection services, string actorSystemName, Action<AkkaConfigurationBuilder, IServiceProvider> builder)
        where T : AkkaHostedService
    {
        if (services.Any(service => service.ServiceType == typeof(AkkaConfigurationBuilder)))
        {
            throw new InvalidOperationException("AddAkka can be called only once for a host");
        }

        services.AddSingleton(provider =>
        {
            var configuration = new AkkaConfigurationBuilder(services, actorSystemName);
            builder(configuration, provider);
            LoggingExtensions.CompleteLoggers(configuration, provider);
            return configuration;
        });
        services.AddSingleton(provider => provider.GetRequiredService<AkkaConfigurationBuilder>().Build());
        services.AddSingleton(provider => ActorRegistry.For(provider.GetRequiredService<ActorSystem>()));
        services.AddSingleton<IActorRegistry>(provider => provider.GetRequiredService<ActorRegistry>());
        services.AddSingleton<IReadOnlyActorRegistry>(provider => provider.GetRequiredService<ActorRegistry>());
        services.AddSingleton(typeof(IRequiredActor<>), typeof(RequiredActor<>));
        services.AddSingleton(provider => Service<T>(provider));
        services.AddHostedService(provider => provider.GetRequiredService<T>());
        return services;
    }

    /// <summary>Starts actors, in the order of these calls.</summary>
    public static AkkaConfigurationBuilder WithActors(
        this AkkaConfigurationBuilder builder, Action<ActorSystem, IActorRegistry> actorStarter) => builder.StartActors(actorStarter);

    public static AkkaConfigurationBuilder WithActors(this AkkaConfigurationBuilder builder, ActorStarter actorStarter) =>
        builder.StartActors(actorStarter);

    /// <summary>Passes a setup to the system when it is made.</summary>
    public static AkkaConfigurationBuilder AddSetup(this AkkaConfigurationBuilder builder, Setup setup)
    {
        builder.Setups.Add(setup);
        return builder;
    }

    /// <summary>Adds settings.</summary>
    public static AkkaConfigurationBuilder AddHocon(this AkkaConfigurationBuilder builder, Config hocon, HoconAddMode addMode) =>
        builder.AddConfiguration(hocon, addMode);

    private static T Service<T>(IServiceProvider provider)
        where T : AkkaHostedService
    {
        if (typeof(T) != typeof(AkkaHostedService))
        {
            return ActivatorUtilities.CreateInstance<T>(provider);
        }

        return (T)new AkkaHostedService(
            provider.GetRequiredService<AkkaConfigurationBuilder>(),
            provider,
            provider.GetService<ILogger<AkkaHostedService>>() ?? Microsoft.Extensions.Logging.Abstractions.NullLogger<AkkaHostedService>.Instance,
            provider.GetService<IHostApplicationLifetime>());
    }
}
