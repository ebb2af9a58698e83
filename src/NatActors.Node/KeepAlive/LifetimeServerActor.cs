using Akka.Actor;
using Akka.Event;
using NatActors.Node.Streams;
using NatActors.Protocols.KeepAlive;

namespace NatActors.Node.KeepAlive;

/// <summary>
/// The answering side of <see cref="LifetimeProtocol"/>: decides by <see cref="LifetimeServerRules"/> whom it helps. One state. Children:
/// <c>ask-n</c>, the stream of one peer that measures; <c>mapping-n</c>, one measured connection.
/// </summary>
internal sealed class LifetimeServerActor : UntypedActor
{
    /// <summary>Streams at once, refused ones until they are told included. Ours: as many as the limits allow to ask in a burst.</summary>
    public const int MaxAsks = 128;

    /// <summary>Measured connections that have not shown their token yet, at most. Ours, as for handshakes.</summary>
    public const int MaxUnredeemed = 64;

    private readonly NodeContext _node;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<IActorRef, (StreamMessages.InboundStream Inbound, long Ask)> _asks = [];
    private readonly HashSet<IActorRef> _unredeemed = [];
    private LifetimeServerRules _rules = null!;
    private IDisposable? _registration;
    private long _lastChild;

    /// <summary>Creates the actor.</summary>
    public LifetimeServerActor(NodeContext node) => _node = node;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        _rules = new LifetimeServerRules(new LifetimeLimits(), _node.Random, Now);
        _registration = _node.Protocols.Register(LifetimeProtocol.Id, Self, allowLimited: false);
    }

    /// <inheritdoc />
    protected override void PostStop() => _registration?.Dispose();

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StreamMessages.InboundStream inbound: OnInbound(inbound); break;
            case KeepAliveMessages.Asked asked: OnAsked(asked.Question); break;
            case KeepAliveMessages.Opened opened: OnOpened(opened); break;
            case KeepAliveMessages.Redeem redeem: OnRedeem(redeem.Token); break;
            case AskEnded ended: OnAskEnded(ended.Actor); break;
            case MappingEnded ended: _unredeemed.Remove(ended.Actor); break;
            default: Unhandled(message); break;
        }
    }

    private void OnInbound(StreamMessages.InboundStream inbound)
    {
        if (_asks.Count >= MaxAsks || inbound.Connection.Relayed)
        {
            inbound.Stream.Reset();
            return;
        }

        var ask = Context.ActorOf(Props.Create(typeof(LifetimeAskActor), inbound.Stream, Self), $"ask-{++_lastChild}");
        Context.WatchWith(ask, new AskEnded(ask));
        _asks[ask] = (inbound, 0);
    }

    private void OnAsked(LifetimeMessage.Ask question)
    {
        if (!_asks.TryGetValue(Sender, out var ask) || ask.Inbound.Connection.RemoteAddress.Host is not { } source)
        {
            Sender.Tell(new KeepAliveMessages.Decided(new LifetimeDecision(LifetimeRefusal.OutOfRange, 0, [])));
            return;
        }

        var decision = _rules.OnAsk(ask.Inbound.Connection.Peer, source, question.Silences, Now);
        if (decision.Refusal != LifetimeRefusal.None)
        {
            _log.Debug("{0} is not helped to measure its mappings: {1}", ask.Inbound.Connection.Peer, decision.Refusal);
        }

        _asks[Sender] = (ask.Inbound, decision.Ask);
        Sender.Tell(new KeepAliveMessages.Decided(decision));
    }

    private void OnAskEnded(IActorRef actor)
    {
        if (_asks.Remove(actor, out var ask))
        {
            _rules.OnAskEnded(ask.Ask);
        }
    }

    private void OnOpened(KeepAliveMessages.Opened opened)
    {
        if (_unredeemed.Count >= MaxUnredeemed)
        {
            opened.Conduit.Abort();
            return;
        }

        var mapping = Context.ActorOf(Props.Create(typeof(SilentMappingActor), opened.Conduit, Self), $"mapping-{++_lastChild}");
        Context.WatchWith(mapping, new MappingEnded(mapping));
        _unredeemed.Add(mapping);
    }

    private void OnRedeem(ReadOnlyMemory<byte> token)
    {
        // From here on the ask's places count it.
        _unredeemed.Remove(Sender);
        var ticket = _rules.OnToken(token.Span, Now);
        var ask = ticket is null ? null : _asks.FirstOrDefault(a => a.Value.Ask == ticket.Ask).Key;
        Sender.Tell(new KeepAliveMessages.Redeemed(ask is null ? null : ticket, ask ?? ActorRefs.Nobody));
    }

    private sealed record AskEnded(IActorRef Actor);

    private sealed record MappingEnded(IActorRef Actor);
}
