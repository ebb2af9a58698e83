using Akka.Actor;
using Akka.Event;
using NatActors.Protocols.KeepAlive;
using NatActors.Transports;

namespace NatActors.Node.KeepAlive;

/// <summary>
/// One measured connection, on the server's side: silent for the time asked for, then a byte.
/// <code>
/// Reading --token--> Redeeming --good--> Silent --time--> byte, told --> Lingering --the peer closed, time--> stop
///    +--ended, too slow----+--worthless-----+--the peer closed--> stop
/// </code>
/// A connection that breaks in the silence is told like the others when its time has come: if the NAT broke it, the mapping is gone.
/// </summary>
internal sealed class SilentMappingActor : UntypedActor, IWithTimers
{
    /// <summary>How long the token may take. Ours: it comes right behind the negotiation.</summary>
    public static readonly TimeSpan TokenTimeout = TimeSpan.FromSeconds(10);

    private readonly IConduit _conduit;
    private readonly IActorRef _server;
    private readonly CancellationTokenSource _cancel = new();
    private KeepAliveMessages.Redeemed? _redeemed;
    private bool _broken;

    public SilentMappingActor(IConduit conduit, IActorRef server)
    {
        _conduit = conduit;
        _server = server;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TimeIsUp), TimeIsUp.Instance, TokenTimeout);
        LifetimeExchange.ReadTokenAsync(_conduit, _cancel.Token)
            .PipeTo(Self, success: token => new TokenRead(token), failure: _ => Broken.Instance);
        Become(Reading);
    }

    protected override void PostStop()
    {
        _cancel.Cancel();
        _conduit.Abort();
    }

    protected override void OnReceive(object message) => Unhandled(message);

    private void Reading(object message)
    {
        switch (message)
        {
            case TokenRead { Token: { } token }: OnToken(token); break;
            case TokenRead or Broken or TimeIsUp: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Redeeming(object message)
    {
        switch (message)
        {
            case KeepAliveMessages.Redeemed { Ticket: { } ticket } redeemed: OnRedeemed(redeemed, ticket); break;
            case KeepAliveMessages.Redeemed or TimeIsUp or AskEnded: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Silent(object message)
    {
        switch (message)
        {
            case TimeIsUp: OnSilenceOver(); break;
            case Broken: _broken = true; break;
            case Ended or AskEnded: Context.Stop(Self); break;
            case Written: break;
            default: Unhandled(message); break;
        }
    }

    private void Lingering(object message)
    {
        switch (message)
        {
            case TimeIsUp or Broken or Ended or AskEnded: Context.Stop(Self); break;
            case Written: break;
            default: Unhandled(message); break;
        }
    }

    private void OnToken(byte[] token)
    {
        Become(Redeeming);
        _server.Tell(new KeepAliveMessages.Redeem(token));
    }

    private void OnRedeemed(KeepAliveMessages.Redeemed redeemed, LifetimeTicket ticket)
    {
        _redeemed = redeemed;
        Context.WatchWith(redeemed.Ask, AskEnded.Instance);
        Become(Silent);
        Write(LifetimeProtocol.Armed);
        LifetimeExchange.ReadByteAsync(_conduit, _cancel.Token)
            .PipeTo(Self, success: _ => Ended.Instance, failure: _ => Broken.Instance);
        Timers.StartSingleTimer(nameof(TimeIsUp), TimeIsUp.Instance, ticket.Silence);
    }

    private void OnSilenceOver()
    {
        if (!_broken)
        {
            Write(LifetimeProtocol.Awake);
        }

        _redeemed!.Ask.Tell(new KeepAliveMessages.Sent(_redeemed.Ticket!.Mapping));
        Become(Lingering);
        Timers.StartSingleTimer(nameof(TimeIsUp), TimeIsUp.Instance, LifetimeProtocol.Grace + LifetimeProtocol.Grace);
    }

    private void Write(byte value) =>
        _conduit.WriteAsync(new[] { value }, _cancel.Token).AsTask().PipeTo(Self, success: () => Written.Instance, failure: _ => Broken.Instance);

    // What the tasks say after this actor has stopped is no news.
    private sealed record TokenRead(byte[]? Token) : IDeadLetterSuppression;

    private sealed record AskEnded
    {
        public static readonly AskEnded Instance = new();
    }

    private sealed record TimeIsUp
    {
        public static readonly TimeIsUp Instance = new();
    }

    private sealed record Ended : IDeadLetterSuppression
    {
        public static readonly Ended Instance = new();
    }

    private sealed record Broken : IDeadLetterSuppression
    {
        public static readonly Broken Instance = new();
    }

    private sealed record Written : IDeadLetterSuppression
    {
        public static readonly Written Instance = new();
    }
}
