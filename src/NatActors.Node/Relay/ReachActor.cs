using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Muxing;
using NatActors.Node.Streams;
using NatActors.Protocols.Relay;
using NatActors.Transports.Muxing;

namespace NatActors.Node.Relay;

/// <summary>
/// Asks a relay for one circuit and hands it over as a conduit. Ends with its one answer, or silently when cancelled.
/// <code>
/// Connecting --to the relay--> Opening --hop stream--> Asking --STATUS OK--> answers Connected, stop
///      ^                        +------------------------+-- the connection to the relay is lost --> again, a few times
///      +-- the same, and: failed, too slow --> answers ConnectFailed, stop
/// </code>
/// A stream still being opened at the end is waited for (Draining), so that it can be reset.
/// </summary>
public sealed class ReachActor : UntypedActor, IWithTimers
{
    /// <summary>All of it, the destination's answer included. Ours; go-libp2p gives its relay 30 s to connect.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often the relay is dialed again: a connection that was there may turn out dead just by being used. Ours.
    /// </summary>
    public const int MaxRedials = 2;

    /// <summary>Before dialing again: for the loss to be known everywhere, lest the same connection is handed out again. Ours.</summary>
    public static readonly TimeSpan RedialAfter = TimeSpan.FromMilliseconds(100);

    private const long DialId = 1;
    private const long StreamId = 2;
    private const string Circuit = "/p2p-circuit";

    private readonly NodeContext _node;
    private readonly RelayClientMessages.Connect _request;
    private readonly PeerId _relay;
    private readonly CancellationTokenSource _cancel = new();
    private PeerStream? _stream;
    private Multiaddr? _through;
    private bool _opening;
    private bool _answered;
    private int _redials;

    /// <summary>Creates the actor; it starts at once.</summary>
    public ReachActor(NodeContext node, RelayClientMessages.Connect request)
    {
        _node = node;
        _request = request;
        _relay = request.Relay.PeerId ?? throw new ArgumentException("A relay's address has to end in its peer id.", nameof(request));
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, Timeout);
        Become(Connecting);
        if (_request.Target.Equals(_node.Self) || _relay.Equals(_node.Self) || _relay.Equals(_request.Target))
        {
            Fail("a circuit from this node to itself, through itself, or to the relay makes no sense");
            return;
        }

        Dial();
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        _stream?.Reset();
        Answer(new RelayClientMessages.ConnectFailed(_request.Id, "the relay client stopped"));
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Connecting(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.Dialed dialed: OnDialed(dialed.Connection); break;
            case Redial: Dial(); break;
            case ConnectionsMessages.DialFailed failed: Fail($"the relay cannot be reached: {failed.Failure.Detail}"); break;
            default: Always(message); break;
        }
    }

    private void Opening(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: OnOpened(opened.Stream); break;
            case ConnectionsMessages.StreamFailed failed: OnStreamFailed(failed.Failure); break;
            default: Always(message); break;
        }
    }

    private void Asking(object message)
    {
        switch (message)
        {
            case Answered answered: OnAnswered(answered); break;
            default: Always(message); break;
        }
    }

    private void Draining(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: opened.Stream.Reset(); Context.Stop(Self); break;
            case ConnectionsMessages.StreamFailed: Context.Stop(Self); break;
            case TooSlow or Suspicious or RelayClientMessages.CancelConnect: break;
            default: Unhandled(message); break;
        }
    }

    private void Always(object message)
    {
        switch (message)
        {
            case Suspicious late: _node.Refs.Connections.Tell(new ConnectionsMessages.CheckConnection(late.Connection)); break;
            case TooSlow: Fail($"no circuit within {Timeout.TotalSeconds:0} s"); break;
            case RelayClientMessages.CancelConnect: OnCancelled(); break;
            default: Unhandled(message); break;
        }
    }

    private void Dial() =>
        _node.Refs.Connections.Tell(new ConnectionsMessages.Dial(DialId, _relay, [_request.Relay], Self) { ForceDirect = true });

    private void OnRelayLost(string reason)
    {
        if (_redials == MaxRedials)
        {
            Fail(reason);
            return;
        }

        _redials++;
        _stream?.Reset();
        _stream = null;
        _through = null;
        Become(Connecting);
        Timers.StartSingleTimer(nameof(Redial), Redial.Instance, RedialAfter);
    }

    private void OnDialed(ConnectionInfo relay)
    {
        _through = relay.RemoteAddress.WithPeerId(_relay).Append(Circuit);
        Timers.StartSingleTimer(nameof(Suspicious), new Suspicious(relay.Id), RelayExchange.SuspiciousAfter);
        _node.Refs.Connections.Tell(
            new ConnectionsMessages.OpenStream(StreamId, _relay, [RelayProtocol.Hop], AllowLimited: false, Self)
            {
                OnConnection = relay.Id,
            });
        _opening = true;
        Become(Opening);
    }

    private void OnOpened(PeerStream stream)
    {
        _opening = false;
        _stream = stream;
        RelayExchange.AskAsync(stream, new HopMessage.Connect(_request.Target), _cancel.Token).PipeTo(
            Self,
            success: reply => new Answered(CircuitAnswers.OfRelay(reply)),
            failure: e => new Answered(new CircuitAnswer(RelayLimits.None, e.Message))
            {
                RelayLost = e is MuxedStreamException { End: StreamEnd.LinkLost },
            });
        Become(Asking);
    }

    private void OnStreamFailed(StreamFailure failure)
    {
        _opening = false;
        if (failure.Kind is StreamFailureKind.ConnectionLost or StreamFailureKind.NotConnected)
        {
            OnRelayLost(failure.Detail);
            return;
        }

        Fail(failure.Kind == StreamFailureKind.ProtocolNotSupported ? $"{_relay} is no relay" : failure.Detail);
    }

    private void OnAnswered(Answered answered)
    {
        if (answered.Answer.Failure is { } failure)
        {
            if (answered.RelayLost)
            {
                OnRelayLost(failure);
                return;
            }

            Fail(failure);
            return;
        }

        var limits = answered.Answer.Limits;
        var circuit = limits.Unlimited ? null : new CircuitMeter(limits, Context.System.Scheduler.HighResMonotonicClock);
        var conduit = new StreamConduit(_stream!, _through!, _through!, circuit);
        _stream = null;
        Answer(new RelayClientMessages.Connected(_request.Id, conduit, RelayExchange.ToStreamLimits(limits)));
        Context.Stop(Self);
    }

    private void OnCancelled()
    {
        _answered = true;
        if (Equals(_through, null))
        {
            _node.Refs.Connections.Tell(new ConnectionsMessages.CancelDial(DialId, Self));
        }

        End();
    }

    private void Fail(string reason)
    {
        Answer(new RelayClientMessages.ConnectFailed(_request.Id, reason));
        End();
    }

    private void End()
    {
        if (_opening)
        {
            Become(Draining);
        }
        else
        {
            Context.Stop(Self);
        }
    }

    private void Answer(object answer)
    {
        if (!_answered)
        {
            _answered = true;
            _request.ReplyTo.Tell(answer);
        }
    }

    private sealed record Answered(CircuitAnswer Answer)
    {
        public bool RelayLost { get; init; }
    }

    private sealed record Redial
    {
        public static readonly Redial Instance = new();
    }

    private sealed record Suspicious(long Connection);

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }
}
