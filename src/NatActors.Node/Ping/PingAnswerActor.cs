using System.Buffers;
using Akka.Actor;
using NatActors.Node.Streams;
using NatActors.Protocols.Ping;

namespace NatActors.Node.Ping;

/// <summary>
/// Echoes the pings of one inbound stream (<see cref="PingResponder"/>).
/// <code>
/// Reading --bytes--> Writing (if a ping is whole) --written--> Reading … --end: close--> stop; broken, silent too long: reset--> stop
/// </code>
/// </summary>
internal sealed class PingAnswerActor : UntypedActor, IWithTimers
{
    // A pinger sends one ping at a time; a few in one read do no harm.
    private const int BufferSize = 4 * PingProtocol.PayloadLength;

    private readonly PeerStream _stream;
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly ArrayBufferWriter<byte> _echo = new(BufferSize);
    private PingResponder _responder = null!;
    private bool _closing;

    public PingAnswerActor(PeerStream stream) => _stream = stream;

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    protected override void PreStart()
    {
        _responder = new PingResponder(new PingOptions(), Now);
        AwaitDeadline();
        Read();
    }

    protected override void PostStop()
    {
        if (!_closing)
        {
            _stream.Reset();
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case BytesRead { Count: 0 }: OnEnded(); break;
            case BytesRead read: OnRead(read.Count); break;
            case Written: Read(); break;
            case Silent: OnSilent(); break;
            case Broken or Closed: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void OnRead(int count)
    {
        _echo.ResetWrittenCount();
        _responder.OnBytes(_buffer.AsSpan(0, count), _echo, Now);
        if (_echo.WrittenCount == 0)
        {
            Read();
            return;
        }

        _stream.WriteAsync(_echo.WrittenMemory).AsTask().PipeTo(Self, success: () => Written.Instance, failure: _ => Broken.Instance);
    }

    private void OnEnded()
    {
        if (!_responder.OnEnded())
        {
            Context.Stop(Self);
            return;
        }

        _closing = true;
        _stream.DisposeAsync().AsTask().PipeTo(Self, success: () => Closed.Instance, failure: _ => Closed.Instance);
    }

    private void OnSilent()
    {
        if (Now >= _responder.Deadline)
        {
            Context.Stop(Self);
            return;
        }

        AwaitDeadline();
    }

    private void AwaitDeadline() => Timers.StartSingleTimer(nameof(Silent), Silent.Instance, _responder.Deadline - Now);

    private void Read() =>
        _stream.ReadAsync(_buffer).AsTask().PipeTo(Self, success: n => new BytesRead(n), failure: _ => Broken.Instance);

    private sealed record BytesRead(int Count);

    private sealed record Written
    {
        public static readonly Written Instance = new();
    }

    private sealed record Broken
    {
        public static readonly Broken Instance = new();
    }

    private sealed record Closed
    {
        public static readonly Closed Instance = new();
    }

    private sealed record Silent
    {
        public static readonly Silent Instance = new();
    }
}
