using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Perf;
using NatActors.Protocols.Ping;

namespace NatActors.Node.Ping;

/// <summary>
/// Pings and measures peers, and answers theirs. One state; every stream is a child of its own: <c>ping-n</c>, <c>perf-n</c> for requests,
/// <c>answer-n</c> for inbound streams. Also serves the echo, where the options ask for it.
/// </summary>
public sealed class PingActor : UntypedActor
{
    /// <summary>Inbound measurements of one peer at once. Ours.</summary>
    public const int MaxPerfPerPeer = 2;

    /// <summary>Inbound measurements at once. Ours: each wants the whole line.</summary>
    public const int MaxPerf = 16;

    /// <summary>Requests that may wait until the pings of the same peer before them are done. Ours.</summary>
    public const int MaxWaitingPings = 64;

    private readonly NodeContext _node;
    private readonly List<IDisposable> _registrations = [];
    private readonly Dictionary<(IActorRef ReplyTo, long Id), IActorRef> _runs = [];
    private readonly Dictionary<PeerId, List<PingMessages.Ping>> _pinged = [];
    private readonly Dictionary<(string Protocol, PeerId Peer), int> _answering = [];
    private int _measured;
    private long _children;

    /// <summary>Creates the actor.</summary>
    public PingActor(NodeContext node) => _node = node;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        _registrations.Add(_node.Protocols.Register(PingProtocol.Id, Self, allowLimited: true));
        if (_node.Options.Perf)
        {
            _registrations.Add(_node.Protocols.Register(PerfProtocol.Id, Self, allowLimited: true));
        }

        if (_node.Options.Echo)
        {
            _registrations.Add(_node.Protocols.Register(EchoService.Id, Self, allowLimited: true));
        }
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        foreach (var ping in _pinged.Values.SelectMany(waiting => waiting))
        {
            ping.ReplyTo.Tell(new PingMessages.PingFailed(ping.Id, "the node is going down"));
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PingMessages.Ping ping: OnPing(ping); break;
            case PingMessages.Measure measure: OnMeasure(measure); break;
            case PingMessages.Cancel cancel: OnCancel(cancel); break;
            case StreamMessages.InboundStream inbound: OnInbound(inbound.Stream, inbound.Connection); break;
            case RunEnded ended: OnRunEnded(ended); break;
            case AnswerEnded ended: OnAnswerEnded(ended); break;
            default: Unhandled(message); break;
        }
    }

    private void OnPing(PingMessages.Ping ping)
    {
        if (ping.Count < 1)
        {
            ping.ReplyTo.Tell(new PingMessages.PingFailed(ping.Id, $"{ping.Count} pings cannot be sent; ask for at least one"));
        }
        else if (!_pinged.TryGetValue(ping.Peer, out var waiting))
        {
            _pinged.Add(ping.Peer, []);
            Run(ping.ReplyTo, ping.Id, ping.Peer, typeof(PingRunActor), ping);
        }
        else if (waiting.Count < MaxWaitingPings)
        {
            // specs ping/ping.md: one ping stream a peer, so the next one waits.
            waiting.Add(ping);
        }
        else
        {
            ping.ReplyTo.Tell(new PingMessages.PingFailed(ping.Id, "too many pings of the peer wait already"));
        }
    }

    private void OnMeasure(PingMessages.Measure measure) => Run(measure.ReplyTo, measure.Id, null, typeof(PerfRunActor), measure);

    private void Run(IActorRef replyTo, long id, PeerId? pinged, Type type, object request)
    {
        var name = pinged is null ? "perf" : "ping";
        var child = Context.ActorOf(Props.Create(type, _node, request), $"{name}-{++_children}");
        Context.WatchWith(child, new RunEnded(replyTo, id, pinged));
        _runs[(replyTo, id)] = child;
    }

    private void OnCancel(PingMessages.Cancel cancel)
    {
        if (_runs.TryGetValue((cancel.ReplyTo, cancel.Id), out var run))
        {
            run.Tell(cancel);
        }

        foreach (var waiting in _pinged.Values)
        {
            waiting.RemoveAll(ping => ping.Id == cancel.Id && ping.ReplyTo.Equals(cancel.ReplyTo));
        }
    }

    private void OnRunEnded(RunEnded ended)
    {
        _runs.Remove((ended.ReplyTo, ended.Id));
        if (ended.Pinged is not { } peer)
        {
            return;
        }

        if (_pinged.GetValueOrDefault(peer) is [var next, ..])
        {
            _pinged[peer].RemoveAt(0);
            Run(next.ReplyTo, next.Id, peer, typeof(PingRunActor), next);
        }
        else
        {
            _pinged.Remove(peer);
        }
    }

    private void OnInbound(PeerStream stream, ConnectionInfo connection)
    {
        var isPerf = stream.Protocol == PerfProtocol.Id;
        var key = (stream.Protocol, connection.Peer);
        var open = _answering.GetValueOrDefault(key);
        if (open >= MaxOf(stream.Protocol) || (isPerf && _measured >= MaxPerf))
        {
            stream.Reset();
            return;
        }

        _answering[key] = open + 1;
        _measured += isPerf ? 1 : 0;
        var answering = stream.Protocol == PingProtocol.Id
            ? Props.Create(typeof(PingAnswerActor), stream)
            : Props.Create(typeof(TransferAnswerActor), stream, _node.Options.Abuse.StallTimeout);
        var child = Context.ActorOf(answering, $"answer-{++_children}");
        Context.WatchWith(child, new AnswerEnded(stream.Protocol, connection.Peer));
    }

    private int MaxOf(string protocol) => protocol switch
    {
        PerfProtocol.Id => MaxPerfPerPeer,
        EchoService.Id => _node.Options.Abuse.EchoStreamsPerPeer,
        _ => PingProtocol.MaxInboundPerPeer,
    };

    private void OnAnswerEnded(AnswerEnded ended)
    {
        var key = (ended.Protocol, ended.Peer);
        _measured -= ended.Protocol == PerfProtocol.Id ? 1 : 0;
        if (_answering.GetValueOrDefault(key) is var open and > 1)
        {
            _answering[key] = open - 1;
        }
        else
        {
            _answering.Remove(key);
        }
    }

    private sealed record RunEnded(IActorRef ReplyTo, long Id, PeerId? Pinged);

    private sealed record AnswerEnded(string Protocol, PeerId Peer);
}
