using System.Collections.Concurrent;
using Akka.Actor;

namespace Akka.Event;

/// <summary>Hands events to those that subscribed to their kind.</summary>
public abstract class EventBus<TEvent, TClassifier, TSubscriber>
    where TEvent : notnull
    where TClassifier : notnull
    where TSubscriber : notnull
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<TClassifier, TSubscriber[]> _cache = new();
    private (TSubscriber Subscriber, TClassifier Classifier)[] _subscriptions = [];

    /// <summary>False when it was subscribed already.</summary>
    public virtual bool Subscribe(TSubscriber subscriber, TClassifier classifier)
    {
        lock (_lock)
        {
            if (_subscriptions.Any(s => s.Subscriber.Equals(subscriber) && IsSubClassification(s.Classifier, classifier)))
            {
                return false;
            }

            _subscriptions = [.. _subscriptions, (subscriber, classifier)];
            _cache.Clear();
            return true;
        }
    }

    /// <summary>Ends all subscriptions of one.</summary>
    public virtual bool Unsubscribe(TSubscriber subscriber) => Drop(s => s.Subscriber.Equals(subscriber));

    /// <summary>Ends a subscription of one.</summary>
    public virtual bool Unsubscribe(TSubscriber subscriber, TClassifier classifier) =>
        Drop(s => s.Subscriber.Equals(subscriber) && IsSubClassification(classifier, s.Classifier));

    public virtual void Publish(TEvent @event)
    {
        foreach (var subscriber in SubscribersOf(GetClassifier(@event)))
        {
            Publish(@event, subscriber);
        }
    }

    /// <summary>Whether <paramref name="parent"/> covers <paramref name="child"/>.</summary>
    protected abstract bool IsSubClassification(TClassifier parent, TClassifier child);

    protected abstract void Publish(TEvent @event, TSubscriber subscriber);

    protected abstract bool Classify(TEvent @event, TClassifier classifier);

    protected abstract TClassifier GetClassifier(TEvent @event);

    /// <summary>Whether anybody would get an event of this kind.</summary>
    private protected bool HasSubscribers(TClassifier classifier) => SubscribersOf(classifier).Length > 0;

    private TSubscriber[] SubscribersOf(TClassifier classifier)
    {
        if (_cache.TryGetValue(classifier, out var cached))
        {
            return cached;
        }

        lock (_lock)
        {
            TSubscriber[] found =
                [.. _subscriptions.Where(s => IsSubClassification(s.Classifier, classifier)).Select(s => s.Subscriber).Distinct()];
            _cache[classifier] = found;
            return found;
        }
    }

    private bool Drop(Func<(TSubscriber Subscriber, TClassifier Classifier), bool> which)
    {
        lock (_lock)
        {
            var before = _subscriptions.Length;
            _subscriptions = [.. _subscriptions.Where(s => !which(s))];
            _cache.Clear();
            return _subscriptions.Length != before;
        }
    }
}

/// <summary>A bus whose subscribers are actors.</summary>
public abstract class ActorEventBus<TEvent, TClassifier> : EventBus<TEvent, TClassifier, IActorRef>
    where TEvent : notnull
    where TClassifier : notnull;

/// <summary>A bus that log events go over.</summary>
public class LoggingBus : ActorEventBus<object, Type>
{
    private volatile int _level = (int)LogLevel.InfoLevel;

    /// <summary>The least severe level that is published by loggers.</summary>
    public LogLevel LogLevel => (LogLevel)_level;

    public virtual void SetLogLevel(LogLevel logLevel) => _level = (int)logLevel;

    protected override bool IsSubClassification(Type parent, Type child) => parent.IsAssignableFrom(child);

    protected override void Publish(object @event, IActorRef subscriber)
    {
        if (subscriber is InternalRef { IsTerminated: true })
        {
            Unsubscribe(subscriber);
            return;
        }

        subscriber.Tell(@event, ActorRefs.NoSender);
    }

    protected override bool Classify(object @event, Type classifier) => classifier.IsInstanceOfType(@event);

    protected override Type GetClassifier(object @event) => @event.GetType();
}

/// <summary>The bus of a system: subscribe to a class and get whatever is published of it.</summary>
public class EventStream : LoggingBus
{
    /// <summary><paramref name="debug"/> is accepted for source compatibility.</summary>
    public EventStream(bool debug)
    {
        _ = debug;
    }

    public override bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        return base.Subscribe(subscriber, channel);
    }

    public override bool Unsubscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        return base.Unsubscribe(subscriber, channel);
    }

    public override bool Unsubscribe(IActorRef subscriber)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        return base.Unsubscribe(subscriber);
    }
}

/// <summary>Subscribing by type argument.</summary>
public static class EventStreamExtensions
{
    public static bool Subscribe<TChannel>(this EventStream eventStream, IActorRef subscriber) =>
        eventStream.Subscribe(subscriber, typeof(TChannel));

    public static bool Unsubscribe<TChannel>(this EventStream eventStream, IActorRef subscriber) =>
        eventStream.Unsubscribe(subscriber, typeof(TChannel));
}
