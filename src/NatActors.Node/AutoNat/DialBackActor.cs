using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Negotiation;
using NatActors.Node.Port;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.AutoNat;

/// <summary>One dial-back.</summary>
/// <param name="Peer">Who must prove itself at the address.</param>
/// <param name="Address">Where to.</param>
/// <param name="Nonce">What is handed over; null when the connection itself is the message (version 1).</param>
/// <param name="DialTimeout">How long the connect may take.</param>
internal sealed record DialBackOrder(PeerId Peer, Multiaddr Address, ulong? Nonce, TimeSpan DialTimeout);

/// <summary>
/// One dial-back: a connection from a new port, under a throwaway identity, that the node's table of connections never sees, so that it can
/// be nobody's connection to this node; the nonce on one stream; an orderly close.
/// <code>
/// Dialing --connected--> Upgrading --secured, muxed--> HandingOver --receipt, failure--> tells --> Closing --link ended--> stop
///    |                       |                              +--link broken, too slow------^
///    |                       +--no nonce to hand over (version 1)---------------------------^
///    +--not connected--------+--refused, broken, too slow--> tells, stop
/// the requester is gone --> stop
/// </code>
/// </summary>
internal sealed class DialBackActor : UntypedActor, IWithTimers
{
    private const long DialId = 1;

    private readonly NodeContext _node;
    private readonly DialBackOrder _order;
    private readonly IActorRef _replyTo;
    private readonly CancellationTokenSource _cancel = new();
    private readonly CancellationTokenSource _cancelClose = new();
    private IConduit? _conduit;
    private IMuxedLink? _link;
    private bool _told;

