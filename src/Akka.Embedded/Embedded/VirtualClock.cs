namespace Akka.Embedded;

/// <summary>A clock that stands still until it is moved.</summary>
internal sealed class VirtualClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<VirtualTimer, (long Due, long Sequence)> _timers = new();
    private long _now;
    private long _sequence;

    public TimeSpan Elapsed => TimeSpan.FromTicks(Volatile.Read(ref _now));

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public TimeSpan? NextDeadline
    {
        get
        {
            lock (_lock)
            {
                DropStale();
                return _timers.TryPeek(out _, out var key) ? TimeSpan.FromTicks(key.Due) : null;
            }
        }
    }

    public override DateTimeOffset GetUtcNow() => start + Elapsed;

    public override long GetTimestamp() => Volatile.Read(ref _now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void MoveTo(TimeSpan time) => Volatile.Write(ref _now, Math.Max(_now, time.Ticks));

    /// <summary>Fires one due timer; false without one.</summary>
    public bool FireDue()
    {
        VirtualTimer timer;
        lock (_lock)
        {
            DropStale();
            if (!_timers.TryPeek(out timer!, out var key) || key.Due > _now)
            {
                return false;
            }

            _timers.Dequeue();
            timer.Armed = timer.Period > 0 ? Arm(timer, key.Due + timer.Period) : -1;
        }

        timer.Callback(timer.State);
        return true;
    }

    private long Arm(VirtualTimer timer, long due)
    {
        var sequence = _sequence++;
        _timers.Enqueue(timer, (due, sequence));
        return sequence;
    }

    private void DropStale()
    {
        while (_timers.TryPeek(out var timer, out var key) && timer.Armed != key.Sequence)
        {
            _timers.Dequeue();
        }
    }

    private sealed class VirtualTimer(VirtualClock clock, TimerCallback callback, object? state) : ITimer
    {
        public TimerCallback Callback { get; } = callback;

        public object? State { get; } = state;

        public long Period { get; private set; }

        /// <summary>The sequence number of the entry that counts; -1 when not armed.</summary>
        public long Armed { get; set; } = -1;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                Period = period > TimeSpan.Zero ? period.Ticks : 0;
                Armed = dueTime < TimeSpan.Zero ? -1 : clock.Arm(this, clock._now + dueTime.Ticks);
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
