using Akka.Actor;
using Akka.Event;
using NatActors.Node.Streams;

namespace NatActors.Node.AutoNat;

/// <summary>Writes the last message of a stream, closes it in order and stops; cuts it when that takes too long. One state.</summary>
internal sealed class ServerAnswerActor : UntypedActor, IWithTimers
{
    private readonly PeerStream _stream;
    private readonly byte[] _message;
    private readonly CancellationTokenSource _cancel = new();
    private bool _written;

    /// <summary>Creates the actor; it owns the stream from now on.</summary>
    public ServerAnswerActor(PeerStream stream, byte[] message)
    {
        _stream = stream;
        _message = message;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, ServerExchange.AnswerTimeout);
        ServerExchange.AnswerAsync(_stream, _message, _cancel.Token)
            .PipeTo(Self, success: () => new Ended(true), failure: _ => new Ended(false));
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        if (!_written)
        {
            _stream.Reset();
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Ended ended: OnEnded(ended.Written); break;
            case TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void OnEnded(bool written)
    {
        _written = written;
        Context.Stop(Self);
    }

    private sealed record Ended(bool Written) : IDeadLetterSuppression;

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }
}
