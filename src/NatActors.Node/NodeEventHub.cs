using System.Collections.Immutable;

namespace NatActors.Node;

/// <summary>
/// Where the node's events leave it. Publishing is safe from any thread and never blocks; a subscriber that throws is dropped, so that
/// nobody else loses an event by it.
/// </summary>
public sealed class NodeEventHub(TimeProvider wallClock) : IObservable<NodeEvent>
{
    private ImmutableList<Subscription> _subscriptions = [];

    /// <summary>Stamps the event with the wall clock and hands it to every subscriber, in the order of subscription.</summary>
    public void Publish(NodeEvent happened)
    {
        var stamped = happened with { Time = wallClock.GetUtcNow() };
        foreach (var subscription in Volatile.Read(ref _subscriptions))
        {
            Guarded(subscription, observer => observer.OnNext(stamped));
        }
    }

    /// <inheritdoc />
    public IDisposable Subscribe(IObserver<NodeEvent> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        var subscription = new Subscription(this, observer);
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Add(subscription));
        return subscription;
    }

    /// <summary>Subscribes a delegate.</summary>
    public IDisposable Subscribe(Action<NodeEvent> onNext) => Subscribe(new DelegateObserver(onNext));

    /// <summary>Tells all subscribers that the node has ended.</summary>
    public void Complete()
    {
        foreach (var subscription in Interlocked.Exchange(ref _subscriptions, []))
        {
            Guarded(subscription, observer => observer.OnCompleted());
        }
    }

    private static void Guarded(Subscription subscription, Action<IObserver<NodeEvent>> call)
    {
        try
        {
            call(subscription.Observer);
        }
        catch (Exception)
        {
            subscription.Dispose();
        }
    }

    private sealed class Subscription(NodeEventHub hub, IObserver<NodeEvent> observer) : IDisposable
    {
        public IObserver<NodeEvent> Observer => observer;

        public void Dispose() => ImmutableInterlocked.Update(ref hub._subscriptions, list => list.Remove(this));
    }

    private sealed class DelegateObserver(Action<NodeEvent> onNext) : IObserver<NodeEvent>
    {
        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        public void OnNext(NodeEvent value) => onNext(value);
    }
}
