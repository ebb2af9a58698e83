using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Relay;

/// <summary>
/// One circuit of the relay server: asks the destination, then copies bytes between the two streams within the limits.
/// <code>
/// Opening --stop stream--> Asking --OK--> Confirming --OK told to the source--> Copying --both ways finished, limit, broken, stalled--> stop
///    +------------------------+-- refused, broken, too slow --> Refusing --told--> stop
/// </code>
/// A stop stream still being opened at the end is waited for (Draining), so that it can be reset.
/// </summary>
public sealed class CircuitActor : UntypedActor, IWithTimers
{
    /// <summary>From CONNECT to the destination's answer (go-libp2p's relay: 30 s to connect).</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private const long StreamId = 1;

    private readonly NodeContext _node;
    private readonly CircuitSeed _seed;
    private readonly PeerId _source;
    private readonly CancellationTokenSource _cancel = new();
    private readonly List<WriteWatch> _writes = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private PeerStream? _destination;
    private int _running;
    private bool _open;
    private bool _sourceDone;
    private bool _destinationDone;

    /// <summary>Creates the actor; it starts at once.</summary>
    public CircuitActor(NodeContext node, CircuitSeed seed)
    {
        _node = node;
        _seed = seed;
        _source = seed.Source.Peer;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, Timeout);
        Timers.StartSingleTimer(nameof(Suspicious), Suspicious.Instance, RelayExchange.SuspiciousAfter);
        _node.Refs.Connections.Tell(
            new ConnectionsMessages.OpenStream(StreamId, _seed.Destination, [RelayProtocol.Stop], AllowLimited: false, Self)
            {
                OnConnection = _seed.DestinationConnection,
            });
        Become(Opening);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        if (_open)
        {
            _node.Metrics.OnCircuitClosed();
        }

        if (!_sourceDone)
        {
            _seed.Source.Reset();
        }

        if (!_destinationDone)
        {
            _destination?.Reset();
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Opening(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: OnOpened(opened.Stream); break;
            case ConnectionsMessages.StreamFailed failed: Refuse(failed.Failure.Detail); break;
            case TooSlow: Become(Draining); break;
            case Suspicious: Check(); break;
            default: Unhandled(message); break;
        }
    }

