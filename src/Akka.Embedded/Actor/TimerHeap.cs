namespace Akka.Actor;

/// <summary>All timers of a system on one timer of its clock: a binary heap by due time, then by order of scheduling.</summary>
internal sealed class TimerHeap : IDisposable
{
    // A timer of the platform fires at whole milliseconds; asking for less than one would spin.
    private static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(1);

    private readonly TimeProvider _clock;
    private readonly Action<Exception> _onFailure;
    private readonly long _origin;
    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private readonly List<Entry> _heap = [];
    private long _armedFor = long.MaxValue;
    private long _sequence;
    private bool _firing;
    private bool _disposed;

    public TimerHeap(TimeProvider clock, Action<Exception> onFailure)
    {
        _clock = clock;
        _onFailure = onFailure;
        _origin = clock.GetTimestamp();

        // The timer lives as long as the system: it must not carry the context of whoever made that.
        using var suppressed = ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow();
        _timer = clock.CreateTimer(
            static state => ((TimerHeap)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public TimeSpan Now => _clock.GetElapsedTime(_origin);

    /// <summary>What stands in the heap now, each in words: for whoever looks for timers that nobody cancelled.</summary>
    public IReadOnlyList<string> Describe()
    {
        lock (_lock)
        {
            return [.. _heap.Select(entry => entry.State.ToString() ?? "")];
        }
    }

    public Entry Add(TimeSpan delay, TimeSpan interval, Action<object> action, object state)
    {
        var entry = new Entry(this, action, state, interval.Ticks);
        lock (_lock)
        {
            if (!_disposed)
            {
                entry.Due = Now.Ticks + delay.Ticks;
                Push(entry);
                Arm();
            }
        }

        return entry;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var entry in _heap)
            {
                entry.Index = -1;
            }

            _heap.Clear();
        }

        _timer.Dispose();
    }

    private void Fire()
    {
        lock (_lock)
        {
            _armedFor = long.MaxValue;
            if (_firing)
            {
                // The turn that fires looks at the heap again before it ends.
                return;
            }

            _firing = true;
        }

        while (NextDue() is { } entry)
        {
            try
            {
                entry.Action(entry.State);
            }
            catch (Exception e)
            {
                _onFailure(e);
            }
        }
    }

    private Entry? NextDue()
    {
        lock (_lock)
        {
            if (_disposed || _heap.Count == 0 || _heap[0].Due > Now.Ticks)
            {
                _firing = false;
                if (!_disposed)
                {
                    Arm();
                }

                return null;
            }

            var entry = _heap[0];
            RemoveAt(0);
            if (entry.Interval > 0)
            {
                entry.Due += entry.Interval;
                Push(entry);
            }

            return entry;
        }
    }

    private void Arm()
    {
        if (_firing || _heap.Count == 0 || _heap[0].Due >= _armedFor)
        {
            return;
        }

        _armedFor = _heap[0].Due;
        var wait = TimeSpan.FromTicks(_armedFor) - Now;
        _timer.Change(wait <= TimeSpan.Zero ? TimeSpan.Zero : wait + Resolution, Timeout.InfiniteTimeSpan);
    }

    private void Push(Entry entry)
    {
        entry.Sequence = _sequence++;
        _heap.Add(entry);
        SiftUp(_heap.Count - 1, entry);
    }

    private void Remove(Entry entry)
    {
        lock (_lock)
        {
            entry.Interval = 0;
            if (entry.Index >= 0)
            {
                RemoveAt(entry.Index);
            }
        }
    }

    private void RemoveAt(int index)
    {
        _heap[index].Index = -1;
        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (index == _heap.Count)
        {
            return;
        }

        SiftDown(index, last);
        if (last.Index == index)
        {
            SiftUp(index, last);
        }
    }

    private void SiftUp(int index, Entry entry)
    {
        while (index > 0)
        {
            var parent = (index - 1) / 2;
            if (!entry.IsBefore(_heap[parent]))
            {
                break;
            }

            Put(index, _heap[parent]);
            index = parent;
        }

        Put(index, entry);
    }

    private void SiftDown(int index, Entry entry)
    {
        while (true)
        {
            var child = (2 * index) + 1;
            if (child >= _heap.Count)
            {
                break;
            }

            if (child + 1 < _heap.Count && _heap[child + 1].IsBefore(_heap[child]))
            {
                child++;
            }

            if (!_heap[child].IsBefore(entry))
            {
                break;
            }

            Put(index, _heap[child]);
            index = child;
        }

        Put(index, entry);
    }

    private void Put(int index, Entry entry)
    {
        _heap[index] = entry;
        entry.Index = index;
    }

    internal sealed class Entry(TimerHeap heap, Action<object> action, object state, long interval)
    {
        public Action<object> Action { get; } = action;

        public object State { get; } = state;

        public long Interval { get; set; } = interval;

        public long Due { get; set; }

        public long Sequence { get; set; }

        public int Index { get; set; } = -1;

        public bool IsBefore(Entry other) => Due != other.Due ? Due < other.Due : Sequence < other.Sequence;

        public void Remove() => heap.Remove(this);
    }
}
