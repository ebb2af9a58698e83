using Akka.Util;

namespace Akka.Actor;

/// <summary>When one child fails, all are restarted or stopped.</summary>
public class AllForOneStrategy : SupervisorStrategy, IEquatable<AllForOneStrategy>
{
    private readonly IDecider _decider;

    /// <summary>The default decider, no limit of restarts.</summary>
    public AllForOneStrategy()
        : this(DefaultDecider)
    {
    }

    public AllForOneStrategy(IDecider decider)
        : this(-1, -1, decider)
    {
    }

    public AllForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, localOnlyDecider)
    {
    }

    /// <summary>At most this many restarts within the time; null is no limit.</summary>
    public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries ?? -1, MillisecondsOf(withinTimeRange), localOnlyDecider)
    {
    }

    /// <summary>At most this many restarts within the time; null is no limit.</summary>
    public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, IDecider decider)
        : this(maxNrOfRetries ?? -1, MillisecondsOf(withinTimeRange), decider)
    {
    }

    /// <summary>At most this many restarts within the milliseconds; -1 is no limit.</summary>
    public AllForOneStrategy(
        int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(maxNrOfRetries, withinTimeMilliseconds, new LocalOnlyDecider(localOnlyDecider), loggingEnabled)
    {
    }

    /// <summary>At most this many restarts within the milliseconds; -1 is no limit.</summary>
    public AllForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, IDecider decider, bool loggingEnabled = true)
    {
        MaxNumberOfRetries = maxNrOfRetries;
        WithinTimeRangeMilliseconds = withinTimeMilliseconds;
        _decider = decider;
        LoggingEnabled = loggingEnabled;
    }

    /// <summary>-1: no limit; 0: a failed child is never restarted.</summary>
    public int MaxNumberOfRetries { get; }

    /// <summary>-1: retries are counted over the child's life.</summary>
    public int WithinTimeRangeMilliseconds { get; }

    public override IDecider Decider => _decider;

    private protected override bool HitsAllChildren => true;

    private protected override int RetryLimit => MaxNumberOfRetries;

    private protected override TimeSpan RetryWindow => WindowOf(WithinTimeRangeMilliseconds);

    public override ISurrogate ToSurrogate(ActorSystem system) => new StrategySurrogate(this);

    public bool Equals(AllForOneStrategy? other) =>
        other is not null && MaxNumberOfRetries == other.MaxNumberOfRetries
            && WithinTimeRangeMilliseconds == other.WithinTimeRangeMilliseconds && Equals(Decider, other.Decider);

    public override bool Equals(object? obj) => Equals(obj as AllForOneStrategy);

    public override int GetHashCode() => HashCode.Combine(MaxNumberOfRetries, WithinTimeRangeMilliseconds, Decider);

    protected override Directive Handle(IActorRef child, Exception exception) => _decider.Decide(exception);
}
