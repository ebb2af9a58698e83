using Akka.Actor;
using NatActors.Node.Streams;
using NatActors.Protocols.Perf;

namespace NatActors.Node.Ping;

/// <summary>
/// The answering side of one stream that carries bulk: an echo, or a measurement (<see cref="PerfServer"/>). One state: it serves until all is
/// said, the stream breaks, the peer asks too much, or nothing moves any more; then it stops.
/// </summary>
internal sealed class TransferAnswerActor : UntypedActor, IWithTimers
{
    private readonly PeerStream _stream;
    private readonly TimeSpan _stallTimeout;
    private readonly CancellationTokenSource _cancel = new();
    private StallWatch _watch = null!;
    private bool _closed;

    /// <summary>Serves the stream by its protocol; one on which nothing moved for that long is given up.</summary>
    public TransferAnswerActor(PeerStream stream, TimeSpan stallTimeout)
    {
        _stream = stream;
        _stallTimeout = stallTimeout;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    protected override void PreStart()
    {
        _watch = new StallWatch(_stream, _stallTimeout, Now);
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, StallWatch.Interval);
        ServeAsync().PipeTo(Self, failure: _ => new Done(InOrder: false));
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
            case Done done: _closed = done.InOrder; Context.Stop(Self); break;
            case Tick when _watch.IsStalled(Now): Context.Stop(Self); break;
            case Tick: break;
            default: Unhandled(message); break;
        }
    }

    private async Task<Done> ServeAsync()
    {
        if (_stream.Protocol == EchoService.Id)
        {
            await EchoService.EchoAsync(_stream, _cancel.Token);
            return new Done(InOrder: true);
        }

        var server = new PerfServer(new PerfOptions());
        await PerfTransfer.ServeAsync(_stream, server, _cancel.Token);
        return new Done(InOrder: server.Failure is null);
    }

    private sealed record Done(bool InOrder);

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }
}
