namespace Akka.Embedded;

/// <summary>
/// One thread and a virtual clock for a whole system: turns, timers and awaited continuations run in one order, the same each time.
/// Pass <see cref="Setup"/> to <c>ActorSystem.Create</c>, then call <see cref="RunUntilIdle"/> and <see cref="Advance"/>.
/// </summary>
public sealed class DeterministicRuntime
{
    [ThreadStatic]
    private static DeterministicRuntime? _current;

    private readonly Queue<(Action<object> Run, object State)> _queue = new();
    private readonly Lock _lock = new();
    private readonly VirtualClock _clock;

    /// <summary>A runtime whose clock starts at <paramref name="start"/>, the epoch if null.</summary>
    public DeterministicRuntime(DateTimeOffset? start = null)
    {
        _clock = new VirtualClock(start ?? DateTimeOffset.UnixEpoch);
        SynchronizationContext = new PumpContext(this);
        Setup = new EmbeddedRuntimeSetup(new PumpDispatcher(this), _clock);
    }

    /// <summary>Enters a system.</summary>
    public EmbeddedRuntimeSetup Setup { get; }

    /// <summary>The virtual clock; its timers run in <see cref="Advance"/>.</summary>
    public TimeProvider Clock => _clock;

    /// <summary>Brings continuations to the one thread; current while anything runs.</summary>
    public SynchronizationContext SynchronizationContext { get; }

    /// <summary>Virtual time since the start.</summary>
    public TimeSpan Elapsed => _clock.Elapsed;

    /// <summary>When the next timer is due, on <see cref="Elapsed"/>'s scale; null without one.</summary>
    public TimeSpan? NextDeadline => _clock.NextDeadline;

    /// <summary>The runtime that this thread runs.</summary>
    internal static DeterministicRuntime? Current => _current;

    /// <summary>Runs everything that is due now. Returns how many steps that were.</summary>
    public int RunUntilIdle()
    {
        var (outer, outerContext) = (_current, SynchronizationContext.Current);
        _current = this;
        SynchronizationContext.SetSynchronizationContext(SynchronizationContext);
        var steps = 0;
        try
        {
            while (true)
            {
                while (TryTake(out var work))
                {
                    work.Run(work.State);
                    steps++;
                }

                if (!_clock.FireDue())
                {
                    return steps;
                }
            }
        }
        finally
        {
            _current = outer;
            SynchronizationContext.SetSynchronizationContext(outerContext);
        }
    }

    /// <summary>Moves the clock from deadline to deadline until <paramref name="time"/> has passed, and runs what becomes due.</summary>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        var end = _clock.Elapsed + time;
        RunUntilIdle();
        while (_clock.NextDeadline is { } next && next <= end)
        {
            _clock.MoveTo(next);
            RunUntilIdle();
        }

        _clock.MoveTo(end);
        RunUntilIdle();
    }

    /// <summary>Runs until <paramref name="done"/> says so, moving the clock when nothing else is left; false when the time is up first.</summary>
    public bool RunUntil(Func<bool> done, TimeSpan limit)
    {
        var end = _clock.Elapsed + limit;
        RunUntilIdle();
        while (!done())
        {
            if (_clock.NextDeadline is not { } next || next > end)
            {
                return false;
            }

            _clock.MoveTo(next);
            RunUntilIdle();
        }

        return true;
    }

    private void Enqueue(Action<object> run, object state)
    {
        lock (_lock)
        {
            _queue.Enqueue((run, state));
        }
    }

    private bool TryTake(out (Action<object> Run, object State) work)
    {
        lock (_lock)
        {
            return _queue.TryDequeue(out work);
        }
    }

    private sealed class PumpDispatcher(DeterministicRuntime runtime) : EmbeddedDispatcher
    {
        private static readonly Action<object> Turn = state => ((IThreadPoolWorkItem)state).Execute();

        public override SynchronizationContext Context => runtime.SynchronizationContext;

        public override void Schedule(IThreadPoolWorkItem turn) => runtime.Enqueue(Turn, turn);
    }

    private sealed class PumpContext(DeterministicRuntime runtime) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) =>
            runtime.Enqueue(static work => ((Action)work)(), (Action)(() => d(state)));

        public override void Send(SendOrPostCallback d, object? state) => d(state);

        public override SynchronizationContext CreateCopy() => this;
    }
}
