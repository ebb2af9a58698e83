using System.Collections.Immutable;

namespace NatActors.Node;

/// <summary>
/// Where the node's events leave it. Publishing is safe from any thread and never blocks; a subscriber that throws is dropped, so that
/// nobody else loses an event by it.
/// </summary>
public sealed class NodeEventHub(TimeProvider wallClock) : IObservable<NodeEvent>
{
    private ImmutableList<IObserver<NodeEvent>> _observers = [];

    /// <summary>Stamps the event with the wall clock and hands it to every subscriber, in the order of subscription.</summary>
    public void Publish(NodeEvent happened)
    {
        var stamped = happened with { Time = wallClock.GetUtcNow() };
        foreach (var observer in Volatile.Read(ref _observers))
        {
            try
            {
                observer.OnNext(stamped);
            }
            catch (Exception)
            {
                Drop(observer);
            }
        }
    }

    /// <inheritdoc />
    public IDisposable Subscribe(IObserver<NodeEvent> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        ImmutableInterlocked.Update(ref _observers, list => list.Add(observer));
        return new Subscription(this, observer);
    }

    /// <summary>Subscribes a delegate.</summary>
    public IDisposable Subscribe(Action<NodeEvent> onNext) => Subscribe(new DelegateObserver(onNext));

    /// <summary>Tells all subscribers that the node has ended.</summary>
    public void Complete()
    {
        foreach (var observer in Interlocked.Exchange(ref _observers, []))
        {
            observer.OnCompleted();
        }
    }

    private void Drop(IObserver<NodeEvent> observer) =>
        ImmutableInterlocked.Update(ref _observers, list => list.Remove(observer));

    private sealed class Subscription(NodeEventHub hub, IObserver<NodeEvent> observer) : IDisposable
    {
        public void Dispose() => hub.Drop(observer);
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
