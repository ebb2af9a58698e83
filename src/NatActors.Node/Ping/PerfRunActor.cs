using Akka.Actor;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Perf;

namespace NatActors.Node.Ping;

/// <summary>
/// One measurement over one stream (<see cref="PerfClient"/>). The bytes do not pass the mailbox; the actor watches that they move.
/// Answers the
/// requester once, whatever happens.
/// <code>
/// Opening --stream opened--> Measuring --done, failed, stalled--> stop
///    +--no stream--> stop
///    +--cancel--> Abandoned --the late stream is reset--> stop
/// </code>
/// </summary>
internal sealed class PerfRunActor : UntypedActor, IWithTimers
{
    private readonly NodeContext _node;
    private readonly PingMessages.Measure _request;
    private readonly CancellationTokenSource _cancel = new();
    private PerfClient? _client;
    private StallWatch? _watch;
    private PeerStream? _stream;
    private bool _answered;

    public PerfRunActor(NodeContext node, PingMessages.Measure request)
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
            new ConnectionsMessages.OpenStream(0, _request.Peer, [PerfProtocol.Id], _request.AllowLimited, Self) { WaitForDirect = true });
    }

    protected override void PostStop()
    {
        _cancel.Cancel();
        _stream?.Reset();
        Answer(new PingMessages.MeasureFailed(_request.Id, "the node is going down"));
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

    private void Measuring(object message)
    {
        switch (message)
        {
            case Moved moved: _request.ReplyTo.Tell(new PingMessages.MeasureProgress(_request.Id, moved.Progress)); break;
            case Done: OnDone(); break;
            case Broken broken: Fail(broken.Reason); break;
            case Tick when _watch!.IsStalled(Now): Fail($"no byte moved for {_node.Options.Abuse.StallTimeout.TotalSeconds:0} s"); break;
            case Tick: break;
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
        var (self, clock) = (Self, Context.System.Scheduler);
        _stream = stream;
        _watch = new StallWatch(stream, _node.Options.Abuse.StallTimeout, Now);
        _client = new PerfClient(_request.Upload, _request.Download, new PerfOptions(), Now);
        Become(Measuring);
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, StallWatch.Interval);
        PerfTransfer.MeasureAsync(stream, _client, () => clock.HighResMonotonicClock, progress => self.Tell(new Moved(progress)), _cancel.Token)
            .PipeTo(self, success: () => Done.Instance, failure: e => new Broken(e.Message));
    }

    private void OnDone()
    {
        if (_client!.Result is not { } result)
        {
            Fail($"the peer broke the measurement: {_client.Failure}");
            return;
        }

        var relayed = _stream!.Relayed;
        _stream = null;
        _node.Events.Publish(new NodeEvents.PerfMeasured(
            _request.Peer, relayed, (long)result.UploadBytes, result.UploadTime, (long)result.DownloadBytes, result.DownloadTime));
        Answer(new PingMessages.Measured(_request.Id, result, relayed));
        Context.Stop(Self);
    }

    private void Fail(string reason)
    {
        Answer(new PingMessages.MeasureFailed(_request.Id, reason));
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

    private sealed record Broken(string Reason);

    private sealed record Moved(PerfProgress Progress);

    private sealed record Done
    {
        public static readonly Done Instance = new();
    }

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }
}
