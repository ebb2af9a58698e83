using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;
using NatActors.Transports;
using NatActors.Transports.Port;

namespace NatActors.Node.AutoNat;

/// <summary>One ask for a second port.</summary>
/// <param name="Stream">The stream it came on.</param>
/// <param name="Client">Who asks.</param>
/// <param name="Local">This end of the connection.</param>
internal sealed record SecondPortSeed(PeerStream Stream, AutoNatClient Client, Multiaddr Local);

/// <summary>
/// Opens one second port for one client and tells it where it came from (<see cref="SecondPortProtocol"/>). It owns the port: nothing is ever
/// dialed from there, and what comes in is none of the node's connections.
/// <code>
/// Reading --ask--> Waiting: OPEN is sent, visitors are let in one after the other
///    |                |  a visitor --from another address--> cut
///    |                |            --shows the nonce--> SEEN --> Answering --written--> stop
///    |                +--window over--> NOT_SEEN --^
///    |  no port can be opened: FAILED -----------------^
///    +--broken, too slow, no ask--> stop, stream reset
/// </code>
/// </summary>
internal sealed class SecondPortAnswerActor : UntypedActor, IWithTimers
{
    /// <summary>Visitors from the client's address that are read: others behind its NAT may find the port. Ours.</summary>
    public const int MaxVisitors = 4;

    /// <summary>Visitors from elsewhere that are cut before the port is closed. Ours: more is somebody who knocks at all ports.</summary>
    public const int MaxStrangers = 64;

    private readonly NodeContext _node;
    private readonly SecondPortSeed _seed;
    private readonly MessageStream _messages;
    private readonly List<IConduit> _visitors = [];
    private readonly CancellationTokenSource _cancel = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IPortBinding? _port;
    private ulong _nonce;
    private SecondPortReply? _reply;
    private int _strangers;
    private bool _saying;
    private bool _handedOver;

    /// <summary>Creates the actor; it starts to read at once.</summary>
    public SecondPortAnswerActor(NodeContext node, SecondPortSeed seed)
    {
        _node = node;
        _seed = seed;
        _messages = new MessageStream(seed.Stream);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TimeUp), TimeUp.Instance, _node.Options.AutoNat.Server.SecondPortWindow);
        SecondPortExchange.ReadAskAsync(_messages, _cancel.Token)
            .PipeTo(Self, success: decoded => new Asked(decoded), failure: e => new Broken(e.Message));
        Become(Reading);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        Close();
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
            case Asked { Decoded.Fault: SecondPortFault.None } asked: OnAsked(asked.Decoded.Nonce); break;
            case Asked or Broken or TimeUp: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Waiting(object message)
    {
        switch (message)
        {
            case Came { Visitor: { } visitor }: OnCame(visitor); break;
            case Showed showed: OnShowed(showed); break;
            case Told: OnTold(); break;
            case TimeUp when _saying: Context.Stop(Self); break;
            case TimeUp or Came: Answer(new SecondPortReply(SecondPortStatus.NotSeen)); break;
            case CannotAccept: Answer(new SecondPortReply(SecondPortStatus.Failed)); break;
            case Broken: Context.Stop(Self); break;
            default: Unhandled(message); break;
        }
    }

    private void Answering(object message)
    {
        switch (message)
        {
            case Answered: Context.Stop(Self); break;
            case Came came: came.Discard(); break;
            case Showed or TimeUp or CannotAccept: break;
            default: Unhandled(message); break;
        }
    }

    private void OnAsked(ulong nonce)
    {
        _nonce = nonce;
        _port = Open();
        if (_port is null)
        {
            Answer(new SecondPortReply(SecondPortStatus.Failed));
            return;
        }

        // A window of its own: the client has not been slow.
        Timers.StartSingleTimer(nameof(TimeUp), TimeUp.Instance, _node.Options.AutoNat.Server.SecondPortWindow);
        Become(Waiting);
        Accept();
        _saying = true;
        var open = new SecondPortReply(SecondPortStatus.Open, _port.LocalEndPoint.Port);
        SecondPortExchange.SayAsync(_messages, open, _cancel.Token)
            .PipeTo(Self, success: () => Told.Instance, failure: e => new Broken(e.Message));
    }

    /// <summary>A fresh port at the address that the client reached, whatever other addresses this machine has.</summary>
    private IPortBinding? Open()
    {
        if (!_seed.Local.TryGetTcpEndPoint(out var local))
        {
            return null;
        }

        local.Port = 0;
        var address = Multiaddr.FromTcp(local);
        var opened = _node.Transports.FirstOrDefault(t => t.CanListen(address))?.Bind(address);
        if (opened?.Binding is null)
        {
            _log.Debug("No second port can be opened at {0}: {1}", address, opened?.Detail);
        }

        return opened?.Binding;
    }

    private void Accept() => _port!.AcceptAsync(_cancel.Token).AsTask()
        .PipeTo(Self, success: visitor => new Came(visitor), failure: e => new CannotAccept(e.Message));

    private void OnCame(IConduit visitor)
    {
        if (!SecondPortServerRules.MayShow(visitor.RemoteAddress, _seed.Client))
        {
            visitor.Abort();
            _strangers++;
        }
        else
        {
            // Side by side: one who says nothing does not keep the client waiting.
            _visitors.Add(visitor);
            SecondPortExchange.ShowsAsync(visitor, _nonce, _cancel.Token)
                .PipeTo(Self, success: shows => new Showed(visitor, shows), failure: _ => new Showed(visitor, false));
        }

        if (_strangers < MaxStrangers && _visitors.Count < MaxVisitors)
        {
            Accept();
        }
    }

    private void OnShowed(Showed showed)
    {
        if (showed.Nonce)
        {
            Answer(new SecondPortReply(SecondPortStatus.Seen, Seen: showed.Visitor.RemoteAddress));
        }
        else
        {
            showed.Visitor.Abort();
        }
    }

    private void OnTold()
    {
        _saying = false;
        if (_reply is { } reply)
        {
            Answer(reply);
        }
    }

    /// <summary>The last word; it waits for the one before, for a stream has one writer.</summary>
    private void Answer(SecondPortReply reply)
    {
        if (_saying)
        {
            _reply ??= reply;
            return;
        }

        Become(Answering);
        Timers.Cancel(nameof(TimeUp));
        Close();
        _handedOver = true;
        var answer = Props.Create(typeof(ServerAnswerActor), _seed.Stream, SecondPortCodec.Encode(reply));
        Context.WatchWith(Context.ActorOf(answer, "answer"), Answered.Instance);
    }

    private void Close()
    {
        _cancel.Cancel();
        foreach (var visitor in _visitors)
        {
            visitor.Abort();
        }

        // Closing a listener is one system call: nothing to wait for.
        _ = _port?.DisposeAsync();
    }

    private sealed record Asked(SecondPortAskDecoded Decoded) : IDeadLetterSuppression;

    private sealed record Came(IConduit? Visitor) : IDeadLetterSuppression, ILostProperty
    {
        public void Discard() => Visitor?.Abort();
    }

    private sealed record Showed(IConduit Visitor, bool Nonce) : IDeadLetterSuppression;

    private sealed record Told : IDeadLetterSuppression
    {
        public static readonly Told Instance = new();
    }

    private sealed record CannotAccept(string Reason) : IDeadLetterSuppression;

    private sealed record Broken(string Reason) : IDeadLetterSuppression;

    private sealed record TimeUp
    {
        public static readonly TimeUp Instance = new();
    }

    private sealed record Answered
    {
        public static readonly Answered Instance = new();
    }
}
