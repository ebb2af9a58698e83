using System.Diagnostics.CodeAnalysis;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Actor;

/// <summary>A tree of actors with its threads, timers and log. One a process is plenty.</summary>
public abstract class ActorSystem : IActorRefFactory, IDisposable
{
    public abstract Settings Settings { get; }

    public abstract string Name { get; }

    public abstract EventStream EventStream { get; }

    /// <summary>Publishes what it is told as dead letters.</summary>
    public abstract IActorRef DeadLetters { get; }

    /// <summary>Drops what it is told.</summary>
    public abstract IActorRef IgnoreRef { get; }

    public abstract IScheduler Scheduler { get; }

    public abstract ILoggingAdapter Log { get; }

    /// <summary>When the system started, on its monotonic clock.</summary>
    public abstract TimeSpan StartTime { get; }

    public TimeSpan Uptime => Scheduler.HighResMonotonicClock - StartTime;

    /// <summary>Completes when the system has ended.</summary>
    public abstract Task WhenTerminated { get; }

    public static ActorSystem Create(string name) => Create(name, ActorSystemSetup.Empty);

    public static ActorSystem Create(string name, Config config) => Create(name, BootstrapSetup.Create().WithConfig(config));

    public static ActorSystem Create(string name, BootstrapSetup setup) => Create(name, ActorSystemSetup.Create(setup));

    public static ActorSystem Create(string name, ActorSystemSetup setup)
    {
        var config = setup.Get<BootstrapSetup>() is { HasValue: true, Value.Config: { HasValue: true } given } ? given.Value : Config.Empty;
        var system = new ActorSystemImpl(name, config, setup);
        system.Start();
        return system;
    }

    public abstract IActorRef ActorOf(Props props, string? name = null);

    public abstract ActorSelection ActorSelection(ActorPath actorPath);

    public abstract ActorSelection ActorSelection(string actorPath);

    public abstract void Stop(IActorRef actor);

    /// <summary>Runs the coordinated shutdown and stops all actors.</summary>
    public abstract Task Terminate();

    /// <summary>Runs <paramref name="code"/> when the system has ended; the last one registered first.</summary>
    public abstract void RegisterOnTermination(Action code);

    /// <summary>The extension; made now if there is none yet.</summary>
    public abstract object? RegisterExtension(IExtensionId extension);

    /// <summary>The extension; throws if there is none.</summary>
    public abstract object GetExtension(IExtensionId extensionId);

    public abstract T GetExtension<T>()
        where T : class, IExtension;

    public abstract bool HasExtension(Type type);

    public abstract bool HasExtension<T>()
        where T : class, IExtension;

    public abstract bool TryGetExtension(Type extensionType, [NotNullWhen(true)] out object? extension);

    public abstract bool TryGetExtension<T>([NotNullWhen(true)] out T? extension)
        where T : class, IExtension;

    /// <summary>Starts the termination; does not wait for it.</summary>
    public void Dispose()
    {
        _ = Terminate();
        GC.SuppressFinalize(this);
    }
}

/// <summary>What extensions see of a system.</summary>
public abstract class ExtendedActorSystem : ActorSystem
{
    /// <summary>Makes an actor below /system, which ends after all of /user.</summary>
    public abstract IActorRef SystemActorOf(Props props, string? name = null);

    public abstract IActorRef SystemActorOf<TActor>(string? name = null)
        where TActor : ActorBase, new();
}
