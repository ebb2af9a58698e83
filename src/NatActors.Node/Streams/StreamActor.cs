using Akka.Actor;
using Akka.Event;
using NatActors.Node.Connections;
using NatActors.Node.Muxing;
using NatActors.Node.Negotiation;
using NatActors.Node.Resources;
using NatActors.Transports.Muxing;
using NatActors.Wire.Negotiation;

namespace NatActors.Node.Streams;

/// <summary>One stream to be: the raw stream, its connection, and for an outbound one the request it answers.</summary>
/// <param name="Raw">The raw stream.</param>
/// <param name="Connection">Its connection.</param>
/// <param name="Request">The request, null for an inbound stream.</param>
/// <param name="Lazy">True when the peer is known to speak the one protocol proposed, so that negotiation need not be waited for.</param>
public sealed record StreamSeed(IMuxedStream Raw, ConnectionInfo Connection, ConnectionsMessages.OpenStream? Request, bool Lazy)
{
    /// <summary>What the stream holds; closed by its actor.</summary>
    internal StreamResources? Resources { get; init; }
}

/// <summary>
/// One protocol stream: negotiates, hands the stream to its owner, and stays until the raw stream has ended.
/// <code>
/// Negotiating --protocol agreed--> Open --raw stream ended; handler done, or taken by its actor--> stop
///      +--failed, too slow, raw stream ended: reset, answer once--> stop
/// </code>
/// </summary>
public sealed class StreamActor : UntypedActor, IWithTimers
{
    private readonly NodeContext _node;
    private readonly StreamSeed _seed;
    private readonly CancellationTokenSource _cancel = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private bool _answered;
    private bool _rawEnded;
    private bool _ownerBusy;

    /// <summary>Creates the actor; negotiation starts at once.</summary>
    public StreamActor(NodeContext node, StreamSeed seed)
    {
        _node = node;
        _seed = seed;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Become(Negotiating);
        if (_seed.Request is { } request && _seed.Lazy)
        {
            OnAgreed(new Agreed(Stream(request.Protocols[0], lazy: true), null));
            return;
        }

        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, _node.Options.Connections.StreamNegotiationTimeout);
        NegotiateAsync().PipeTo(Self, failure: e => Agreed.Not(KindOf(e), e.Message));
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        if (!_rawEnded)
        {
            _seed.Raw.Reset();
        }

        Answer(StreamFailureKind.ConnectionLost, "the connection went away");
        _seed.Resources?.Close();
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Negotiating(object message)
    {
        switch (message)
        {
            case Agreed agreed: OnAgreed(agreed); break;
            case TooSlow: OnTooSlow(); break;
            case StreamMessages.StreamEnded ended: OnEndedEarly(ended.End); break;
            default: Unhandled(message); break;
        }
    }

    private void Open(object message)
    {
        switch (message)
        {
            case StreamMessages.StreamEnded: _rawEnded = true; StopWhenDone(); break;
            case HandlerDone done: OnHandlerDone(done); break;
            case Taken: _ownerBusy = false; StopWhenDone(); break;
            default: Unhandled(message); break;
        }
    }

    private async Task<Agreed> NegotiateAsync()
    {
        var result = _seed.Request is { } request
            ? await StreamNegotiation.ProposeAsync(_seed.Raw, request.Protocols, _cancel.Token)
            : await StreamNegotiation.AnswerAsync(
                _seed.Raw,
                id => _node.Protocols.Find(id, _seed.Connection.Limited) is not null,
                _cancel.Token,
                _node.Options.Abuse.NegotiationRounds);
        return result.Protocol is { } protocol
            ? new Agreed(Stream(protocol, lazy: false, result.Leftover), null)
            : Agreed.Not(KindOf(result.Reason), result.Failure!);
    }

    private PeerStream Stream(string protocol, bool lazy, ReadOnlyMemory<byte> leftover = default) =>
        new(_seed.Raw, _seed.Connection.Peer, protocol, _seed.Connection.Relayed, _seed.Connection.Limits, lazy, leftover);

