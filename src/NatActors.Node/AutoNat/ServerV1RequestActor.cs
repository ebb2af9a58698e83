using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.AutoNat;

/// <summary>
/// Serves one request of AutoNAT version 1: dials all that the rules allow at once, and answers with the first success, or with the last
/// failure as soon as it is known. (go-libp2p tells a failure only after the whole timeout, against port scans; here a peer can only have
/// its own IP address dialed.)
/// <code>
/// Reading --request--> Choosing --targets--> Dialing --reached, or all failed--> Answering --written--> stop
///    |                     +--none: refused------------------------------------------^
///    +--bad request-------------------------------------------------------------------^
///    +--broken, too slow--> stop
/// </code>
/// </summary>
internal sealed class ServerV1RequestActor : UntypedActor, IWithTimers
{
    private readonly ServerRequestSeed _seed;
    private readonly CancellationTokenSource _cancel = new();
    private bool _handedOver;
    private bool _dialed;
    private int _dialing;

    /// <summary>Creates the actor; it starts to read at once.</summary>
    public ServerV1RequestActor(ServerRequestSeed seed) => _seed = seed;

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, _seed.Options.RequestTimeout);
        ServerExchange.ReadV1Async(_seed.Stream, _cancel.Token)
            .PipeTo(Self, success: decoded => new Read(decoded), failure: e => new Broken(e.Message));
        Become(Reading);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        if (!_handedOver)
        {
            _seed.Stream.Reset();
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Reading(object message)
    {
        switch (message)
        {
            case Read { Decoded: { } decoded }: OnRead(decoded); break;
            case Read or Broken or TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Choosing(object message)
    {
        switch (message)
        {
            case AutoNatServerMessages.ChosenV1 chosen: OnChosen(chosen.Targets); break;
            case TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Dialing(object message)
    {
        switch (message)
        {
            case AutoNatServerMessages.DialedBack dialed: OnDialedBack(dialed); break;
            default: Unhandled(message); break;
        }
    }

    private void Answering(object message)
    {
        switch (message)
        {
            case Answered: Context.Stop(Self); break;
            case AutoNatServerMessages.DialedBack or TooSlow: break;
            default: Unhandled(message); break;
        }
    }

    private void OnRead(AutoNatV1Decoded decoded)
    {
        if (V1ServerRules.Refusal(decoded, _seed.Client) is { } refusal)
        {
            Answer(refusal);
            return;
        }

        Become(Choosing);
        _seed.Server.Tell(new AutoNatServerMessages.ChooseV1(((AutoNatV1Message.Dial)decoded.Message!).Addresses, _seed.Client));
    }

    private void OnChosen(IReadOnlyList<Multiaddr> targets)
    {
        if (targets.Count == 0)
        {
            Answer(V1ServerRules.Answer(AutoNatV1Status.DialRefused, "no dialable address"));
            return;
        }

        Timers.Cancel(nameof(TooSlow));
        Become(Dialing);
        _dialing = targets.Count;
        foreach (var target in targets)
        {
            var order = new DialBackOrder(_seed.Client.Peer, target, null, _seed.Options.V1DialTimeout);
            _seed.Server.Tell(new AutoNatServerMessages.DialBack(order, Self));
        }
    }

    private void OnDialedBack(AutoNatServerMessages.DialedBack dialed)
    {
        _dialing--;
        _dialed |= dialed.Outcome != DialBackOutcome.NotTried;
        if (dialed.Outcome == DialBackOutcome.Reached)
        {
            Answer(new AutoNatV1Message.DialResponse(AutoNatV1Status.Ok, null, dialed.Address));
        }
        else if (_dialing == 0)
        {
            Answer(_dialed
                ? V1ServerRules.Answer(AutoNatV1Status.DialError, "dial failed")
                : V1ServerRules.Answer(AutoNatV1Status.InternalError, "could not dial"));
        }
    }

    private void Answer(AutoNatV1Message.DialResponse response)
    {
        Become(Answering);
        _handedOver = true;
        var answer = Context.ActorOf(Props.Create(typeof(ServerAnswerActor), _seed.Stream, AutoNatV1Codec.Encode(response)), "answer");
        Context.WatchWith(answer, Answered.Instance);
    }

    private sealed record Read(AutoNatV1Decoded? Decoded) : IDeadLetterSuppression;

    private sealed record Broken(string Reason) : IDeadLetterSuppression;

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }

    private sealed record Answered
    {
        public static readonly Answered Instance = new();
    }
}
