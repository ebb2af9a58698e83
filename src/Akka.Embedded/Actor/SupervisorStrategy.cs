using Akka.Event;
using Akka.Util;

namespace Akka.Actor;

/// <summary>What to do with a failed child.</summary>
public enum Directive
{
    /// <summary>Go on with the same instance; the message that failed is lost.</summary>
    Resume,

    /// <summary>Go on with a new instance.</summary>
    Restart,

    /// <summary>The supervisor fails itself.</summary>
    Escalate,

    /// <summary>Stop the child.</summary>
    Stop,
}

/// <summary>Decides by the exception.</summary>
public interface IDecider
{
    /// <summary>What to do with a child that threw <paramref name="cause"/>.</summary>
    Directive Decide(Exception cause);
}

/// <summary>A decider of a function.</summary>
public class LocalOnlyDecider(Func<Exception, Directive> decider) : IDecider
{
    public Directive Decide(Exception cause) => decider(cause);
}

/// <summary>A decider of a table; types are tried in order, then the default.</summary>
public class DeployableDecider : IDecider
{
    protected DeployableDecider()
        : this(Directive.Restart)
    {
    }

    public DeployableDecider(Directive defaultDirective, IEnumerable<KeyValuePair<Type, Directive>> pairs)
        : this(defaultDirective, pairs.ToArray())
    {
    }

    public DeployableDecider(Directive defaultDirective, params KeyValuePair<Type, Directive>[] pairs)
    {
        DefaultDirective = defaultDirective;
        Pairs = pairs;
    }

    public Directive DefaultDirective { get; }

    public KeyValuePair<Type, Directive>[] Pairs { get; }

    public Directive Decide(Exception cause)
    {
        foreach (var (type, directive) in Pairs)
        {
            if (type.IsInstanceOfType(cause))
            {
                return directive;
            }
        }

        return DefaultDirective;
    }
}

/// <summary>Makes deciders.</summary>
public static class Decider
{
    public static LocalOnlyDecider From(Func<Exception, Directive> localOnlyDecider) => new(localOnlyDecider);

    public static DeployableDecider From(Directive defaultDirective, params KeyValuePair<Type, Directive>[] pairs) =>
        new(defaultDirective, pairs);

    public static DeployableDecider From(Directive defaultDirective, IEnumerable<KeyValuePair<Type, Directive>> pairs) =>
        new(defaultDirective, pairs);
}

/// <summary>How a parent answers failures of its children. Use <see cref="OneForOneStrategy"/> or <see cref="AllForOneStrategy"/>.</summary>
public abstract class SupervisorStrategy : ISurrogated
{
    /// <summary>Stops what could not be initialised or was killed, restarts the rest.</summary>
    public static readonly IDecider DefaultDecider = Actor.Decider.From(cause => cause switch
    {
        ActorInitializationException or ActorKilledException or DeathPactException => Directive.Stop,
        _ => Directive.Restart,
    });

    /// <summary>Stops whatever fails.</summary>
    public static readonly OneForOneStrategy StoppingStrategy = new(_ => Directive.Stop);

    /// <summary>One for one by <see cref="DefaultDecider"/>, without a limit of restarts.</summary>
    public static readonly SupervisorStrategy DefaultStrategy = new OneForOneStrategy(DefaultDecider);

    private protected SupervisorStrategy()
    {
    }

    /// <summary>What decides.</summary>
    public abstract IDecider Decider { get; }

    /// <summary>Whether failures are logged.</summary>
    protected bool LoggingEnabled { get; set; } = true;

    private protected abstract bool HitsAllChildren { get; }

    private protected abstract int RetryLimit { get; }

    private protected abstract TimeSpan RetryWindow { get; }

    public abstract ISurrogate ToSurrogate(ActorSystem system);

    /// <summary>What to do with <paramref name="child"/>.</summary>
    protected abstract Directive Handle(IActorRef child, Exception exception);

    /// <summary>Publishes what happened, if <see cref="LoggingEnabled"/>.</summary>
    protected virtual void LogFailure(IActorContext context, IActorRef child, Exception cause, Directive directive)
    {
        if (!LoggingEnabled || directive == Directive.Escalate)
        {
            return;
        }

        var inner = cause is ActorInitializationException { InnerException: { } reason } ? reason : cause;
        while (inner is TypeLoadException or System.Reflection.TargetInvocationException && inner.InnerException is not null)
        {
            inner = inner.InnerException;
        }

        context.System.EventStream.Publish(directive == Directive.Resume
            ? new Warning(child.Path.ToString(), GetType(), inner.Message)
            : new Error(cause, child.Path.ToString(), GetType(), inner.Message));
    }

    /// <summary>Carries the decision out; false asks the parent to fail itself.</summary>
    internal bool HandleFailure(ActorCell parent, LocalRef child, Exception cause)
    {
        var directive = Handle(child, cause);
        switch (directive)
        {
            case Directive.Escalate:
                LogFailure(parent, child, cause, directive);
                return false;
            case Directive.Resume:
                LogFailure(parent, child, cause, directive);
                child.Resume(cause);
                return true;
            default:
                LogFailure(parent, child, cause, directive);
                Process(parent, directive == Directive.Restart, child, cause);
                return true;
        }
    }

    private void Process(ActorCell parent, bool restart, LocalRef failed, Exception cause)
    {
        LocalRef[] hit = HitsAllChildren ? [.. parent.ChildRefs()] : [failed];
        var allowed = restart;
        if (restart)
        {
            foreach (var child in hit)
            {
                allowed &= parent.MayRestart(child, RetryLimit, RetryWindow);
            }
        }

        foreach (var child in hit)
        {
            if (!allowed)
            {
                parent.Stop(child);
                continue;
            }

            if (!ReferenceEquals(child, failed))
            {
                child.Suspend();
            }

            child.Restart(cause);
        }
    }

    private protected static TimeSpan WindowOf(int milliseconds) =>
        milliseconds <= 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(milliseconds);

    private protected static int MillisecondsOf(TimeSpan? window) => window is { } time ? (int)time.TotalMilliseconds : -1;

    private protected sealed class StrategySurrogate(SupervisorStrategy strategy) : ISurrogate
    {
        public ISurrogated FromSurrogate(ActorSystem system) => strategy;
    }
}
