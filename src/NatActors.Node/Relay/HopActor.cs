using Akka.Actor;
using NatActors.Node.Streams;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Relay;

/// <summary>
/// Reads the one question of a hop stream, and writes the server's answer.
/// <code>
/// Reading --question--> Deciding --say--> Answering --written, closed--> stop
///    |                      +--handed over to a circuit--> stop
///    +-- broken, too slow --> stop
/// </code>
/// </summary>
public sealed class HopActor : UntypedActor, IWithTimers
{
    /// <summary>
    /// How long the question, and writing the answer, may take. Ours; go-libp2p allows its streams a minute, which costs memory only.
    /// </summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    private readonly StreamMessages.InboundStream _inbound;
    private readonly IActorRef _server;
    private readonly CancellationTokenSource _cancel = new();
    private bool _done;

    /// <summary>Creates the actor; it starts to read at once.</summary>
    public HopActor(StreamMessages.InboundStream inbound, IActorRef server)
    {
        _inbound = inbound;
        _server = server;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, Timeout);
        ReadAsync().PipeTo(Self, failure: e => new Broken(e.Message));
        Become(Reading);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        if (!_done)
        {
            _inbound.Stream.Reset();
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Reading(object message)
    {
        switch (message)
        {
            case Question question: OnQuestion(question); break;
            case Broken or TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Deciding(object message)
    {
        switch (message)
        {
            case RelayServerMessages.Say say: OnSay(say.Status); break;
            case RelayServerMessages.HandedOver: OnDone(); break;
            case TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Answering(object message)
    {
        switch (message)
        {
            case Written: OnDone(); break;
            case Broken or TooSlow: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private async Task<Question> ReadAsync()
    {
        var messages = new MessageStream(_inbound.Stream);
        var decoded = await RelayExchange.ReadHopAsync(messages, _cancel.Token);
        messages.Release();
        return new Question(decoded);
    }

    private void OnQuestion(Question question)
    {
        Become(Deciding);
        _server.Tell(new RelayServerMessages.Asked(question.Decoded, _inbound.Stream, _inbound.Connection));
    }

    private void OnSay(HopMessage.Status status)
    {
        Become(Answering);
        SayAsync(_inbound.Stream, status, _cancel.Token).PipeTo(Self, success: () => Written.Instance, failure: e => new Broken(e.Message));
    }

    private static async Task SayAsync(PeerStream stream, HopMessage.Status status, CancellationToken cancellationToken)
    {
        await new MessageStream(stream).WriteMessageAsync(RelayCodec.Encode(status), cancellationToken);
        await stream.DisposeAsync();
    }

    private void OnDone()
    {
        _done = true;
        Context.Stop(Self);
    }

    private sealed record Question(HopDecoded Decoded);

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
