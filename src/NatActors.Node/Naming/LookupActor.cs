using Akka.Actor;
using NatActors.Protocols.Naming;

namespace NatActors.Node.Naming;

/// <summary>
/// One question to the name servers (<see cref="DnsLookup"/>), each try over a socket of its own.
/// <code>
/// Asking --answered, failed, too slow--> asks the next, or tells the resolver LookedUp and stops
/// </code>
/// </summary>
public sealed class LookupActor : UntypedActor, IWithTimers
{
    private readonly NodeContext _node;
    private readonly DnsLookup _lookup;
    private readonly IActorRef _resolver;
    private CancellationTokenSource _cancel = new();

    /// <summary>Creates the actor; it asks at once.</summary>
    public LookupActor(NodeContext node, DnsQuestion question, DnsLookupOptions options, IActorRef resolver)
    {
        _node = node;
        _lookup = new DnsLookup(question, options, node.Random);
        _resolver = resolver;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override void PreStart() => Apply(_lookup.Start(Now));

    /// <inheritdoc />
    protected override void PostStop() => _cancel.Cancel();

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Answered answered: Apply(_lookup.OnAnswer(answered.Try, answered.Message.Span, Now)); break;
            case AskFailed failed: Apply(_lookup.OnAskFailed(failed.Try, failed.Reason, Now)); break;
            case Deadline: Apply(_lookup.OnDeadline(Now)); break;
            default: Unhandled(message); break;
        }
    }

    private void Apply(DnsLookupEffect? effect)
    {
        switch (effect)
        {
            case DnsLookupEffect.Ask ask: Send(ask); break;
            case DnsLookupEffect.Finished finished: Finish(finished.Outcome); break;
        }

        Timers.WakeAt(nameof(Deadline), Deadline.Instance, _lookup.NextDeadline, Now);
    }

    private void Send(DnsLookupEffect.Ask ask)
    {
        _cancel.Cancel();
        _cancel = new CancellationTokenSource();
        _node.NameServerExchange
            .AskAsync(ask.Server, ask.Query, ask.OverTcp, message => DnsCodec.MayAnswer(ask.Query.Span, message.Span), _cancel.Token)
            .PipeTo(Self, success: message => new Answered(ask.Try, message), failure: e => new AskFailed(ask.Try, e.Message));
    }

    private void Finish(DnsOutcome outcome)
    {
        _resolver.Tell(new ResolverMessages.LookedUp(_lookup.Question, outcome));
        Context.Stop(Self);
    }

    // Of a try that was given up for the next one, or for good, nobody waits.
    private sealed record Answered(int Try, ReadOnlyMemory<byte> Message) : Akka.Event.IDeadLetterSuppression;

    private sealed record AskFailed(int Try, string Reason) : Akka.Event.IDeadLetterSuppression;

    private sealed record Deadline
    {
        public static readonly Deadline Instance = new();
    }
}
