using Akka.Actor;
using Akka.Event;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.AutoNat;

/// <summary>The messages of the <see cref="SecondPortServerActor"/>.</summary>
internal static class SecondPortServerMessages
{
    /// <summary>From the parent: others may be served, or not any more. What is under way goes on.</summary>
    public sealed record Serve(bool May);
}

/// <summary>
/// Opens second ports for observation (<see cref="SecondPortProtocol"/>), within the limits of <see cref="SecondPortServerRules"/>; served
/// while AutoNAT's answering side serves. Children: <c>port-n</c>, one port for one client; <c>refusal-n</c> says no.
/// <code>
/// Serve(true) --> the protocol is registered     an ask --within limits--> port-n
/// Serve(false) --> it is not any more               +--over them--> refusal-n, or cut
/// </code>
/// </summary>
internal sealed class SecondPortServerActor : UntypedActor
{
    private readonly NodeContext _node;
    private readonly SecondPortServerRules _rules;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IDisposable? _registration;
    private int _refusals;
    private long _lastChild;

    /// <summary>Creates the actor; it serves once it is told to.</summary>
    public SecondPortServerActor(NodeContext node)
    {
        _node = node;
        _rules = new SecondPortServerRules(node.Options.AutoNat.Server);
    }

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PostStop() => Unregister();

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SecondPortServerMessages.Serve serve: OnServe(serve.May); break;
            case StreamMessages.InboundStream inbound: OnInbound(inbound); break;
            case PortEnded: _rules.OnEnded(); break;
            case RefusalEnded: _refusals--; break;
            default: Unhandled(message); break;
        }
    }

    private void OnServe(bool may)
    {
        if (!may)
        {
            Unregister();
            return;
        }

        try
        {
            _registration ??= _node.Protocols.Register(SecondPortProtocol.Id, Self, allowLimited: false);
        }
        catch (InvalidOperationException taken)
        {
            _log.Warning("{0} is left to the application: {1}", SecondPortProtocol.Id, taken.Message);
        }
    }

    private void Unregister()
    {
        _registration?.Dispose();
        _registration = null;
    }

    private void OnInbound(StreamMessages.InboundStream inbound)
    {
        var connection = inbound.Connection;
        var client = new AutoNatClient(connection.Peer, connection.RemoteAddress, connection.Relayed);
        if (_registration is not null && _rules.OnAsk(client, Now))
        {
            var seed = new SecondPortSeed(inbound.Stream, client, connection.LocalAddress);
            Context.WatchWith(
                Context.ActorOf(Props.Create(typeof(SecondPortAnswerActor), _node, seed), $"port-{++_lastChild}"), PortEnded.Instance);
            return;
        }

        if (_refusals >= AutoNatServerActor.MaxRefusals)
        {
            inbound.Stream.Reset();
            return;
        }

        _refusals++;
        var refusal = SecondPortCodec.Encode(new SecondPortReply(SecondPortStatus.Refused));
        var teller = Context.ActorOf(Props.Create(typeof(ServerAnswerActor), inbound.Stream, refusal), $"refusal-{++_lastChild}");
        Context.WatchWith(teller, RefusalEnded.Instance);
    }

    private sealed record PortEnded
    {
        public static readonly PortEnded Instance = new();
    }

    private sealed record RefusalEnded
    {
        public static readonly RefusalEnded Instance = new();
    }
}
