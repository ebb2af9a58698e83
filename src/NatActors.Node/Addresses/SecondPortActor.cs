using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Port;
using NatActors.Node.Streams;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using NatActors.Transports;
using NatActors.Transports.Port;

namespace NatActors.Node.Addresses;

/// <summary>From a <see cref="SecondPortActor"/> to its parent.</summary>
internal static class SecondPortMessages
{
    /// <summary>The ask over that connection is over; null when nothing was learnt.</summary>
    public sealed record Ended(long ConnectionId, SecondPortSighting? Sighting);
}

/// <summary>
/// Asks one peer for a second port, goes there from the shared port and learns where it is seen (<see cref="SecondPortProtocol"/>). The
/// connection is the port owner's and this actor's alone; whatever goes wrong shows nothing and is told to nobody but the log.
/// <code>
/// Opening --stream--> Asking --OPEN--> Dialing --connected--> Showing --SEEN--> tells, stop
///    +--none            +--refused       +--not connected       +--not seen, broken, too slow--> tells, stop
///    +--too slow--> tells --> Abandoned --the late stream is reset--> stop
/// </code>
/// </summary>
internal sealed class SecondPortActor : UntypedActor, IWithTimers
{
    /// <summary>
    /// How long the stream and its first reply, and then the last, may take: what the server may take at most, and a second for the way.
    /// </summary>
    public static readonly TimeSpan Patience = SecondPortProtocol.MaxWindow + TimeSpan.FromSeconds(1);

    private readonly NodeContext _node;
    private readonly NatEffect.ObserveSecondPort _order;
    private readonly Multiaddr _server;
    private readonly CancellationTokenSource _cancel = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly ulong _nonce;
    private MessageStream? _messages;
    private IConduit? _conduit;
    private bool _told;

    /// <summary>Creates the actor; the parent gets the answer.</summary>
    /// <param name="node">The node.</param>
    /// <param name="order">Whom to ask, and over which connection.</param>
    /// <param name="server">The server's end of that connection.</param>
    public SecondPortActor(NodeContext node, NatEffect.ObserveSecondPort order, Multiaddr server)
    {
        _node = node;
        _order = order;
        _server = server;

        // Zero has no meaning on the wire.
        _nonce = Math.Max(1, node.Random.NextUInt64());
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        Timers.StartSingleTimer(nameof(TooLate), TooLate.Instance, Patience);
        _node.Refs.Connections.Tell(new ConnectionsMessages.OpenStream(0, _order.Peer, [SecondPortProtocol.Id], AllowLimited: false, Self)
        {
            OnConnection = _order.ConnectionId,
        });
        Become(Opening);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _cancel.Cancel();
        _conduit?.Abort();

        // Both sides have said all they have to say; where not, this ends it.
        _messages?.Stream.Reset();
        Tell(null);
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Opening(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.StreamOpened opened: OnOpened(opened.Stream); break;
            case ConnectionsMessages.StreamFailed failed: End(failed.Failure.Detail); break;
            case TooLate: Tell(null); Become(Abandoned); break;
            default: Unhandled(message); break;
        }
    }

    private void Asking(object message)
    {
        switch (message)
        {
            case Said { Reply: { Status: SecondPortStatus.Open } open }: OnOpen(open.Port); break;
            case Said said: End($"it says {said.Reply?.Status.ToString() ?? "nothing"}"); break;
            case Broken broken: End(broken.Reason); break;
            case TooLate: End("no answer in time"); break;
            default: Unhandled(message); break;
        }
    }

    private void Dialing(object message)
    {
        switch (message)
        {
            case PortMessages.Dialed dialed: OnDialed(dialed); break;
            case PortMessages.DialFailed failed: End(failed.Failure.Detail); break;
            default: Unhandled(message); break;
        }
    }

    private void Showing(object message)
    {
        switch (message)
        {
            case Said { Reply.Seen: { } seen }: OnSeen(seen); break;
            case Said said: End($"it says {said.Reply?.Status.ToString() ?? "nothing"}"); break;
            case Broken broken: End(broken.Reason); break;
            case TooLate: End("no answer in time"); break;
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
        _messages = new MessageStream(stream);
        SecondPortExchange.AskAsync(_messages, _nonce, _cancel.Token)
            .PipeTo(Self, success: reply => new Said(reply), failure: e => new Broken(e.Message));
        Become(Asking);
    }

    private void OnOpen(int port)
    {
        if (!_server.TryGetTcpEndPoint(out var server))
        {
            End("it was not reached by TCP");
            return;
        }

        // The dial ends by itself, with one answer.
        Timers.Cancel(nameof(TooLate));
        server.Port = port;
        _node.Refs.Ports.Tell(new PortMessages.Dial(1, Multiaddr.FromTcp(server), DialPort.Shared, SecondPortProtocol.MaxWindow, Self));
        Become(Dialing);
    }

    private void OnDialed(PortMessages.Dialed dialed)
    {
        _conduit = dialed.Conduit;
        if (!dialed.PortReused)
        {
            End("the connection left from another port");
            return;
        }

        Timers.StartSingleTimer(nameof(TooLate), TooLate.Instance, Patience);
        SecondPortExchange.ShowAsync(_conduit, _nonce, _messages!, _cancel.Token)
            .PipeTo(Self, success: reply => new Said(reply), failure: e => new Broken(e.Message));
        Become(Showing);
    }

    private void OnSeen(Multiaddr seen)
    {
        Tell(new SecondPortSighting(_conduit!.LocalAddress, _conduit.RemoteAddress, seen));
        Context.Stop(Self);
    }

    private void End(string reason)
    {
        _log.Debug("Nothing was learnt from a second port of {0} at {1}: {2}", _order.Peer, _server, reason);
        Context.Stop(Self);
    }

    private void Tell(SecondPortSighting? sighting)
    {
        if (!_told)
        {
            _told = true;
            Context.Parent.Tell(new SecondPortMessages.Ended(_order.ConnectionId, sighting));
        }
    }

    private sealed record Said(SecondPortReply? Reply) : IDeadLetterSuppression;

    private sealed record Broken(string Reason) : IDeadLetterSuppression;

    private sealed record TooLate
    {
        public static readonly TooLate Instance = new();
    }
}
