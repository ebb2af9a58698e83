using Akka.Actor;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Akka.Hosting;

/// <summary>The system's life in a host: starts with it, runs the coordinated shutdown when it stops, and stops it when the system ends.</summary>
public class AkkaHostedService(
    AkkaConfigurationBuilder configurationBuilder,
    IServiceProvider serviceProvider,
    ILogger<AkkaHostedService> logger,
    IHostApplicationLifetime? applicationLifetime) : IHostedService
{
    protected readonly AkkaConfigurationBuilder ConfigurationBuilder = configurationBuilder;
    protected readonly IServiceProvider ServiceProvider = serviceProvider;
    protected readonly IHostApplicationLifetime? HostApplicationLifetime = applicationLifetime;
    protected readonly ILogger<AkkaHostedService> Logger = logger;
    protected ActorSystem? ActorSystem;
    protected CoordinatedShutdown? CoordinatedShutdown;

    public virtual async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            ActorSystem = (ActorSystem)ServiceProvider.GetService(typeof(ActorSystem))!;
            CoordinatedShutdown = Actor.CoordinatedShutdown.Get(ActorSystem);
            await ConfigurationBuilder.StartAsync(ActorSystem).ConfigureAwait(false);
            _ = StopHostWhenTerminated(ActorSystem);
        }
        catch (Exception e)
        {
            Logger.Log(LogLevel.Critical, e, "Unable to start AkkaHostedService - shutting down application");

            // As the packages do it: no failed start is silent, whatever becomes of the log.
            Console.WriteLine($"Unable to start AkkaHostedService - shutting down application.\nCause: {e}");
            await StopAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    public virtual async Task StopAsync(CancellationToken cancellationToken)
    {
        if (CoordinatedShutdown is { } shutdown)
        {
            await shutdown.Run(Actor.CoordinatedShutdown.ClrExitReason.Instance).ConfigureAwait(false);
        }
    }

    private async Task StopHostWhenTerminated(ActorSystem system)
    {
        await system.WhenTerminated.ConfigureAwait(false);
        HostApplicationLifetime?.StopApplication();
    }
}
