using Akka.Actor;
using NatActors.Node.Streams;
using NatActors.Protocols.KeepAlive;

namespace NatActors.Node.KeepAlive;

/// <summary>
/// The stream of one peer that measures, on the server's side.
/// <code>
/// Reading --ASK--> Deciding --granted--> Telling --the peer closed, broken, all sent--> stop
///    +--broken, too slow--> stop +--refused--> told --> stop
/// </code>
/// </summary>
internal sealed class LifetimeAskActor : UntypedActor, IWithTimers
{
    /// <summary>How long the question may take. Ours: it comes right behind the negotiation.</summary>
    public static readonly TimeSpan QuestionTimeout = TimeSpan.FromSeconds(10);

    /// <summary>What is added to the longest silence until the stream is given up: connects, the grace, and as much again.</summary>
    public static readonly TimeSpan Overtime = TimeSpan.FromSeconds(40);

    private readonly PeerStream _stream;
    private readonly IActorRef _server;
    private readonly MessageStream _messages;
    private readonly CancellationTokenSource _cancel = new();
    private readonly Queue<int> _toTell = new();
    private bool _writing;
    private bool _closed;
    private int _untold;

    public LifetimeAskActor(PeerStream stream, IActorRef server)
    {
        _stream = stream;
        _server = server;
        _messages = new MessageStream(stream);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, QuestionTimeout);
        Read();
        Become(Reading);
    }

    protected override void PostStop()
    {
        _cancel.Cancel();
        if (!_closed)
        {
            _stream.Reset();
        }
    }

    protected override void OnReceive(object message) => Unhandled(message);

    private void Reading(object message)
    {
        switch (message)
        {
            case Heard { Message: LifetimeMessage.Ask ask }: OnAsk(ask); break;
            case Heard or Broken or TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Deciding(object message)
    {
        switch (message)
        {
            case KeepAliveMessages.Decided decided: OnDecided(decided.Decision); break;
            case TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Telling(object message)
    {
        switch (message)
        {
            case KeepAliveMessages.Sent sent: _toTell.Enqueue(sent.Mapping); TellNext(); break;
            case Written: _writing = false; OnWritten(); break;
            case Heard or Broken or TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Refusing(object message)
    {
        switch (message)
        {
            case Written: _closed = true; Context.Stop(Self); break;
            case Broken or TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void OnAsk(LifetimeMessage.Ask ask)
    {
        Become(Deciding);
        _untold = ask.Silences.Count;
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, ask.Silences.Max() + Overtime);
        _server.Tell(new KeepAliveMessages.Asked(ask));
    }

    private void OnDecided(LifetimeDecision decision)
    {
        if (decision.Refusal != LifetimeRefusal.None)
        {
            Become(Refusing);
            RefuseAsync(decision.Refusal).PipeTo(Self, success: () => Written.Instance, failure: e => new Broken(e.Message));
            return;
        }

        Become(Telling);
        Write(new LifetimeMessage.Grant(decision.Tokens));

        // Nothing more is expected but the end, which is to be noticed.
        Read();
    }

    private async Task RefuseAsync(LifetimeRefusal refusal)
    {
        await _messages.WriteMessageAsync(LifetimeCodec.Encode(new LifetimeMessage.Refuse(refusal)), _cancel.Token);
        await _stream.DisposeAsync();
    }

    private void OnWritten()
    {
        TellNext();
        if (_untold == 0 && !_writing)
        {
            // The last word has gone; the peer closes.
            Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, LifetimeProtocol.Grace);
        }
    }

    private void TellNext()
    {
        if (!_writing && _toTell.TryDequeue(out var mapping))
        {
            _untold--;
            Write(new LifetimeMessage.Sent(mapping));
        }
    }

    private void Write(LifetimeMessage message)
    {
        _writing = true;
        _messages.WriteMessageAsync(LifetimeCodec.Encode(message), _cancel.Token).AsTask()
            .PipeTo(Self, success: () => Written.Instance, failure: e => new Broken(e.Message));
    }

    private void Read() => LifetimeExchange.ReadAsync(_messages, _cancel.Token)
        .PipeTo(Self, success: heard => new Heard(heard), failure: e => new Broken(e.Message));

    private sealed record Heard(LifetimeMessage? Message);

    private sealed record Broken(string Reason);

    private sealed record Written
    {
        public static readonly Written Instance = new();
    }

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }
}
