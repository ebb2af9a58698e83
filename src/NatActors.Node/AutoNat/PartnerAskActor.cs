using Akka.Actor;
using Akka.Event;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.AutoNat;

/// <summary>
/// Asks one partner to dial back, and tells what it says; a silent one counts as not having tried.
/// <code>
/// Opening --stream--> Asking --reply, broken--> tells, stop
///    +--no stream--> tells, stop
///    +--too slow--> tells --> Abandoned --the late stream is reset--> stop
/// </code>
/// </summary>
internal sealed class PartnerAskActor : UntypedActor, IWithTimers
{
    private readonly NodeContext _node;
    private readonly DialBackPartner _partner;
    private readonly DialBackAsk _ask;
    private readonly IActorRef _replyTo;
    private readonly IActorRef _server;
    private readonly CancellationTokenSource _cancel = new();
    private PeerStream? _stream;
    private bool _told;

    /// <summary>Creates the actor; it opens the stream at once.</summary>
    public PartnerAskActor(NodeContext node, DialBackPartner partner, DialBackAsk ask, IActorRef replyTo, IActorRef server)
    {
        _node = node;
        _partner = partner;
        _ask = ask;
        _replyTo = replyTo;
        _server = server;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        var options = _node.Options.AutoNat.Server;
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, options.PartnerTimeout);
        _node.Refs.Connections.Tell(new ConnectionsMessages.OpenStream(0, _partner.Peer, [AutoNatProtocol.Partner], AllowLimited: false, Self)
        {
            OnConnection = _partner.Connection,
        });
        Become(Opening);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        _stream?.Reset();
        Tell(DialBackOutcome.NotTried);
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Opening(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: OnOpened(opened.Stream); break;
            case ConnectionsMessages.StreamFailed: Context.Stop(Self); break;
            case TooSlow: Tell(DialBackOutcome.NotTried); Become(Abandoned); break;
            default: Unhandled(message); break;
        }
    }

    private void Asking(object message)
    {
        switch (message)
        {
            case Replied replied: OnReplied(replied.Reply); break;
            case Broken or TooSlow: Context.Stop(Self); break;
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
        _stream = stream;
        ServerExchange.AskAsync(stream, _ask, _cancel.Token)
            .PipeTo(Self, success: reply => new Replied(reply), failure: e => new Broken(e.Message));
        Become(Asking);
    }

    private void OnReplied(DialBackReplyDecoded reply)
    {
        _stream = null;
        Tell(DialBackPartnerRules.OutcomeOf(reply));
        Context.Stop(Self);
    }

    private void Tell(DialBackOutcome outcome)
    {
        if (!_told)
        {
            _told = true;
            var said = new AutoNatServerMessages.PartnerSaid(_partner, outcome);
            _replyTo.Tell(said);
            _server.Tell(said);
        }
    }

    private sealed record Replied(DialBackReplyDecoded Reply) : IDeadLetterSuppression;

    private sealed record Broken(string Reason) : IDeadLetterSuppression;

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }
}
