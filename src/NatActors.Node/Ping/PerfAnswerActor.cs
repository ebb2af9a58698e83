using Akka.Actor;
using NatActors.Node.Streams;
using NatActors.Protocols.Perf;

namespace NatActors.Node.Ping;

/// <summary>
/// The answering side of one measurement (<see cref="PerfServer"/>). One state: it serves until all is sent, the stream breaks, the peer
/// asks too
/// much, or nothing moves any more; then it stops.
/// </summary>
internal sealed class PerfAnswerActor : UntypedActor, IWithTimers
{
    private readonly PeerStream _stream;
    private readonly CancellationTokenSource _cancel = new();
    private readonly PerfServer _server = new(new PerfOptions());
    private StallWatch _watch = null!;
    private bool _closed;

    public PerfAnswerActor(PeerStream stream) => _stream = stream;

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    protected override void PreStart()
    {
        _watch = new StallWatch(_stream, Now);
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, StallWatch.Interval);
        PerfTransfer.ServeAsync(_stream, _server, _cancel.Token)
            .PipeTo(Self, success: () => Done.Instance, failure: _ => Broken.Instance);
    }

    protected override void PostStop()
    {
        _cancel.Cancel();
        if (!_closed)
        {
            _stream.Reset();
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Done: _closed = _server.Failure is null; Context.Stop(Self); break;
            case Broken: Context.Stop(Self); break;
            case Tick when _watch.IsStalled(Now): Context.Stop(Self); break;
            case Tick: break;
            default: Unhandled(message); break;
        }
    }

    private sealed record Done
    {
        public static readonly Done Instance = new();
    }

    private sealed record Broken
    {
        public static readonly Broken Instance = new();
    }

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }
}