    private void OnAgreed(Agreed agreed)
    {
        Timers.Cancel(nameof(TooSlow));
        if (agreed.Stream is not { } stream)
        {
            Fail(agreed.Failure!.Kind, agreed.Failure.Detail);
            return;
        }

        if (_seed.Resources?.Agree(stream.Protocol) is { } refusal)
        {
            Fail(StreamFailureKind.ResourceLimit, refusal.Describe());
            return;
        }

        Become(Open);
        if (_seed.Request is { } request)
        {
            _answered = true;
            request.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(request.Id, stream, _seed.Connection));
            return;
        }

        Serve(stream);
    }

    private void Serve(PeerStream stream)
    {
        switch (_node.Protocols.Find(stream.Protocol, _seed.Connection.Limited))
        {
            case { Actor: { } actor }:
                // Until the actor has looked at it, it keeps its place on the connection, ended or not: else a peer that opens and resets
                // streams as fast as it can would fill that actor's mailbox.
                _ownerBusy = true;
                stream.WhenTaken(TellTaken(Self));
                actor.Tell(new StreamMessages.InboundStream(stream, _seed.Connection));
                break;
            case { Handler: { } handler }:
                _ownerBusy = true;
                RunHandlerAsync(handler, stream).PipeTo(Self, failure: e => new HandlerDone(e));
                break;
            default:
                Context.Stop(Self);
                break;
        }
    }

    private static Action TellTaken(IActorRef self) => () => self.Tell(Taken.Instance, ActorRefs.NoSender);

    private async Task<HandlerDone> RunHandlerAsync(StreamHandler handler, PeerStream stream)
    {
        await handler(stream, _node.Stopping);
        await stream.DisposeAsync();
        return new HandlerDone(null);
    }

    private void OnHandlerDone(HandlerDone done)
    {
        _ownerBusy = false;
        if (done.Failure is { } failure)
        {
            if (failure is not (IOException or OperationCanceledException))
            {
                _log.Warning("The handler of a stream from {0} failed: {1}", _seed.Connection.Peer, failure.Message);
            }

            _seed.Raw.Reset();
        }

        StopWhenDone();
    }

    private void StopWhenDone()
    {
        if (_rawEnded && !_ownerBusy)
        {
            Context.Stop(Self);
        }
    }

    private void OnTooSlow() =>
        Fail(StreamFailureKind.NegotiationFailed, $"no protocol agreed within {_node.Options.Connections.StreamNegotiationTimeout.TotalSeconds:0.#} s");

    private void OnEndedEarly(StreamEnd end)
    {
        _rawEnded = true;
        Fail(
            end is StreamEnd.LinkLost ? StreamFailureKind.ConnectionLost : StreamFailureKind.NegotiationFailed,
            end is StreamEnd.LinkLost ? "the connection went away" : "the stream ended before a protocol was agreed");
    }

    private void Fail(StreamFailureKind kind, string detail)
    {
        Answer(kind, detail);
        Context.Stop(Self);
    }

    private void Answer(StreamFailureKind kind, string detail)
    {
        if (!_answered && _seed.Request is { } request)
        {
            _answered = true;
            request.ReplyTo.Tell(new ConnectionsMessages.StreamFailed(request.Id, new StreamFailure(kind, detail)));
        }
    }

    private static StreamFailureKind KindOf(Exception failure) => failure is MuxedStreamException { End: StreamEnd.LinkLost }
        ? StreamFailureKind.ConnectionLost
        : StreamFailureKind.NegotiationFailed;

    private static StreamFailureKind KindOf(NegotiationFailure reason) => reason == NegotiationFailure.NoCommonProtocol
        ? StreamFailureKind.ProtocolNotSupported
        : StreamFailureKind.NegotiationFailed;

    /// <summary>Exactly one of the two is set. A peer that resets early has it come too late, as often as it likes: that is no news.</summary>
    private sealed record Agreed(PeerStream? Stream, StreamFailure? Failure) : IDeadLetterSuppression
    {
        public static Agreed Not(StreamFailureKind kind, string detail) => new(null, new StreamFailure(kind, detail));
    }

    private sealed record HandlerDone(Exception? Failure) : IDeadLetterSuppression;

    private sealed record Taken : IDeadLetterSuppression
    {
        public static readonly Taken Instance = new();
    }

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }
}
