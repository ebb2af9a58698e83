using Akka.Actor;
using Akka.Event;
using NatActors.Node.Connections;
using NatActors.Node.Naming;
using NatActors.Node.Ping;
using NatActors.Node.Port;
using NatActors.Node.Relay;
using NatActors.Node.Report;
using NatActors.Node.Streams;
using NatActors.Transports.Port;

namespace NatActors.Node;

/// <summary>A message with something in it that somebody must end, although nobody was there to take it.</summary>
internal interface ILostProperty
{
    /// <summary>Ends what the message carries. Safe any number of times.</summary>
    void Discard();
}

/// <summary>
/// Looks after messages that reached nobody, because their actor had stopped or did not know them. A conduit or stream in one is cut: else
/// its 4-tuple, or its place on the connection, would be held for ever. A request to this node is refused, so that it ends once all the
/// same. Stands beside the node, not under it, so that it outlives it. One state.
/// </summary>
internal sealed class LostAndFoundActor : UntypedActor
{
    private const string Reason = "that part of the node has ended";
    private static readonly DialFailure NotDialed = new(DialFailureKind.Cancelled, Reason);
    private static readonly StreamFailure NotOpened = new(StreamFailureKind.ConnectionLost, Reason);
    private static readonly ConnectFailure NotConnected = new(ConnectFailureKind.Aborted, Reason);

    private readonly NodeContext _node;
    private readonly string _nodePath;

    /// <summary>For the node whose actor that is.</summary>
    public LostAndFoundActor(NodeContext node, IActorRef nodeActor)
    {
        _node = node;
        _nodePath = nodeActor.Path.ToStringWithoutAddress();
    }

    /// <inheritdoc />
    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(AllDeadLetters));

    /// <inheritdoc />
    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AllDeadLetters lost: OnLost(lost); break;
            default: Unhandled(message); break;
        }
    }

    private void OnLost(AllDeadLetters lost)
    {
        switch (lost.Message)
        {
            case ILostProperty property: property.Discard(); break;
            case PortMessages.Accepted accepted: accepted.Conduit.Abort(); break;
            case PortMessages.Dialed dialed: dialed.Conduit.Abort(); break;
            case PortMessages.Punched punched: punched.Conduit.Abort(); break;
            case RelayClientMessages.Connected connected: connected.Conduit.Abort(); break;
            case StreamMessages.InboundStream inbound: inbound.Stream.Reset(); break;
            case ConnectionsMessages.StreamOpened opened: opened.Stream.Reset(); break;
            case NodeMessages.StreamOpened opened: opened.Stream.Reset(); break;
            default: Refuse(lost); break;
        }
    }

    /// <summary>Several nodes may live in one actor system, each with one of these: only its own node's requests are answered.</summary>
    private void Refuse(AllDeadLetters lost)
    {
        if (Refusal(lost.Message, lost.Sender) is var (requester, refusal) && IsOurs(lost.Recipient))
        {
            (lost.Message as ConnectionsMessages.Adopt)?.Conduit.Abort();
            requester?.Tell(refusal);
        }
    }

    private (IActorRef? Requester, object Refusal)? Refusal(object message, IActorRef sender) => message switch
    {
        NodeMessages.Dial m => (m.ReplyTo, new NodeMessages.DialFailed(m.Id, NotDialed)),
        NodeMessages.OpenStream m => (m.ReplyTo, new NodeMessages.StreamFailed(m.Id, NotOpened)),
        NodeMessages.Serve m => (sender, new NodeMessages.NotServing(m.Protocol, Reason)),
        NodeMessages.GetReport => (sender, new NodeMessages.Report(ReportActor.Empty(_node, Context.System.Scheduler.HighResMonotonicClock))),
        NodeMessages.GetStatus => (sender, new NodeMessages.Status(_node.Self, [], [])),
        ConnectionsMessages.Dial m => (m.ReplyTo, new ConnectionsMessages.DialFailed(m.Id, NotDialed)),
        ConnectionsMessages.Adopt m => (m.ReplyTo, new ConnectionsMessages.DialFailed(m.Id, NotDialed)),
        ConnectionsMessages.OpenStream m => (m.ReplyTo, new ConnectionsMessages.StreamFailed(m.Id, NotOpened)),
        ConnectionsMessages.CloseAll m => (m.ReplyTo, new ConnectionsMessages.AllClosed()),
        ConnectionsMessages.GetSnapshot => (sender, new ConnectionsMessages.Snapshot([])),
        PortMessages.Dial m => (m.ReplyTo, new PortMessages.DialFailed(m.Id, NotConnected)),
        PortMessages.Punch m => (m.ReplyTo, new PortMessages.PunchFailed(m.Id, NotConnected)),
        RelayClientMessages.Connect m => (m.ReplyTo, new RelayClientMessages.ConnectFailed(m.Id, Reason)),
        ResolverMessages.Resolve m => (m.ReplyTo, new ResolverMessages.NotResolved(m.Id, Reason)),
        PingMessages.Ping m => (m.ReplyTo, new PingMessages.PingFailed(m.Id, Reason)),
        PingMessages.Measure m => (m.ReplyTo, new PingMessages.MeasureFailed(m.Id, Reason)),
        _ => null,
    };

    private bool IsOurs(IActorRef recipient)
    {
        var path = recipient.Path.ToStringWithoutAddress();
        return path.StartsWith(_nodePath, StringComparison.Ordinal) && (path.Length == _nodePath.Length || path[_nodePath.Length] == '/');
    }
}
