using Akka.Actor;
using NatActors.Transports.Port;

namespace NatActors.Node.Port;

/// <summary>What a <see cref="DialActor"/> is for.</summary>
/// <param name="Key">The port owner's key of the request.</param>
/// <param name="ReplyTo">Who gets the one answer.</param>
/// <param name="Timeout">How long the connect may take; null where the owner keeps the time (punches).</param>
/// <param name="Refusal">Makes the requester's message of a failure.</param>
internal sealed record DialOrder(long Key, IActorRef ReplyTo, TimeSpan? Timeout, Func<ConnectFailure, object> Refusal);

/// <summary>Between a <see cref="DialActor"/> and its <see cref="PortOwnerActor"/>.</summary>
internal static class DialMessages
{
    /// <summary>To the owner: the time is up; end the request.</summary>
    public sealed record GiveUp(long Key);

    /// <summary>To the owner: this actor is gone.</summary>
    public sealed record Gone(long Key);

    /// <summary>From the owner: connected; this is the requester's answer.</summary>
    public sealed record Succeeded(object Answer);

    /// <summary>From the owner: there is no connection.</summary>
    public sealed record Failed(ConnectFailure Failure);
}

/// <summary>
/// One outbound connect of a port, plain or simultaneous: it holds the requester and the clock and ends in one answer, also when the port
/// goes away under it. The sockets are the owner's, so that the order of the owner's decisions is the kernel's order.
/// <code>
///            ┌─ timeout ─► GiveUp to the owner ─┐
/// waiting ───┤                                  ├─► Succeeded or Failed ─► answer, stop
///            └──────────────────────────────────┘
/// stopped before ─► answer Aborted
/// </code>
/// </summary>
internal sealed class DialActor : UntypedActor, IWithTimers
{
    private readonly DialOrder _order;
    private bool _timedOut;
    private bool _answered;

    public DialActor(DialOrder order)
    {
        _order = order;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        if (_order.Timeout is { } timeout)
        {
            Timers.StartSingleTimer(nameof(TimeUp), TimeUp.Instance, timeout > TimeSpan.Zero ? timeout : TimeSpan.Zero);
        }
    }

    protected override void PostStop()
    {
        if (!_answered)
        {
            Answer(_order.Refusal(new ConnectFailure(ConnectFailureKind.Aborted, "The port was closed.")));
        }
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case TimeUp: OnTimeUp(); break;
            case DialMessages.Succeeded succeeded: End(succeeded.Answer); break;
            case DialMessages.Failed failed: End(_order.Refusal(Explain(failed.Failure))); break;
            default: Unhandled(message); break;
        }
    }

    private void OnTimeUp()
    {
        _timedOut = true;
        Context.Parent.Tell(new DialMessages.GiveUp(_order.Key));
    }

    private ConnectFailure Explain(ConnectFailure failure) => _timedOut && failure.Kind == ConnectFailureKind.Aborted
        ? new ConnectFailure(ConnectFailureKind.TimedOut, $"No answer within {_order.Timeout!.Value.TotalSeconds:0.#} s.")
        : failure;

    private void End(object answer)
    {
        Answer(answer);
        Context.Stop(Self);
    }

    private void Answer(object answer)
    {
        _answered = true;
        _order.ReplyTo.Tell(answer);
    }

    private sealed record TimeUp
    {
        public static TimeUp Instance { get; } = new();
    }
}
