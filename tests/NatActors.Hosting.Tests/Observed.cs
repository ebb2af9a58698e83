using NatActors.Node;

namespace NatActors.Hosting.Tests;

/// <summary>The events of a node, as they came.</summary>
internal sealed class Observed : IObserver<NodeEvent>
{
    private static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);
    private readonly List<NodeEvent> _all = [];
    private readonly SemaphoreSlim _news = new(0);
    private readonly TaskCompletionSource _completed = new();

    public Task Completed => _completed.Task;

    public IReadOnlyList<NodeEvent> All
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    public async Task<T> NextAsync<T>()
        where T : NodeEvent
    {
        using var guard = new CancellationTokenSource(Guard);
        while (true)
        {
            if (All.OfType<T>().FirstOrDefault() is { } found)
            {
                return found;
            }

            await _news.WaitAsync(guard.Token);
        }
    }

    public void OnCompleted() => _completed.TrySetResult();

    public void OnError(Exception error)
    {
    }

    public void OnNext(NodeEvent value)
    {
        lock (_all)
        {
            _all.Add(value);
        }

        _news.Release();
    }
}
