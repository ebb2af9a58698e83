using Akka.Actor;
using Akka.Event;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.AutoNat;

/// <summary>One question to be.</summary>
/// <param name="Question">What, whom, over which connection.</param>
/// <param name="Nonce">What the dial-back must carry; version 2 only.</param>
internal sealed record ProbeSeed(ReachabilityQuestion Question, ulong Nonce);

/// <summary>The messages between a <see cref="ProbeActor"/> and its parent.</summary>
internal static class ProbeMessages
{
    /// <summary>To the parent, once: what the question came to.</summary>
    public sealed record Ended(long Question, ulong Nonce, ProbeResult Result) : IDeadLetterSuppression;

    /// <summary>From the parent: a dial-back with this question's nonce came in.</summary>
    public sealed record DialedBack(ProbeDialBack DialBack);
}

/// <summary>
/// One question to one server, of either version; it tells its parent what it came to exactly once. The rules of version 2 are those of
/// <see cref="ProbeMachine"/>, of version 1 of <see cref="ProbeV1"/>.
/// <code>
/// Opening --stream--> Asking (v2): a message read --> the machine --> writes, data, the next read | ended --> tells, stop
///    |                AskingV1: answer read --> judged --> tells, stop
///    +--no stream--> tells, stop
///    +--too slow--> tells --> Abandoned --the late stream is reset--> stop
/// </code>
/// </summary>
internal sealed class ProbeActor : UntypedActor, IWithTimers
{
    private readonly NodeContext _node;
    private readonly ProbeSeed _seed;
    private readonly IActorRef _parent;
    private readonly CancellationTokenSource _cancel = new();
    private ProbeMachine? _machine;
    private PeerStream? _stream;
    private MessageStream? _messages;
    private long _arrivals;
    private bool _told;

    /// <summary>Creates the actor; it opens the stream at once.</summary>
    public ProbeActor(NodeContext node, ProbeSeed seed, IActorRef parent)
    {
        _node = node;
        _seed = seed;
        _parent = parent;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    private ReachabilityQuestion Question => _seed.Question;

    private TimeSpan Timeout => Question.IsV1 ? _node.Options.AutoNat.Client.V1Timeout : _node.Options.AutoNat.Client.Timeout;

    /// <inheritdoc />
    protected override void PreStart()
    {
        if (!Question.IsV1)
        {
            _machine = new ProbeMachine(new ProbeQuestion(Question.Addresses, _seed.Nonce), Timeout, Now);
        }

        Wake(Timeout);
        var protocol = Question.IsV1 ? AutoNatProtocol.V1 : AutoNatProtocol.V2DialRequest;
        _node.Refs.Connections.Tell(new ConnectionsMessages.OpenStream(0, Question.Server, [protocol], AllowLimited: false, Self)
        {
            OnConnection = Question.ConnectionId,
        });
        Become(Opening);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();

        // Both sides have said all they have to say; where not, this ends it.
        _stream?.Reset();
        Tell(new ProbeResult(WitnessOutcome.NoEvidence, ProbeTrouble.Failed, "the question was cut short"));
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Opening(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: OnOpened(opened.Stream); break;
            case ConnectionsMessages.StreamFailed failed: End(ProbeV1.Failed(failed.Failure.Detail)); break;
            case ProbeMessages.DialedBack dialed: Apply(_machine!.OnDialBack(dialed.DialBack)); break;
            case TimeUp: OnTooSlowToOpen(); break;
            default: Unhandled(message); break;
        }
    }

    private void Asking(object message)
    {
        switch (message)
        {
            case Said said: Apply(said.Decoded is { } decoded ? _machine!.OnMessage(decoded, Now) : _machine!.OnStreamEnded("it gave no answer")); break;
            case Broken broken: Apply(_machine!.OnStreamEnded(broken.Reason)); break;
            case ProbeMessages.DialedBack dialed: Apply(_machine!.OnDialBack(dialed.DialBack)); break;
            case TimeUp: Apply(_machine!.OnDeadline(Now)); break;
            default: Unhandled(message); break;
        }
    }

    private void AskingV1(object message)
    {
        switch (message)
        {
            case SaidV1 said: OnSaidV1(said.Decoded); break;
            case Broken broken: End(ProbeV1.Failed(broken.Reason)); break;
            case TimeUp: End(ProbeV1.Failed($"no answer within {Timeout.TotalSeconds:0} s")); break;
            default: Unhandled(message); break;
        }
    }

    private void Abandoned(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: opened.Stream.Reset(); Context.Stop(Self); break;
            case ConnectionsMessages.StreamFailed: Context.Stop(Self); break;
            case ProbeMessages.DialedBack or TimeUp: break;
            default: Unhandled(message); break;
        }
    }

    private void OnOpened(PeerStream stream)
    {
        _stream = stream;
        if (_machine is not null)
        {
            _messages = new MessageStream(stream);
            Become(Asking);
            Apply(_machine.OnOpened());
            return;
        }

        _arrivals = _node.Contacted.Arrivals;
        Become(AskingV1);
        ProbeExchange.AskV1Async(stream, _node.Self, Question.Addresses, _cancel.Token)
            .PipeTo(Self, success: decoded => new SaidV1(decoded), failure: e => new Broken(e.Message));
    }

    private void OnSaidV1(AutoNatV1Decoded decoded)
    {
        var cameIn = Question.ServerAddress.Host is { } host && _node.Contacted.AcceptedSince(host, _arrivals);
        End(ProbeV1.Judge(decoded, cameIn));
    }

    private void OnTooSlowToOpen()
    {
        Tell(ProbeV1.Failed("no stream to it could be opened in time"));
        Become(Abandoned);
    }

    private void Apply(IReadOnlyList<ProbeEffect> effects)
    {
        ReadOnlyMemory<byte>? message = null;
        var dialData = 0;
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case ProbeEffect.Send send: message = send.Message; break;
                case ProbeEffect.SendDialData data: dialData = data.Bytes; break;
                case ProbeEffect.Read: GoOn(message, dialData); break;
                case ProbeEffect.Ended ended: End(ended.Result); return;
            }
        }

        if (_machine!.NextDeadline is { } deadline)
        {
            Wake(deadline - Now);
        }
    }

    private void GoOn(ReadOnlyMemory<byte>? message, int dialData) =>
        ProbeExchange.GoOnAsync(_messages!, message, dialData, _cancel.Token)
            .PipeTo(Self, success: decoded => new Said(decoded), failure: e => new Broken(e.Message));

    private void Wake(TimeSpan wait) => Timers.StartSingleTimer(nameof(TimeUp), TimeUp.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);

    private void End(ProbeResult result)
    {
        Tell(result);
        Context.Stop(Self);
    }

    private void Tell(ProbeResult result)
    {
        if (!_told)
        {
            _told = true;
            _parent.Tell(new ProbeMessages.Ended(Question.Id, _seed.Nonce, result));
        }
    }

    private sealed record Said(AutoNatV2Decoded? Decoded) : IDeadLetterSuppression;

    private sealed record SaidV1(AutoNatV1Decoded Decoded) : IDeadLetterSuppression;

    private sealed record Broken(string Reason) : IDeadLetterSuppression;

    private sealed record TimeUp
    {
        public static readonly TimeUp Instance = new();
    }
}
