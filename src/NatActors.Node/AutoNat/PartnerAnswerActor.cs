using Akka.Actor;
using Akka.Event;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.AutoNat;

/// <summary>
/// Dials back for another server: one ask, one reply (src/README.md, "The dial-back partner protocol").
/// <code>
/// Reading --ask--> Judging --granted--> Dialing --outcome--> Answering --written--> stop
///    |                 +--refused------------------------------^
///    +--unreadable: refused------------------------------------^
///    +--broken, too slow--> stop
/// </code>
/// </summary>
internal sealed class PartnerAnswerActor : UntypedActor, IWithTimers
{
    /// <summary>How long the asking server may take with its one message. Ours: it has opened the stream for nothing else.</summary>
    public static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(5);

    private readonly ServerRequestSeed _seed;
    private readonly CancellationTokenSource _cancel = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private DialBackAsk? _ask;
    private bool _handedOver;

    /// <summary>Creates the actor; it starts to read at once.</summary>
    public PartnerAnswerActor(ServerRequestSeed seed) => _seed = seed;

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, AskTimeout);
        ServerExchange.ReadAskAsync(_seed.Stream, _cancel.Token)
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
            case Read read: OnRead(read.Decoded); break;
            case Broken or TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Judging(object message)
    {
        switch (message)
        {
            case AutoNatServerMessages.Judged judged: OnJudged(judged.Granted); break;
            case TooSlow: break;
            default: Unhandled(message); break;
        }
    }

    private void Dialing(object message)
    {
        switch (message)
        {
            case AutoNatServerMessages.DialedBack dialed: OnDialedBack(dialed); break;
            case TooSlow: break;
            default: Unhandled(message); break;
        }
    }

    private void Answering(object message)
    {
        switch (message)
        {
            case Answered: Context.Stop(Self); break;
            case TooSlow: break;
            default: Unhandled(message); break;
        }
    }

    private void OnRead(DialBackAskDecoded decoded)
    {
        if (decoded.Ask is not { } ask)
        {
            Answer(DialBackPartnerStatus.Refused);
            return;
        }

        _ask = ask;
        Become(Judging);
        _seed.Server.Tell(new AutoNatServerMessages.Judge(ask, _seed.Client));
    }

    private void OnJudged(bool granted)
    {
        if (!granted)
        {
            Answer(DialBackPartnerStatus.Refused);
            return;
        }

        Become(Dialing);
        var order = new DialBackOrder(_ask!.Peer, _ask.Address.WithoutPeerId(), _ask.Nonce, _seed.Options.DialTimeout);
        _seed.Server.Tell(new AutoNatServerMessages.DialBack(order, Self));
    }

    private void OnDialedBack(AutoNatServerMessages.DialedBack dialed)
    {
        _log.Debug("Dial-back to {0} for {1}: {2}, {3}", dialed.Address, _seed.Client.Peer, dialed.Outcome, dialed.Detail);
        Answer(DialBackPartnerRules.StatusOf(dialed.Outcome));
    }

    private void Answer(DialBackPartnerStatus status)
    {
        Become(Answering);
        _handedOver = true;
        var answer = Context.ActorOf(Props.Create(typeof(ServerAnswerActor), _seed.Stream, DialBackPartnerCodec.Encode(status)), "answer");
        Context.WatchWith(answer, Answered.Instance);
    }

    private sealed record Read(DialBackAskDecoded Decoded) : IDeadLetterSuppression;

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
