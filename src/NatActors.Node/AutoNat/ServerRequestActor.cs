using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.AutoNat;

/// <summary>One request stream to serve.</summary>
/// <param name="Stream">The stream, owned by the actor that serves it.</param>
/// <param name="Client">Who asks.</param>
/// <param name="Options">The timing.</param>
/// <param name="Random">The one source of randomness.</param>
/// <param name="Server">Who decides.</param>
internal sealed record ServerRequestSeed(
    PeerStream Stream, AutoNatClient Client, AutoNatServerOptions Options, RandomSource Random, IActorRef Server);

/// <summary>
/// Serves one request of AutoNAT version 2; the states are those of its <see cref="AutoNatServerRequest"/>. Data is read by one task, which
/// tells its end only. Stops with the answer, or by resetting the stream.
/// </summary>
internal sealed class ServerRequestActor : UntypedActor, IWithTimers
{
    private readonly ServerRequestSeed _seed;
    private readonly AutoNatServerRequest _request;
    private readonly MessageStream _messages;
    private readonly CancellationTokenSource _cancel = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private bool _handedOver;

    /// <summary>Creates the actor; it starts to read at once.</summary>
    public ServerRequestActor(ServerRequestSeed seed)
    {
        _seed = seed;
        _request = new AutoNatServerRequest(seed.Options, seed.Random);
        _messages = new MessageStream(seed.Stream);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, _seed.Options.RequestTimeout);
        ServerExchange.ReadV2Async(_messages, _cancel.Token)
            .PipeTo(Self, success: decoded => new Read(decoded), failure: e => new Broken(e.Message));
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
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Read read: Perform(_request.OnRequest(read.Decoded)); break;
            case AutoNatServerMessages.Chosen chosen: Perform(_request.OnChosen(chosen.Choice)); break;
            case Collected collected: Perform(_request.OnData(collected.Outcome)); break;
            case Waited: Perform(_request.OnWaited()); break;
            case AutoNatServerMessages.DialedBack dialed: OnDialedBack(dialed); break;
            case AutoNatServerMessages.PartnersAsked asked: Perform(_request.OnPartners(asked.Count)); break;
            case AutoNatServerMessages.PartnerSaid said: OnPartnerSaid(said); break;
            case Broken broken: Perform(_request.OnBroken(broken.Reason)); break;
            case TooSlow: Perform(_request.OnBroken("the client is too slow")); break;
            case Answered: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void OnDialedBack(AutoNatServerMessages.DialedBack dialed)
    {
        _log.Debug("Dial-back to {0} at {1}: {2}, {3}", _seed.Client.Peer, dialed.Address, dialed.Outcome, dialed.Detail);
        Perform(_request.OnOwnOutcome(dialed.Outcome));
    }

    private void OnPartnerSaid(AutoNatServerMessages.PartnerSaid said)
    {
        _log.Debug("Partner {0} on {1}: {2}", said.Partner.Peer, _seed.Client.Peer, said.Outcome);
        Perform(_request.OnPartnerOutcome(said.Outcome));
    }

    private void Perform(AutoNatServerEffect? effect)
    {
        switch (effect)
        {
            case AutoNatServerEffect.Choose choose:
                _seed.Server.Tell(new AutoNatServerMessages.Choose(choose.Addresses, _seed.Client));
                break;
            case AutoNatServerEffect.AskForData ask:
                ServerExchange.CollectAsync(_messages, ask.Message, _cancel.Token)
                    .PipeTo(Self, success: outcome => new Collected(outcome), failure: e => new Broken(e.Message));
                break;
            case AutoNatServerEffect.Wait wait: Timers.StartSingleTimer(nameof(Waited), Waited.Instance, wait.Delay); break;
            case AutoNatServerEffect.Dial dial: Dial(dial); break;
            case AutoNatServerEffect.Answer answer: Answer(answer.Message); break;
            case AutoNatServerEffect.Reset reset: Reset(reset.Reason); break;
        }
    }

    private void Dial(AutoNatServerEffect.Dial dial)
    {
        Timers.Cancel(nameof(TooSlow));
        var order = new DialBackOrder(_seed.Client.Peer, dial.Address, dial.Nonce, _seed.Options.DialTimeout);
        _seed.Server.Tell(new AutoNatServerMessages.DialBack(order, Self));
        var ask = new DialBackAsk(_seed.Client.Peer, dial.Address, dial.Nonce, dial.Basis);
        _seed.Server.Tell(new AutoNatServerMessages.AskPartners(ask, _seed.Client, Self));
    }

    private void Answer(AutoNatV2Message.DialResponse response)
    {
        Timers.Cancel(nameof(TooSlow));
        _log.Debug("{0} is answered {1} {2}", _seed.Client.Peer, response.Status, response.DialStatus);
        _handedOver = true;
        var answer = Context.ActorOf(Props.Create(typeof(ServerAnswerActor), _seed.Stream, AutoNatV2Codec.Encode(response)), "answer");
        Context.WatchWith(answer, Answered.Instance);
    }

    private void Reset(string reason)
    {
        _log.Debug("A request of {0} came to nothing: {1}", _seed.Client.Peer, reason);
        Context.Stop(Self);
    }

    private sealed record Read(AutoNatV2Decoded Decoded) : IDeadLetterSuppression;

    private sealed record Collected(DialDataOutcome Outcome) : IDeadLetterSuppression;

    private sealed record Broken(string Reason) : IDeadLetterSuppression;

    private sealed record Waited
    {
        public static readonly Waited Instance = new();
    }

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }

    private sealed record Answered
    {
        public static readonly Answered Instance = new();
    }
}
