using Akka.Actor.Setup;
using Akka.Configuration;

namespace Akka.Actor;

/// <summary>What the configuration says about a system.</summary>
public class Settings
{
    private const int DefaultLoggedDeadLetters = 10;

    public Settings(ActorSystem system, Config config)
        : this(system, config, ActorSystemSetup.Empty)
    {
    }

    public Settings(ActorSystem system, Config config, ActorSystemSetup setup)
    {
        System = system;
        Config = config;
        Setup = setup;
        LogLevel = config.GetString("akka.loglevel", "INFO")!;
        Loggers = config.GetStringList("akka.loggers", ["Akka.Event.DefaultLogger"]);
        SchedulerClass = config.GetString("akka.scheduler.implementation", string.Empty)!;
        LogDeadLetters = config.GetString("akka.log-dead-letters")?.ToLowerInvariant() switch
        {
            "on" or "true" => int.MaxValue,
            "off" or "false" => 0,
            _ => config.GetInt("akka.log-dead-letters", DefaultLoggedDeadLetters),
        };
        LogDeadLettersDuringShutdown = config.GetBoolean("akka.log-dead-letters-during-shutdown", false);
        CoordinatedShutdownTerminateActorSystem = config.GetBoolean("akka.coordinated-shutdown.terminate-actor-system", true);
        CoordinatedShutdownRunByActorSystemTerminate =
            config.GetBoolean("akka.coordinated-shutdown.run-by-actor-system-terminate", true);
    }

    public ActorSystem System { get; }

    public Config Config { get; }

    public ActorSystemSetup Setup { get; }

    /// <summary><c>akka.loglevel</c>: DEBUG, INFO, WARNING, ERROR or OFF.</summary>
    public string LogLevel { get; }

    /// <summary><c>akka.loggers</c>: type names of actors that log events are sent to.</summary>
    public IList<string> Loggers { get; }

    /// <summary><c>akka.scheduler.implementation</c>: the type name of another scheduler; empty for the runtime's own.</summary>
    public string SchedulerClass { get; }

    /// <summary><c>akka.log-dead-letters</c>: how many dead letters are logged; on and off too.</summary>
    public int LogDeadLetters { get; }

    public bool LogDeadLettersDuringShutdown { get; }

    public bool CoordinatedShutdownTerminateActorSystem { get; }

    public bool CoordinatedShutdownRunByActorSystemTerminate { get; }

    public override string ToString() => Config.ToString();
}
