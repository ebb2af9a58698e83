using Akka.Actor;
using Akka.Event;
using NatActors.Node.Connections;
using NatActors.Node.Streams;

namespace NatActors.Node.AutoNat;

/// <summary>The messages between a <see cref="DialBackReceiptActor"/> and its parent.</summary>
internal static class DialBackReceiptMessages
{
    /// <summary>To the parent: this nonce came in; answered by <see cref="Confirm"/>, or by stopping the actor.</summary>
    public sealed record NonceArrived(ulong Nonce, ConnectionInfo Connection) : IDeadLetterSuppression;

    /// <summary>From the parent: the nonce is known; give the receipt.</summary>
    public sealed record Confirm;

    /// <summary>To the parent: the actor is gone.</summary>
    public sealed record Gone;
}

/// <summary>
/// Takes one dial-back: reads its nonce, and gives the receipt when the parent knows the nonce (autonat-v2.md). What the nonce proves is
/// told before the receipt is given, so the server's answer cannot be faster.
/// <code>
/// Reading --nonce--> parent --known--> Confirming --written--> stop
///    |                  +--unknown--> stopped, stream reset
///    +--no nonce, too slow--> stop, stream reset
/// </code>
/// </summary>
internal sealed class DialBackReceiptActor : UntypedActor, IWithTimers
{
    /// <summary>How long a dial-back may take (go-libp2p autonatv2: dialBackStreamTimeout).</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private readonly PeerStream _stream;
    private readonly ConnectionInfo _connection;
    private readonly IActorRef _parent;
    private readonly CancellationTokenSource _cancel = new();
    private bool _confirmed;

    /// <summary>Creates the actor; it owns the stream and reads at once.</summary>
    public DialBackReceiptActor(PeerStream stream, ConnectionInfo connection, IActorRef parent)
    {
        _stream = stream;
        _connection = connection;
        _parent = parent;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, Timeout);
        ProbeExchange.ReadNonceAsync(_stream, _cancel.Token).PipeTo(Self, success: nonce => new Read(nonce), failure: _ => new Read(null));
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        if (!_confirmed)
        {
            _stream.Reset();
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Read { Nonce: { } nonce }: _parent.Tell(new DialBackReceiptMessages.NonceArrived(nonce, _connection)); break;
            case DialBackReceiptMessages.Confirm: OnConfirm(); break;
            case Confirmed confirmed: OnConfirmed(confirmed.Written); break;
            case Read or TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void OnConfirm() =>
        ProbeExchange.ConfirmAsync(_stream, _cancel.Token)
            .PipeTo(Self, success: () => new Confirmed(true), failure: _ => new Confirmed(false));

    private void OnConfirmed(bool written)
    {
        _confirmed = written;
        Context.Stop(Self);
    }

    private sealed record Read(ulong? Nonce) : IDeadLetterSuppression;

    private sealed record Confirmed(bool Written) : IDeadLetterSuppression;

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }
}
