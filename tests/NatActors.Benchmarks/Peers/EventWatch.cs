using NatActors.Node;

namespace NatActors.Benchmarks.Peers;

/// <summary>Waits for events of a node that are yet to come; keeps none, so that it costs the same after a million.</summary>
internal sealed class EventWatch : IObserver<NodeEvent>
{
    private readonly Lock _gate = new();
    private readonly List<Func<NodeEvent, bool>> _waiting = [];

    /// <summary>The next event of that kind that fits, from now on.</summary>
    public Task<T> Next<T>(Func<T, bool>? fits = null)
        where T : NodeEvent
    {
        var found = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Add(e => e is T one && fits?.Invoke(one) != false && found.TrySetResult(one));
        }

        return found.Task;
    }

    public void OnNext(NodeEvent value)
    {
        lock (_gate)
        {
            _waiting.RemoveAll(wait => wait(value));
        }
    }

    public void OnCompleted()
    {
        // Whoever still waits has a guard.
    }

    public void OnError(Exception error)
    {
        // Nodes end without errors.
    }
}
