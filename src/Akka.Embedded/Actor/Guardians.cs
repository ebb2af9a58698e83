using Akka.Embedded;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Above /user and /system: ends them one after the other, then the system.</summary>
internal sealed class RootRef(ActorSystemImpl system, ActorPath path) : InternalRef
{
    public override ActorPath Path => path;

    public override ActorSystemImpl System => system;

    public LocalRef Make(string name)
    {
        var guardian = new LocalRef(new ChildActorPath(path, name, system.NextUid()));
        var cell = new ActorCell(system, guardian, Props.Create(typeof(Guardian)), this);
        cell.PrepareChildren();
        return guardian;
    }

    public override IActorRef GetChild(string name) => name switch
    {
        "user" => system.User,
        "system" => system.SystemGuardian,
        "deadLetters" => system.DeadLettersRef,
        _ => ActorRefs.Nobody,
    };

    public override IEnumerable<IActorRef> GetChildren() => [system.User, system.SystemGuardian];

    public override IActorRef GetParent() => this;

    public override void SendSystem(SystemMessage message)
    {
        switch (message)
        {
            case FailedMessage failed:
                system.EventStream.Publish(new Error(
                    failed.Cause, failed.Child.Path.ToString(), typeof(Guardian), $"guardian {failed.Child} failed, shutting down!"));
                failed.Child.Stop();
                break;
            case DeathWatchNotification death when ReferenceEquals(death.Actor, system.User):
                system.SystemGuardian.Stop();
                break;
            case DeathWatchNotification death when ReferenceEquals(death.Actor, system.SystemGuardian):
                system.OnRootTerminated();
                break;
        }
    }

    protected override void TellInternal(object message, IActorRef? sender)
    {
        if (message is Identify identify)
        {
            sender?.Tell(new ActorIdentity(identify.MessageId, this), this);
        }
        else
        {
            system.DeadLettersRef.Undelivered(message, sender, this);
        }
    }
}

/// <summary>Parent of what is made from outside.</summary>
internal sealed class Guardian : UntypedActor
{
    protected override void OnReceive(object message) => Context.System.DeadLetters.Forward(message);
}

/// <summary>Chooses the scheduler.</summary>
internal static class Schedulers
{
    public static IScheduler Create(Settings settings, ILoggingAdapter log, TimeProvider clock)
    {
        if (string.IsNullOrEmpty(settings.SchedulerClass))
        {
            return new HeapScheduler(settings.Config, log, clock);
        }

        var type = FindType(settings.SchedulerClass)
            ?? throw new TypeLoadException($"akka.scheduler.implementation: type '{settings.SchedulerClass}' was not found");
        return (IScheduler)Activator.CreateInstance(type, settings.Config, log)!;
    }

    /// <summary>A type by name. The assembly's name may be the one of the packages: then the loaded assemblies are searched.</summary>
    public static Type? FindType(string name)
    {
        if (Type.GetType(name, throwOnError: false) is { } type)
        {
            return type;
        }

        var comma = name.IndexOf(',', StringComparison.Ordinal);
        var plain = comma < 0 ? name : name[..comma].Trim();
        return AppDomain.CurrentDomain.GetAssemblies().Select(assembly => assembly.GetType(plain)).FirstOrDefault(found => found is not null);
    }
}

/// <summary>Starts the loggers of <c>akka.loggers</c>.</summary>
internal static class LoggerStart
{
    // akka.logger-startup-timeout of the packages.
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(5);

    public static void Run(ActorSystemImpl system)
    {
        var settings = system.Settings;
        var level = Logging.LogLevelFor(settings.LogLevel);
        foreach (var name in settings.Loggers)
        {
            var type = Schedulers.FindType(name) ?? throw new TypeLoadException($"akka.loggers: type '{name}' was not found");
            Add(system, Props.Create(type), level);
        }

        if (settings.LogDeadLetters > 0)
        {
            system.SystemActorOf(Props.Create(typeof(DeadLetterReporter), settings.LogDeadLetters), "deadLetterListener");
        }
    }

    public static IActorRef Add(ActorSystemImpl system, Props props, LogLevel level)
    {
        var logger = system.SystemActorOf(props, $"log{system.NextUid()}-{props.Type.Name.Replace('`', '-')}");
        foreach (var each in Enum.GetValues<LogLevel>())
        {
            if (each >= level)
            {
                system.EventStream.Subscribe(logger, each.ClassFor());
            }
        }

        if (system.Dispatcher is ThreadPoolDispatcher)
        {
            // What the logger subscribes to must count for the first event already.
            logger.Ask<LoggerInitialized>(new InitializeLogger(system.EventStream), StartTimeout).Wait();
        }
        else
        {
            logger.Tell(new InitializeLogger(system.EventStream), system.IgnoreRef);
        }

        return logger;
    }
}
