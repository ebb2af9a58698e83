using Akka.Util;

namespace Akka.Actor;

/// <summary>Only the failed child is restarted or stopped.</summary>
public class OneForOneStrategy : SupervisorStrategy, IEquatable<OneForOneStrategy>
{
    private readonly IDecider _decider;

    /// <summary>The default decider, no limit of restarts.</summary>
    public OneForOneStrategy()
        : this(DefaultDecider)
    {
    }

    public OneForOneStrategy(IDecider decider)
        : this(-1, -1, decider)
    {
    }

    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, localOnlyDecider)
    {
    }

    /// <summary>At most this many restarts within the time; null is no limit.</summary>
    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries ?? -1, MillisecondsOf(withinTimeRange), localOnlyDecider)
    {
    }

    /// <summary>At most this many restarts within the time; null is no limit.</summary>
    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, IDecider decider)
        : this(maxNrOfRetries ?? -1, MillisecondsOf(withinTimeRange), decider)
    {
    }

    /// <summary>At most this many restarts within the milliseconds; -1 is no limit.</summary>
    public OneForOneStrategy(
        int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(maxNrOfRetries, withinTimeMilliseconds, new LocalOnlyDecider(localOnlyDecider), loggingEnabled)
    {
    }

    /// <summary>At most this many restarts within the milliseconds; -1 is no limit.</summary>
    public OneForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, IDecider decider, bool loggingEnabled = true)
    {
        MaxNumberOfRetries = maxNrOfRetries;
        WithinTimeRangeMilliseconds = withinTimeMilliseconds;
        _decider = decider;
        LoggingEnabled = loggingEnabled;
    }

    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(-1, -1, localOnlyDecider, loggingEnabled)
    {
    }

    /// <summary>-1: no limit; 0: a failed child is never restarted.</summary>
    public int MaxNumberOfRetries { get; }

    /// <summary>-1: retries are counted over the child's life.</summary>
    public int WithinTimeRangeMilliseconds { get; }

    public override IDecider Decider => _decider;

    private protected override bool HitsAllChildren => false;

    private protected override int RetryLimit => MaxNumberOfRetries;

    private protected override TimeSpan RetryWindow => WindowOf(WithinTimeRangeMilliseconds);

    /// <summary>The same with another limit.</summary>
    public OneForOneStrategy WithMaxNrOfRetries(int maxNrOfRetries) =>
        new(maxNrOfRetries, WithinTimeRangeMilliseconds, _decider, LoggingEnabled);

    public override ISurrogate ToSurrogate(ActorSystem system) => new StrategySurrogate(this);

    public bool Equals(OneForOneStrategy? other) =>
        other is not null && MaxNumberOfRetries == other.MaxNumberOfRetries
            && WithinTimeRangeMilliseconds == other.WithinTimeRangeMilliseconds && Equals(Decider, other.Decider);

    public override bool Equals(object? obj) => Equals(obj as OneForOneStrategy);

    public override int GetHashCode() => HashCode.Combine(MaxNumberOfRetries, WithinTimeRangeMilliseconds, Decider);

    protected override Directive Handle(IActorRef child, Exception exception) => _decider.Decide(exception);
}