    private void Draining(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: opened.Stream.Reset(); Refuse("it did not open a stream in time"); break;
            case ConnectionsMessages.StreamFailed failed: Refuse(failed.Failure.Detail); break;
            default: Unhandled(message); break;
        }
    }

    private void Asking(object message)
    {
        switch (message)
        {
            case Answered { Status: RelayStatus.Ok }: Confirm(); break;
            case Answered: Refuse("it does not want the circuit"); break;
            case Broken broken: Refuse(broken.Reason); break;
            case TooSlow: Refuse("it did not answer in time"); break;
            case Suspicious: Check(); break;
            default: Unhandled(message); break;
        }
    }

    private void Confirming(object message)
    {
        switch (message)
        {
            case Written: Copy(); break;
            case Broken or TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Refusing(object message)
    {
        switch (message)
        {
            case Written: _sourceDone = true; Context.Stop(Self); break;
            case Broken or TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Copying(object message)
    {
        switch (message)
        {
            case DirectionEnded ended: OnDirectionEnded(ended); break;
            case TimeIsUp: End("its time is up"); break;
            case StallCheck when _writes.Count(writes => writes.HangsStill()) > 0: End("its receiver takes nothing any more"); break;
            case StallCheck: break;
            default: Unhandled(message); break;
        }
    }

    private void OnOpened(PeerStream stream)
    {
        _destination = stream;
        RelayExchange.AskAsync(stream, new StopMessage.Connect(_source, _seed.Limits), _cancel.Token).PipeTo(
            Self,
            success: reply => new Answered(CircuitAnswers.OfDestination(reply)),
            failure: e => new Broken(e.Message));
        Become(Asking);
    }

    private void Check() => _node.Refs.Connections.Tell(new ConnectionsMessages.CheckConnection(_seed.DestinationConnection));

    private void Refuse(string reason)
    {
        Timers.Cancel(nameof(Suspicious));
        _log.Debug("No circuit from {0} to {1}: {2}", _source, _seed.Destination, reason);
        _node.Metrics.OnCircuitAnswered(RelayStatus.ConnectionFailed);
        Become(Refusing);
        SayAsync(RelayStatus.ConnectionFailed, RelayLimits.None, close: true)
            .PipeTo(Self, success: () => Written.Instance, failure: e => new Broken(e.Message));
    }

    private void Confirm()
    {
        Timers.Cancel(nameof(Suspicious));
        Become(Confirming);
        SayAsync(RelayStatus.Ok, _seed.Limits, close: false)
            .PipeTo(Self, success: () => Written.Instance, failure: e => new Broken(e.Message));
    }

    private async Task SayAsync(RelayStatus status, RelayLimits limits, bool close)
    {
        var bytes = RelayCodec.Encode(new HopMessage.Status(status, null, limits));
        await new MessageStream(_seed.Source).WriteMessageAsync(bytes, _cancel.Token);
        if (close)
        {
            await _seed.Source.DisposeAsync();
        }
    }

    private void Copy()
    {
        Timers.Cancel(nameof(TooSlow));
        _open = true;
        _node.Metrics.OnCircuitAnswered(RelayStatus.Ok);
        _node.Metrics.OnCircuitOpened();
        var now = Context.System.Scheduler.HighResMonotonicClock;
        var meter = new CircuitMeter(_seed.Limits, now);
        if (meter.Deadline is { } deadline)
        {
            Timers.StartSingleTimer(nameof(TimeIsUp), TimeIsUp.Instance, deadline - now);
        }

        _log.Debug("Circuit {0} from {1} to {2} is open", _seed.Id, _source, _seed.Destination);
        Become(Copying);
        Timers.StartPeriodicTimer(nameof(StallCheck), StallCheck.Instance, _node.Options.Abuse.StallTimeout);
        Start(_seed.Source, _destination!, meter, CircuitDirection.FromSource);
        Start(_destination!, _seed.Source, meter, CircuitDirection.FromDestination);
    }

    private void Start(PeerStream from, PeerStream to, CircuitMeter meter, CircuitDirection direction)
    {
        _running++;
        var writes = new WriteWatch();
        _writes.Add(writes);
        CircuitCopy.RunAsync(from, to, new CircuitCopy.Meters(meter, direction, _node.Metrics.Circuits, writes), _cancel.Token).PipeTo(
            Self,
            success: end => new DirectionEnded(end),
            failure: _ => new DirectionEnded(CopyEnd.Broken));
    }

    private void OnDirectionEnded(DirectionEnded ended)
    {
        _running--;
        if (ended.End != CopyEnd.Finished)
        {
            // circuit-v2.md: a circuit over its limit is reset; half a circuit helps nobody either.
            End(ended.End.ToString());
        }
        else if (_running == 0)
        {
            _sourceDone = _destinationDone = true;
            Context.Stop(Self);
        }
    }

    private void End(string reason)
    {
        _log.Debug("Circuit {0} ends: {1}", _seed.Id, reason);
        Context.Stop(Self);
    }

    private sealed record Answered(RelayStatus Status);

    private sealed record Broken(string Reason);

    private sealed record DirectionEnded(CopyEnd End);

    private sealed record Written
    {
        public static readonly Written Instance = new();
    }

    private sealed record Suspicious
    {
        public static readonly Suspicious Instance = new();
    }

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }

    private sealed record StallCheck
    {
        public static readonly StallCheck Instance = new();
    }

    private sealed record TimeIsUp
    {
        public static readonly TimeIsUp Instance = new();
    }
}
