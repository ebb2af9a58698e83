using Akka.Actor;
using Akka.Event;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Relay;
using NatActors.Transports.Security;

namespace NatActors.Node.Relay;

/// <summary>
/// Takes one circuit that a relay announces on a stop stream, and hands it to the connections as a conduit to be secured end to end.
/// <code>
/// Reading --judged and answered OK--> hands over, stop
///    +-- refused, broken, too slow --> stop
/// </code>
/// </summary>
public sealed class AcceptActor : UntypedActor, IWithTimers
{
    /// <summary>How long the relay may take with its message (go-libp2p's accept timeout).</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private const string Circuit = "/p2p-circuit";

    private readonly NodeContext _node;
    private readonly StreamMessages.InboundStream _inbound;
    private readonly bool _relayIsOurs;
    private readonly CancellationTokenSource _cancel = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private bool _handedOver;

    /// <summary>Creates the actor; it starts to read at once.</summary>
    public AcceptActor(NodeContext node, StreamMessages.InboundStream inbound, bool relayIsOurs)
    {
        _node = node;
        _inbound = inbound;
        _relayIsOurs = relayIsOurs;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, Timeout);
        JudgeAsync().PipeTo(Self, failure: e => new Broken(e.Message));
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        if (!_handedOver)
        {
            _inbound.Stream.Reset();
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StopVerdict verdict: OnJudged(verdict); break;
            case Broken broken: Refused(broken.Reason); break;
            case TooSlow: Refused("the relay said nothing"); break;
            default: Unhandled(message); break;
        }
    }

    private async Task<StopVerdict> JudgeAsync()
    {
        var messages = new MessageStream(_inbound.Stream);
        var decoded = await RelayExchange.ReadStopAsync(messages, _cancel.Token);
        var connection = _inbound.Connection;
        var verdict = StopAccept.Judge(decoded, connection.Peer, _node.Self, _relayIsOurs, connection.Relayed);
        await messages.WriteMessageAsync(RelayCodec.Encode(verdict.Reply), _cancel.Token);
        if (verdict.Refusal is null)
        {
            messages.Release();
        }
        else
        {
            await _inbound.Stream.DisposeAsync();
        }

        return verdict;
    }

    private void OnJudged(StopVerdict verdict)
    {
        _handedOver = true;
        if (verdict.Refusal is { } refusal)
        {
            Refused(refusal);
            return;
        }

        var through = _inbound.Connection.RemoteAddress.WithPeerId(_inbound.Connection.Peer).Append(Circuit);
        var limits = verdict.Limits;
        var circuit = limits.Unlimited ? null : new CircuitMeter(limits, Context.System.Scheduler.HighResMonotonicClock);
        var conduit = new StreamConduit(_inbound.Stream, through, through, circuit);
        _node.Refs.Connections.Tell(new ConnectionsMessages.Adopt(conduit, ConnectionRole.Listener, ConnectionDirection.Inbound)
        {
            ExpectedPeer = verdict.Source,
            Relayed = true,
            Limits = RelayExchange.ToStreamLimits(limits),
        });
        Context.Stop(Self);
    }

    private void Refused(string reason)
    {
        _log.Info("Refused a circuit announced by {0}: {1}", _inbound.Connection.Peer, reason);
        Context.Stop(Self);
    }

    private sealed record Broken(string Reason);

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }
}
