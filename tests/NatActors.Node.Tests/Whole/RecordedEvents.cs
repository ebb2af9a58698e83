namespace NatActors.Node.Tests.Whole;

/// <summary>All events of a node, and waiting for one that fits, whether it came already or comes yet.</summary>
public sealed class RecordedEvents : IObserver<NodeEvent>
{
    private readonly Lock _gate = new();
    private readonly List<NodeEvent> _events = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

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

    public void OnNext(NodeEvent value)
    {
        lock (_gate)
        {
            _events.Add(value);
            _news.TrySetResult();
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public Task<T> NextAsync<T>(Func<T, bool>? fits = null)
        where T : NodeEvent => NthAsync(1, fits);

    public async Task<T> NthAsync<T>(int number, Func<T, bool>? fits = null)
        where T : NodeEvent
    {
        while (true)
        {
            Task news;
            lock (_gate)
            {
                if (_events.OfType<T>().Where(e => fits?.Invoke(e) ?? true).ElementAtOrDefault(number - 1) is { } found)
                {
                    return found;
                }

                news = _news.Task;
            }

            await news.WaitAsync(LoopbackNode.Guard);
        }
    }
}
