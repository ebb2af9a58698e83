using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Network;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.AutoNat;

/// <summary>
/// Whether strangers can dial this node, and why: asks servers of AutoNAT, takes their dial-backs, tells subscribers. The rules are those of
/// <see cref="ReachabilityMachine"/>; this actor brings it what happens and carries its effects out. One state.
/// <code>
/// addresses, identify, connections, network, time --> the machine --> probe-n children --one end each--> the machine
///                              dial-back streams --> dialback-n children --nonce known--> its probe-n
///                                                    the machine --> subscribers, events
/// </code>
/// After a restart it subscribes anew, keeps its subscribers, and asks from the beginning.
/// </summary>
public sealed class ReachabilityActor : UntypedActor, IWithTimers
{
    /// <summary>Dial-backs read at once. Ours: one for each question out, and as many from partners and strays.</summary>
    public const int MaxDialBacks = 16;

    private readonly NodeContext _node;
    private readonly ReachabilityMachine _machine;
    private readonly Dictionary<ulong, Probe> _nonces = [];
    private readonly Dictionary<long, IActorRef> _probes = [];
    private readonly HashSet<long> _connections = [];
    private readonly HashSet<IActorRef> _subscribers = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private AddressSet _addresses = AddressSet.Empty;
    private IDisposable? _registration;
    private int _dialBacks;
    private long _lastName;

    /// <summary>Creates the actor; it subscribes to all it needs.</summary>
    public ReachabilityActor(NodeContext node)
    {
        _node = node;
        _machine = new ReachabilityMachine(node.Options.AutoNat.Client, node.Random);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        // A relayed dial-back proves nothing, so none is taken.
        _registration = _node.Protocols.Register(AutoNatProtocol.V2DialBack, Self, allowLimited: false);
        _node.Refs.Connections.Tell(new ConnectionsMessages.Subscribe(Self));
        _node.Refs.Identify.Tell(new IdentifyMessages.Subscribe(Self));
        _node.Refs.Addresses.Tell(new AddressMessages.Subscribe(Self));
        _node.Refs.Network.Tell(new NetworkMessages.Subscribe(Self));
    }

    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        base.PreRestart(reason, message);