    /// <summary>Creates the actor; it dials at once.</summary>
    /// <param name="node">The node, with the throwaway identity in its security upgrades.</param>
    /// <param name="order">What to do.</param>
    /// <param name="replyTo">Who gets the one answer.</param>
    public DialBackActor(NodeContext node, DialBackOrder order, IActorRef replyTo)
    {
        _node = node;
        _order = order;
        _replyTo = replyTo;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Context.WatchWith(_replyTo, RequesterGone.Instance);
        _node.Refs.Ports.Tell(new PortMessages.Dial(DialId, _order.Address, DialPort.Fresh, _order.DialTimeout, Self));
        Become(Dialing);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        _cancelClose.Cancel();
        _link?.Abort();
        if (_conduit is { } conduit)
        {
            conduit.Abort();
        }
        else
        {
            _node.Refs.Ports.Tell(new PortMessages.CancelDial(DialId, Self));
        }

        Tell(DialBackOutcome.NotTried, "the dial-back was cut short");
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Dialing(object message)
    {
        switch (message)
        {
            case PortMessages.Dialed dialed: OnDialed(dialed.Conduit); break;
            case PortMessages.DialFailed failed: OnDialFailed(failed.Failure); break;
            case RequesterGone: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Upgrading(object message)
    {
        switch (message)
        {
            case ConnectionMessages.UpgradeDone done: OnUpgraded(done); break;
            case TooSlow: End(DialBackOutcome.DialError, "the handshake took too long"); break;
            case RequesterGone: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void HandingOver(object message)
    {
        switch (message)
        {
            case HandedOver done: OnHandedOver(done); break;
            case TooSlow: OnHandedOver(new HandedOver("the nonce took too long")); break;
            case LinkEnd end: End(DialBackOutcome.DialBackError, end.Detail); break;
            case RequesterGone: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Closing(object message)
    {
        switch (message)
        {
            case LinkEnd: Context.Stop(Self); break;
            case GraceOver: _cancelClose.Cancel(); break;
            case Flushed or HandedOver or TooSlow or RequesterGone: break;
            default: Unhandled(message); break;
        }
    }

    private void OnDialed(IConduit conduit)
    {
        _conduit = conduit;
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, _node.Options.AutoNat.Server.DialBackTimeout);
        var seed = new ConnectionSeed
        {
            Id = _node.NextConnectionId(),
            Conduit = conduit,
            Role = ConnectionRole.Dialer,
            Direction = ConnectionDirection.Outbound,
            ExpectedPeer = _order.Peer,
        };
        var scheduler = Context.System.Scheduler;
        ConnectionUpgrade.RunAsync(_node, seed, () => scheduler.HighResMonotonicClock, Task.CompletedTask, _cancel.Token)
            .PipeTo(Self, failure: e => new ConnectionMessages.UpgradeDone(null, e.Message));
        Become(Upgrading);
    }

    /// <summary>What this node could not even send is no word about the client's address.</summary>
    private void OnDialFailed(ConnectFailure failure)
    {
        var triedNothing = failure.Kind
            is ConnectFailureKind.Aborted or ConnectFailureKind.NotPermitted or ConnectFailureKind.TupleInUse
            or ConnectFailureKind.Superseded or ConnectFailureKind.Accepted;
        End(triedNothing ? DialBackOutcome.NotTried : DialBackOutcome.DialError, failure.Detail);
    }

    private void OnUpgraded(ConnectionMessages.UpgradeDone done)
    {
        if (done.Result is not { } result)
        {
            End(DialBackOutcome.DialError, done.Failure ?? "the handshake failed");
            return;
        }

        _link = result.Link;
        _link.RunAsync(Deaf.Instance).PipeTo(Self, failure: e => new LinkEnd(LinkEndKind.TransportBroken, e.Message));
        if (_order.Nonce is { } nonce)
        {
            HandOverAsync(_link, nonce).PipeTo(Self, failure: e => new HandedOver(e.Message));
            Become(HandingOver);
        }
        else
        {
            Tell(DialBackOutcome.Reached, "connected");
            Close();
        }
    }

    private async Task<HandedOver> HandOverAsync(IMuxedLink link, ulong nonce)
    {
        if (link.TryOpenStream() is not { } raw)
        {
            return new HandedOver("no stream could be opened");
        }

        var agreed = await StreamNegotiation.ProposeAsync(raw, [AutoNatProtocol.V2DialBack], _cancel.Token);
        if (agreed.Protocol is not { } protocol)
        {
            return new HandedOver(agreed.Failure);
        }

        var stream = new PeerStream(raw, _order.Peer, protocol, relayed: false, limits: null, lazy: false, agreed.Leftover);
        return new HandedOver(await ServerExchange.HandOverAsync(stream, nonce, _cancel.Token) ? null : "the client gave no receipt");
    }

    private void OnHandedOver(HandedOver done)
    {
        Tell(done.Failure is null ? DialBackOutcome.Reached : DialBackOutcome.DialBackError, done.Failure ?? "the nonce was handed over");
        Close();
    }

    /// <summary>In order, so that the last bytes arrive; the requester has its answer already.</summary>
    private void Close()
    {
        _cancel.Cancel();
        Timers.StartSingleTimer(nameof(GraceOver), GraceOver.Instance, ConnectionActor.CloseGrace);
        _link!.CloseAsync(_cancelClose.Token).AsTask().PipeTo(Self, success: () => Flushed.Instance, failure: _ => Flushed.Instance);
        Become(Closing);
    }

    private void End(DialBackOutcome outcome, string detail)
    {
        Tell(outcome, detail);
        Context.Stop(Self);
    }

    private void Tell(DialBackOutcome outcome, string detail)
    {
        if (!_told)
        {
            _told = true;
            _node.Metrics.OnDialBack(outcome);
            _replyTo.Tell(new AutoNatServerMessages.DialedBack(_order.Address, outcome, detail));
        }
    }

    /// <summary>The client may want to identify this end; it is nobody, and refuses every stream.</summary>
    private sealed class Deaf : IMuxedLinkEvents
    {
        public static readonly Deaf Instance = new();

        public bool StreamOpened(IMuxedStream stream) => false;

        public void StreamEnded(IMuxedStream stream, StreamEnd end)
        {
        }

        public void RoundTripMeasured(TimeSpan roundTripTime)
        {
        }
    }

    private sealed record HandedOver(string? Failure) : IDeadLetterSuppression;

    private sealed record Flushed : IDeadLetterSuppression
    {
        public static readonly Flushed Instance = new();
    }

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }

    private sealed record GraceOver
    {
        public static readonly GraceOver Instance = new();
    }

    private sealed record RequesterGone
    {
        public static readonly RequesterGone Instance = new();
    }
}
