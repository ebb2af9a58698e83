using Akka.Configuration;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Ends a system in phases, one after the other; the tasks of a phase run at the same time, each phase has its limit.</summary>
public sealed class CoordinatedShutdown : IExtension
{
    public const string PhaseBeforeServiceUnbind = "before-service-unbind";
    public const string PhaseServiceUnbind = "service-unbind";
    public const string PhaseServiceRequestsDone = "service-requests-done";
    public const string PhaseServiceStop = "service-stop";
    public const string PhaseBeforeClusterShutdown = "before-cluster-shutdown";
    public const string PhaseClusterShardingShutdownRegion = "cluster-sharding-shutdown-region";
    public const string PhaseClusterLeave = "cluster-leave";
    public const string PhaseClusterExiting = "cluster-exiting";
    public const string PhaseClusterExitingDone = "cluster-exiting-done";
    public const string PhaseClusterShutdown = "cluster-shutdown";
    public const string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";
    public const string PhaseActorSystemTerminate = "actor-system-terminate";

    private static readonly string[] Phases =
    [
        PhaseBeforeServiceUnbind, PhaseServiceUnbind, PhaseServiceRequestsDone, PhaseServiceStop, PhaseBeforeClusterShutdown,
        PhaseClusterShardingShutdownRegion, PhaseClusterLeave, PhaseClusterExiting, PhaseClusterExitingDone, PhaseClusterShutdown,
        PhaseBeforeActorSystemTerminate, PhaseActorSystemTerminate,
    ];

    // Akka's defaults: 5 s a phase, 10 s for the last.
    private static readonly TimeSpan DefaultPhaseTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DefaultTerminateTimeout = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<(string Name, Func<Task<Done>> Work)>> _tasks = [];
    private readonly ActorSystemImpl _system;
    private Task<Done>? _run;

    internal CoordinatedShutdown(ActorSystemImpl system)
    {
        _system = system;
        if (system.Settings.CoordinatedShutdownTerminateActorSystem)
        {
            AddTask(PhaseActorSystemTerminate, "terminate-system", async () =>
            {
                await _system.FinalTerminate();
                return Done.Instance;
            });
        }
    }

    public ExtendedActorSystem System => _system;

    /// <summary>Why it runs; null before it does.</summary>
    public Reason? ShutdownReason { get; private set; }

    /// <summary>The limits of all phases that have tasks.</summary>
    public TimeSpan TotalTimeout
    {
        get
        {
            lock (_lock)
            {
                return _tasks.Keys.Aggregate(TimeSpan.Zero, (sum, phase) => sum + Timeout(phase));
            }
        }
    }

    public static CoordinatedShutdown Get(ActorSystem sys) => CoordinatedShutdownExtension.Id.Apply(sys);

    /// <summary>Adds work to a phase; work added to the phase that runs comes too late.</summary>
    public void AddTask(string phase, string taskName, Func<Task<Done>> task)
    {
        if (!Phases.Contains(phase))
        {
            throw new ConfigurationException($"Unknown phase [{phase}], known phases [{string.Join(",", Phases)}].");
        }

        lock (_lock)
        {
            if (!_tasks.TryGetValue(phase, out var tasks))
            {
                _tasks[phase] = tasks = [];
            }

            tasks.Add((taskName, task));
        }
    }

    /// <summary>The limit of a phase.</summary>
    public TimeSpan Timeout(string phase) => _system.Settings.Config.GetTimeSpan(
        $"akka.coordinated-shutdown.phases.{phase}.timeout",
        phase == PhaseActorSystemTerminate ? DefaultTerminateTimeout : DefaultPhaseTimeout);

    /// <summary>Runs the phases, from <paramref name="fromPhase"/> on. Runs once: later calls get the same task.</summary>
    public Task<Done> Run(Reason reason, string? fromPhase = null)
    {
        TaskCompletionSource<Done> done;
        lock (_lock)
        {
            if (_run is not null)
            {
                return _run;
            }

            done = new TaskCompletionSource<Done>(TaskCreationOptions.RunContinuationsAsynchronously);
            _run = done.Task;
            ShutdownReason = reason;
        }

        _system.Log.Debug("Starting coordinated shutdown, reason {0}", reason);
        var first = fromPhase is null ? 0 : Array.IndexOf(Phases, fromPhase);
        if (_system.Dispatcher.Context is { } context)
        {
            context.Post(state => _ = RunPhases(first, done), null);
        }
        else
        {
            _ = RunPhases(first, done);
        }

        return done.Task;
    }

    private async Task RunPhases(int first, TaskCompletionSource<Done> done)
    {
        for (var i = Math.Max(first, 0); i < Phases.Length; i++)
        {
            List<(string Name, Func<Task<Done>> Work)> tasks;
            lock (_lock)
            {
                tasks = _tasks.TryGetValue(Phases[i], out var found) ? [.. found] : [];
            }

            if (tasks.Count > 0)
            {
                await RunPhase(Phases[i], tasks);
            }
        }

        done.TrySetResult(Done.Instance);
    }

    private async Task RunPhase(string phase, List<(string Name, Func<Task<Done>> Work)> tasks)
    {
        var all = Task.WhenAll(tasks.Select(task => RunTask(phase, task.Name, task.Work)));
        try
        {
            await all.WaitAsync(Timeout(phase), _system.Clock);
        }
        catch (TimeoutException)
        {
            _system.Log.Warning("Coordinated shutdown phase [{0}] timed out after {1}", phase, Timeout(phase));
        }
    }

    private async Task RunTask(string phase, string name, Func<Task<Done>> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            _system.Log.Warning(e, "Task [{0}] failed in phase [{1}]: {2}", name, phase, e.Message);
        }
    }

    /// <summary>Why a system ends.</summary>
    public class Reason
    {
        protected Reason()
        {
        }

        public override string ToString() => GetType().Name;
    }

    /// <summary>Nobody said why.</summary>
    public class UnknownReason : Reason
    {
        public static readonly Reason Instance = new UnknownReason();

        private UnknownReason()
        {
        }
    }

    /// <summary><c>ActorSystem.Terminate</c> was called.</summary>
    public class ActorSystemTerminateReason : Reason
    {
        public static readonly Reason Instance = new ActorSystemTerminateReason();

        private ActorSystemTerminateReason()
        {
        }
    }

    /// <summary>The process ends.</summary>
    public class ClrExitReason : Reason
    {
        public static readonly Reason Instance = new ClrExitReason();

        private ClrExitReason()
        {
        }
    }
}

/// <summary>The id of <see cref="CoordinatedShutdown"/>.</summary>
public sealed class CoordinatedShutdownExtension : ExtensionIdProvider<CoordinatedShutdown>
{
    internal static readonly CoordinatedShutdownExtension Id = new();

    public override CoordinatedShutdown CreateExtension(ExtendedActorSystem system) => new((ActorSystemImpl)system);
}