        // Who wants to hear of the verdict has no way to know that this is another instance: carry them over.
        foreach (var subscriber in _subscribers)
        {
            Self.Tell(new AutoNatMessages.Subscribe(subscriber));
        }
    }

    /// <inheritdoc />
    protected override void PostStop() => _registration?.Dispose();

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AddressMessages.Changed changed: OnAddresses(changed.Addresses); break;
            case IdentifyMessages.Identified identified: OnIdentified(identified); break;
            case IdentifyMessages.IdentifyFailed: break;
            case ConnectionsMessages.ConnectionUp up: OnConnectionUp(up.Connection); break;
            case ConnectionsMessages.ConnectionDown down: OnConnectionDown(down.Connection.Id); break;
            case NetworkMessages.Changed changed: OnNetwork(changed.What); break;
            case StreamMessages.InboundStream inbound: OnInbound(inbound); break;
            case DialBackReceiptMessages.NonceArrived arrived: OnNonce(arrived); break;
            case DialBackReceiptMessages.Gone: _dialBacks--; break;
            case ProbeMessages.Ended ended: OnEnded(ended); break;
            case AutoNatMessages.ProbeAgain again: OnProbeAgain(again); break;
            case AutoNatMessages.Subscribe subscribe: OnSubscribe(subscribe.Subscriber); break;
            case AutoNatMessages.GetState: Sender.Tell(new AutoNatMessages.State(_machine.Verdict, Servers())); break;
            case Terminated terminated: _subscribers.Remove(terminated.ActorRef); break;
            case Deadline: Apply(_machine.OnTimer(Now)); break;
            default: Unhandled(message); break;
        }
    }

    private void OnAddresses(AddressSet addresses)
    {
        var before = _addresses;
        _addresses = addresses;
        if (!addresses.Candidates.SequenceEqual(before.Candidates))
        {
            Apply(_machine.OnCandidates(addresses.Candidates, Now));
        }

        if (before.Relayed.Except(addresses.Relayed).Any())
        {
            OnProbeAgain(new AutoNatMessages.ProbeAgain("a relay was lost"));
            return;
        }

        var mappings = addresses.Mapped.Except(before.Mapped).Concat(before.Mapped.Except(addresses.Mapped)).ToArray();
        if (mappings.Length > 0)
        {
            OnProbeAgain(new AutoNatMessages.ProbeAgain("a mapping is new or has ended", mappings));
        }
    }

    private void OnIdentified(IdentifyMessages.Identified identified)
    {
        var (connection, info) = identified;
        if (connection.Relayed || !_connections.Contains(connection.Id))
        {
            return;
        }

        Apply(_machine.OnPeer(
            new ProbePeer
            {
                Peer = connection.Peer,
                ConnectionId = connection.Id,
                Remote = connection.RemoteAddress,
                Protocols = info.Protocols,
                Listens = info.ListenAddresses,
                Agent = info.AgentVersion,
                Dialed = connection.Direction == ConnectionDirection.Outbound,
            },
            Now));
    }

    private void OnConnectionUp(ConnectionInfo connection)
    {
        _connections.Add(connection.Id);
        if (CameByListener(connection)
            && connection.RemoteAddress.TryGetTcpEndPoint(out var remote)
            && _node.Contacted.CameAsStranger(remote))
        {
            Apply(_machine.OnStranger(connection.Peer, connection.LocalAddress, connection.RemoteAddress, Now));
        }
    }

    private void OnConnectionDown(long connectionId)
    {
        if (_connections.Remove(connectionId))
        {
            Apply(_machine.OnConnectionGone(connectionId, Now));
        }
    }

    private void OnNetwork(IReadOnlyList<string> what)
    {
        // The first message to a subscriber says how things are; only what follows is a change.
        if (what.Count > 0)
        {
            _log.Info("The network changed; reachability is tested anew");
            Apply(_machine.OnNetworkChanged(Now));
        }
    }

    private void OnProbeAgain(AutoNatMessages.ProbeAgain again)
    {
        _log.Debug("Reachability is tested again: {0}", again.Why);
        Apply(_machine.OnProbeAgain(again.Addresses, Now));
    }

    private void OnInbound(StreamMessages.InboundStream inbound)
    {
        if (_dialBacks >= MaxDialBacks)
        {
            inbound.Stream.Reset();
            return;
        }

        _dialBacks++;
        var receipt = Context.ActorOf(
            Props.Create(typeof(DialBackReceiptActor), inbound.Stream, inbound.Connection, Self), $"dialback-{++_lastName}");
        Context.WatchWith(receipt, new DialBackReceiptMessages.Gone());
    }

    private void OnNonce(DialBackReceiptMessages.NonceArrived arrived)
    {
        if (!_nonces.TryGetValue(arrived.Nonce, out var probe))
        {
            Context.Stop(Sender);
            return;
        }

        var connection = arrived.Connection;
        var hasEndPoint = connection.RemoteAddress.TryGetTcpEndPoint(out var remote);
        probe.Actor.Tell(new ProbeMessages.DialedBack(new ProbeDialBack
        {
            Local = connection.LocalAddress,
            Remote = connection.RemoteAddress,
            CameByListener = CameByListener(connection),
            IsNew = connection.Id > probe.LastConnection,
            Relayed = connection.Relayed,
            FromStranger = hasEndPoint && _node.Contacted.CameAsStranger(remote!),
            FromDialedPort = hasEndPoint && _node.Contacted.WasDialed(remote!),
        }));
        Sender.Tell(new DialBackReceiptMessages.Confirm());
    }

    private void OnEnded(ProbeMessages.Ended ended)
    {
        // After a restart the probes of the former life still report, by numbers that are used again.
        if (!_probes.TryGetValue(ended.Question, out var probe) || !probe.Equals(Sender))
        {
            return;
        }

        _probes.Remove(ended.Question);
        _nonces.Remove(ended.Nonce);
        _node.Metrics.OnProbed(ended.Result.Outcome);
        Apply(_machine.OnEnded(ended.Question, ended.Result, Now));
    }

    private void OnSubscribe(IActorRef subscriber)
    {
        if (_subscribers.Add(subscriber))
        {
            Context.Watch(subscriber);
        }

        subscriber.Tell(new AutoNatMessages.VerdictChanged(_machine.Verdict));
    }

    private void Apply(IReadOnlyList<ReachabilityEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case ReachabilityEffect.Ask ask: StartProbe(ask.Question); break;
                case ReachabilityEffect.Tell tell: Tell(tell.Verdict); break;
                case ReachabilityEffect.VerdictChanged changed: OnVerdictChanged(changed.Verdict); break;
                case ReachabilityEffect.Confirmed confirmed:
                    _node.Events.Publish(new NodeEvents.AddressConfirmed(confirmed.Address, confirmed.Reason));
                    break;
                case ReachabilityEffect.Lost lost: _node.Events.Publish(new NodeEvents.AddressLost(lost.Address, lost.Reason)); break;
            }
        }

        Timers.WakeAt(nameof(Deadline), Deadline.Instance, _machine.NextDeadline, Now);
    }

    private void StartProbe(ReachabilityQuestion question)
    {
        var nonce = question.IsV1 ? 0 : ProbeMachine.NewNonce(_node.Random);
        var probe = Context.ActorOf(
            Props.Create(typeof(ProbeActor), _node, new ProbeSeed(question, nonce), Self), $"probe-{++_lastName}");
        _probes[question.Id] = probe;
        if (nonce != 0)
        {
            _nonces[nonce] = new Probe(probe, _node.NextConnectionId());
        }
    }

    private void OnVerdictChanged(NodeVerdict verdict)
    {
        _log.Info("Reachability: {0} ({1})", verdict.Text, string.Join("; ", verdict.Reasons));
        _node.Events.Publish(new NodeEvents.ReachabilityChanged(verdict.Verdict, verdict.FilteringProven, verdict.Reasons));
    }

    private void Tell(NodeVerdict verdict)
    {
        foreach (var subscriber in _subscribers)
        {
            subscriber.Tell(new AutoNatMessages.VerdictChanged(verdict));
        }
    }

    private IReadOnlyList<AutoNatMessages.ServerState> Servers() =>
        [.. _machine.Servers.Select(s => new AutoNatMessages.ServerState(s.Peer, s.V2 ? "v2" : "v1", s.LastAnswer))];

    private static bool CameByListener(ConnectionInfo connection) =>
        connection is { Direction: ConnectionDirection.Inbound, Relayed: false, PortReused: true };

    /// <summary>Who waits for a nonce, and the last connection before it was sent.</summary>
    private sealed record Probe(IActorRef Actor, long LastConnection);

    private sealed record Deadline
    {
        public static readonly Deadline Instance = new();
    }
}
