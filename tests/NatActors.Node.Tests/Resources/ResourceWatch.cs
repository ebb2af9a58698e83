using NatActors.Node.Resources;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.Resources;

namespace NatActors.Node.Tests.Resources;

/// <summary>What a node refused and ended for want of resources, and when it holds nothing any more.</summary>
internal sealed class ResourceWatch : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<ResourceRefusal> _refused = [];
    private readonly NodeResources _resources;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ResourceWatch(NodeResources resources)
    {
        _resources = resources;
        resources.Refused += OnRefused;
        resources.Emptied += OnNews;
    }

    public ResourceSnapshot Now => _resources.Snapshot();

    /// <summary>The first refusal of that kind, whether it came already or comes yet.</summary>
    public async Task<ResourceRefusal> RefusedAsync(ResourceScopeKind scope, ResourceKind resource)
    {
        while (true)
        {
            Task news;
            lock (_gate)
            {
                if (_refused.Find(r => r.Scope == scope && r.Resource == resource) is { } found)
                {
                    return found;
                }

                news = _news.Task;
            }

            await news.WaitAsync(LoopbackNode.Guard);
        }
    }

    /// <summary>Returns when nothing is held any more.</summary>
    public async Task EmptyAsync()
    {
        while (true)
        {
            Task news;
            lock (_gate)
            {
                news = _news.Task;
            }

            if (Now.IsEmpty)
            {
                return;
            }

            await news.WaitAsync(LoopbackNode.Guard);
        }
    }

    public void Dispose()
    {
        _resources.Refused -= OnRefused;
        _resources.Emptied -= OnNews;
    }

    private void OnRefused(ResourceRefusal refusal, string asker)
    {
        lock (_gate)
        {
            _refused.Add(refusal);
        }

        OnNews();
    }

    private void OnNews()
    {
        lock (_gate)
        {
            _news.TrySetResult();
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
