using Akka.Actor;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Ping;

namespace NatActors.Node.Ping;

/// <summary>
/// The pings of one request over one stream (<see cref="PingClient"/>). Answers the requester once, whatever happens.
/// <code>
/// Opening --stream opened--> Pinging --all back: finish, closed--> stop
///    |                          +--failed: reset--> stop
///    +--no stream--> stop
///    +--cancel--> Abandoned --the late stream is reset--> stop
/// </code>
/// </summary>
internal sealed class PingRunActor : UntypedActor, IWithTimers
{
    private readonly NodeContext _node;
    private readonly PingMessages.Ping _request;
    private readonly byte[] _buffer = new byte[PingProtocol.PayloadLength];
    private PingClient? _client;
    private PeerStream? _stream;
    private bool _answered;

    public PingRunActor(NodeContext node, PingMessages.Ping request)
    {
        _node = node;
        _request = request;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    protected override void PreStart()
    {
        Become(Opening);
        _node.Refs.Connections.Tell(
            new ConnectionsMessages.OpenStream(0, _request.Peer, [PingProtocol.Id], _request.AllowLimited, Self) { WaitForDirect = true });
    }

    protected override void PostStop()
    {
        _stream?.Reset();
        Answer(new PingMessages.PingFailed(_request.Id, "the node is going down"));
    }

    protected override void OnReceive(object message) => Unhandled(message);

    private void Opening(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: OnOpened(opened.Stream); break;
            case ConnectionsMessages.StreamFailed failed: Fail(failed.Failure.Detail); break;
            case PingMessages.Cancel: _answered = true; Become(Abandoned); break;
            default: Unhandled(message); break;
        }
    }

    private void Pinging(object message)
    {
        switch (message)
        {
            case BytesRead read: OnRead(read.Count); break;
            case Broken broken: Fail(broken.Reason); break;
            case Written: break;
            case Due: Apply(_client!.OnDeadline(Now)); break;
            case Closed: Context.Stop(Self); break;
            case PingMessages.Cancel: _answered = true; Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Abandoned(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: opened.Stream.Reset(); Context.Stop(Self); break;
            case ConnectionsMessages.StreamFailed: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void OnOpened(PeerStream stream)
    {
        _stream = stream;
        _client = new PingClient(_request.Count, _node.Random, new PingOptions());
        Become(Pinging);
        Apply(_client.OnStart(Now));
        Read();
    }

    private void OnRead(int count)
    {
        Apply(count == 0 ? _client!.OnEnded() : _client!.OnBytes(_buffer.AsSpan(0, count), Now));
        if (!_answered)
        {
            Read();
        }
    }

    private void Read() =>
        _stream!.ReadAsync(_buffer).AsTask().PipeTo(Self, success: n => new BytesRead(n), failure: e => new Broken(e.Message));

    private void Apply(IReadOnlyList<PingEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case PingEffect.Send send: Send(send.Payload); break;
                case PingEffect.Measured measured: OnMeasured(measured); break;
                case PingEffect.Finished: OnFinished(); break;
                case PingEffect.Failed failed: Fail($"ping {failed.Number} failed: {Words(failed.Reason)}"); break;
                default: throw new InvalidOperationException($"{effect} is unknown here.");
            }
        }

        if (_client!.Deadline is { } deadline)
        {
            var wait = deadline - Now;
            Timers.StartSingleTimer(nameof(Due), Due.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }
    }

    private void Send(ReadOnlyMemory<byte> payload) =>
        _stream!.WriteAsync(payload).AsTask().PipeTo(Self, success: () => Written.Instance, failure: e => new Broken(e.Message));

    private void OnMeasured(PingEffect.Measured measured)
    {
        var relayed = _stream!.Relayed;
        if (!_request.Quiet)
        {
            _node.Events.Publish(new NodeEvents.Pinged(_request.Peer, measured.RoundTrip, relayed));
        }

        _request.ReplyTo.Tell(new PingMessages.Pinged(_request.Id, measured.Number, measured.RoundTrip, relayed));
    }

    private void OnFinished()
    {
        Answer(new PingMessages.PingFinished(_request.Id));
        Timers.CancelAll();
        var stream = _stream!;
        _stream = null;
        stream.DisposeAsync().AsTask().PipeTo(Self, success: () => Closed.Instance, failure: _ => Closed.Instance);
    }

    private void Fail(string reason)
    {
        Answer(new PingMessages.PingFailed(_request.Id, reason));
        Context.Stop(Self);
    }

    private void Answer(object answer)
    {
        if (!_answered)
        {
            _answered = true;
            _request.ReplyTo.Tell(answer);
        }
    }

    private static string Words(PingFailure reason) => reason switch
    {
        PingFailure.TimedOut => "no echo in time",
        PingFailure.WrongEcho => "the echo is not what was sent",
        PingFailure.Unasked => "the peer sent bytes that nobody asked for",
        PingFailure.EndedByPeer => "the peer ended the stream",
        _ => reason.ToString(),
    };

    private sealed record BytesRead(int Count);

    private sealed record Broken(string Reason);

    private sealed record Written
    {
        public static readonly Written Instance = new();
    }

    private sealed record Closed
    {
        public static readonly Closed Instance = new();
    }

    private sealed record Due
    {
        public static readonly Due Instance = new();
    }
}
