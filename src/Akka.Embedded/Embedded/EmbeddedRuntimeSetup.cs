using Akka.Actor.Setup;

namespace Akka.Embedded;

/// <summary>Runs the turns of actors. A turn must run exactly once, on any thread, never inside <see cref="Schedule"/>.</summary>
public abstract class EmbeddedDispatcher
{
    /// <summary>Where the runtime's own awaits go on; null for the thread pool.</summary>
    public virtual SynchronizationContext? Context => null;

    /// <summary>Queues a turn.</summary>
    public abstract void Schedule(IThreadPoolWorkItem turn);
}

/// <summary>The turns run on the thread pool.</summary>
public sealed class ThreadPoolDispatcher : EmbeddedDispatcher
{
    /// <summary>The one instance.</summary>
    public static readonly ThreadPoolDispatcher Instance = new();

    private ThreadPoolDispatcher()
    {
    }

    // Through the pool's global queue: a thread's own queue is last in, first out, and would starve older turns.
    public override void Schedule(IThreadPoolWorkItem turn) => ThreadPool.UnsafeQueueUserWorkItem(turn, preferLocal: false);
}

/// <summary>What the embedded runtime of a system is made of; pass it among the setups of <c>ActorSystem.Create</c>.</summary>
/// <param name="dispatcher">Runs the turns; null for the thread pool.</param>
/// <param name="clock">All time comes from it; null for the system's clock.</param>
/// <param name="throughput">Messages that an actor handles in one turn before others get theirs; at least 1.</param>
public sealed class EmbeddedRuntimeSetup(
    EmbeddedDispatcher? dispatcher = null, TimeProvider? clock = null, int throughput = EmbeddedRuntimeSetup.DefaultThroughput) : Setup
{
    /// <summary>Messages a turn, unless said otherwise: long enough to make up for the hop through the pool, short enough to be fair.</summary>
    public const int DefaultThroughput = 64;

    internal static readonly EmbeddedRuntimeSetup Default = new();

    /// <summary>Runs the turns.</summary>
    public EmbeddedDispatcher Dispatcher { get; } = dispatcher ?? ThreadPoolDispatcher.Instance;

    /// <summary>All time comes from it.</summary>
    public TimeProvider Clock { get; } = clock ?? TimeProvider.System;

    /// <summary>Messages that an actor handles in one turn.</summary>
    public int Throughput { get; } = throughput > 0 ? throughput : throw new ArgumentOutOfRangeException(nameof(throughput));
}
