using NatActors.Node;

namespace NatActors.Scenarios.Tests.Support;

/// <summary>All events of a node, and waiting for one that fits, whether it came already or comes yet.</summary>
public sealed class EventLog(string name) : IObserver<NodeEvent>
{
    /// <summary>A guard against hanging, not a measure: nothing in the laboratory takes so long.</summary>
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly List<NodeEvent> _events = [];
    private readonly List<(Func<NodeEvent, bool> Fits, TaskCompletionSource<NodeEvent> Found)> _waiting = [];

    public IReadOnlyList<NodeEvent> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>How many events there are now: a mark for <see cref="NextAsync{T}"/>.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _events.Count;
            }
        }
    }

    public void OnNext(NodeEvent value)
    {
        lock (_gate)
        {
            _events.Add(value);
            foreach (var (_, found) in _waiting.Where(w => w.Fits(value)))
            {
                found.TrySetResult(value);
            }

            _waiting.RemoveAll(w => w.Found.Task.IsCompleted);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    /// <summary>The first event of the type that fits, from the mark on; with a guard of its own where it may take minutes.</summary>
    public async Task<T> NextAsync<T>(Func<T, bool>? fits = null, int from = 0, TimeSpan? guard = null)
        where T : NodeEvent
    {
        bool Fits(NodeEvent e) => e is T t && (fits?.Invoke(t) ?? true);
        var found = new TaskCompletionSource<NodeEvent>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_events.Skip(from).FirstOrDefault(Fits) is { } already)
            {
                return (T)already;
            }

            _waiting.Add((Fits, found));
        }

        try
        {
            return (T)await found.Task.WaitAsync(guard ?? Guard);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{name}: no {typeof(T).Name} that fits; events:{Environment.NewLine}{this}");
        }
    }

    /// <summary>The event of that number, from 1, among those of the type that fit.</summary>
    public Task<T> NthAsync<T>(int number, Func<T, bool>? fits = null)
        where T : NodeEvent
    {
        var left = number;
        return NextAsync<T>(e => (fits?.Invoke(e) ?? true) && --left == 0);
    }

    public override string ToString() => string.Join(Environment.NewLine, All.Select(e => $"  {e.Time:HH:mm:ss.fff} {e}"));
}
