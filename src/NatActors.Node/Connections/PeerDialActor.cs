using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Naming;
using NatActors.Node.Port;
using NatActors.Node.Relay;
using NatActors.Protocols.Connections;
using NatActors.Transports;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.Connections;

/// <summary>
/// The dial of one peer over its addresses, in happy-eyeballs order (<see cref="DialSchedule"/>), names looked up beside. A conduit goes to the connections to be
/// upgraded; the first that comes up ends the dial from outside, by <see cref="PeerDialMessages.Abort"/>.
/// <code>
/// Dialing --every address failed--> tells Failed, stop
///    +--abort--> Draining (late conduits are cut) --all connects answered--> stop
/// </code>
/// </summary>
public sealed partial class PeerDialActor : UntypedActor, IWithTimers
{
    private readonly NodeContext _node;
    private readonly DialGoal _goal;
    private readonly IReadOnlyList<Multiaddr> _addresses;
    private readonly IReadOnlyList<Multiaddr> _own;
    private readonly IActorRef _connections;
    private readonly Dictionary<long, Multiaddr> _connecting = [];
    private readonly Dictionary<long, Multiaddr> _upgrading = [];
    private readonly HashSet<Multiaddr> _crossed = [];
    private readonly List<string> _causes = [];
    private DialSchedule _schedule = null!;
    private TimeSpan _started;
    private long _lastId;

    /// <summary>Creates the actor; it starts dialing at once. <paramref name="own"/> are the addresses this node listens on.</summary>
    public PeerDialActor(
        NodeContext node, DialGoal goal, IReadOnlyList<Multiaddr> addresses, IReadOnlyList<Multiaddr> own, IActorRef connections)
    {
        _node = node;
        _goal = goal;
        _addresses = addresses;
        _own = own;
        _connections = connections;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _started = Now;
        _schedule = new DialSchedule(Rank(_addresses), _started);
        Become(Dialing);
        LookUp(_addresses);
        Go();
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Dialing(object message)
    {
        switch (message)
        {
            case PortMessages.Dialed dialed: OnDialed(dialed); break;
            case PortMessages.DialFailed failed: OnNotConnected(failed); break;
            case RelayClientMessages.Connected connected: OnCircuit(connected); break;
            case RelayClientMessages.ConnectFailed failed: OnFailed(_connecting, failed.Id, failed.Reason); break;
            case ConnectionsMessages.Dialed dialed: OnUp(dialed); break;
            case ConnectionsMessages.DialFailed failed: OnUpgradeFailed(failed); break;
            case ResolverMessages.Resolved resolved: OnResolved(resolved); break;
            case ResolverMessages.NotResolved failed: OnNotResolved(failed); break;
            case PeerDialMessages.AddAddresses more: OnMore(more.Addresses); break;
            case PeerDialMessages.Abort abort: OnAbort(abort.Connected); break;
            case PunchTooLong punch: OnFailed(_upgrading, punch.Id, punch.Cause); break;
            case Turn: Go(); break;
            default: Unhandled(message); break;
        }
    }

    private void Draining(object message)
    {
        switch (message)
        {
            case PortMessages.Dialed dialed: dialed.Conduit.Abort(); Drained(dialed.Id); break;
            case PortMessages.DialFailed failed: Drained(failed.Id); break;
            case RelayClientMessages.Connected connected: connected.Conduit.Abort(); Drained(connected.Id); break;
            case RelayClientMessages.ConnectFailed failed: Drained(failed.Id); break;
            case ConnectionsMessages.Dialed or ConnectionsMessages.DialFailed or PeerDialMessages.AddAddresses or Turn: break;
            case PeerDialMessages.Abort or ResolverMessages.Resolved or ResolverMessages.NotResolved: break;
            default: Unhandled(message); break;
        }
    }

    private IReadOnlyList<RankedAddress> Rank(IReadOnlyList<Multiaddr> addresses)
    {
        var target = new DialTarget(
            _node.Self,
            _goal.Peer,
            _own,
            address => _node.Transports.Any(t => t.CanDial(address)),
            _goal.DirectOnly);
        return DialRanker.Rank(addresses, target, new DialRankRules());
    }

    private void Go()
    {
        foreach (var address in _schedule.Due(Now))
        {
            Try(address);
        }

        if (_schedule.IsExhausted && _lookingUp.Count == 0)
        {
            ForgetNames();
            var failure = Failure();
            _node.Metrics.OnDialed(Now - _started, failure.Kind);
            _connections.Tell(new PeerDialMessages.Failed(_goal, failure));
            Context.Stop(Self);
        }
        else if (_schedule.Deadline is { } deadline)
        {
            var wait = deadline - Now;
            Timers.StartSingleTimer(nameof(Turn), Turn.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        }
    }

    private DialFailure Failure() => _causes.Count == 0
        ? new DialFailure(DialFailureKind.NoAddress, "none of the peer's addresses is one that this node can dial")
        : new DialFailure(DialFailureKind.AllFailed, string.Join("; ", _causes));

    private void Try(Multiaddr address)
    {
        var id = ++_lastId;
        if (_node.Gater.RefuseDial(_goal.Peer, address) is { } refusal)
        {
            Failed(address, refusal);
            Self.Tell(Turn.Instance);
            return;
        }

        _connecting[id] = address;
        if (address.TrySplitCircuit(out var relay, out _, out _))
        {
            _node.Refs.RelayClient.Tell(new RelayClientMessages.Connect(id, relay!, _goal.Peer, Self));
            return;
        }

        var from = _goal.FreshPort || _crossed.Contains(address) ? DialPort.Fresh : DialPort.Shared;
        _node.Refs.Ports.Tell(new PortMessages.Dial(id, address, from, _node.Options.Connections.DialTimeout, Self));
    }

    private void OnDialed(PortMessages.Dialed dialed)
    {
        if (_connecting.Remove(dialed.Id, out var address))
        {
            Upgrade(dialed.Id, address, new ConnectionsMessages.Adopt(dialed.Conduit, ConnectionRole.Dialer, ConnectionDirection.Outbound)
            {
                PortReused = dialed.PortReused,
            });
        }
    }

    private void OnCircuit(RelayClientMessages.Connected connected)
    {
        if (_connecting.Remove(connected.Id, out var address))
        {
            Upgrade(connected.Id, address, new ConnectionsMessages.Adopt(connected.Conduit, ConnectionRole.Dialer, ConnectionDirection.Outbound)
            {
                Relayed = true,
                Limits = connected.Limits,
            });
        }
    }

    private void Upgrade(long id, Multiaddr address, ConnectionsMessages.Adopt adopt)
    {
        _upgrading[id] = address;
        _connections.Tell(adopt with { ExpectedPeer = _goal.Peer, Id = id, ReplyTo = Self });
    }

    private void OnUpgradeFailed(ConnectionsMessages.DialFailed failed)
    {
        if (failed.Failure.Kind == DialFailureKind.Crossed && _upgrading.TryGetValue(failed.Id, out var address) && _crossed.Add(address))
        {
            // From another port it meets the peer's listener. The peer does the same; of two connections one is kept.
            _upgrading.Remove(failed.Id);
            Try(address);
            return;
        }

        OnFailed(_upgrading, failed.Id, failed.Failure.Detail);
    }

    private void OnNotConnected(PortMessages.DialFailed failed)
    {
        if (failed.Failure.Kind is not (ConnectFailureKind.Accepted or ConnectFailureKind.Superseded))
        {
            OnFailed(_connecting, failed.Id, failed.Failure.Detail);
        }
        else if (_connecting.Remove(failed.Id, out var address))
        {
            // The peer's own connect, or a punch, has the 4-tuple: when that is up, this dial ends from outside.
            _upgrading[failed.Id] = address;
            if (failed.Failure.Kind == ConnectFailureKind.Accepted)
            {
                _connections.Tell(new PeerDialMessages.AwaitAccepted(failed.Id, address.WithoutPeerId(), Self));
            }
            else
            {
                var tooLong = new PunchTooLong(failed.Id, failed.Failure.Detail);
                Timers.StartSingleTimer($"{nameof(PunchTooLong)}-{failed.Id}", tooLong, _node.Options.Connections.UpgradeTimeout);
            }
        }
    }

    private void OnUp(ConnectionsMessages.Dialed dialed)
    {
        if (!dialed.Connection.Peer.Equals(_goal.Peer))
        {
            // Only what was accepted there can turn out to be somebody else's.
            OnFailed(_upgrading, dialed.Id, $"{dialed.Connection.Peer} is there");
            return;
        }

        _upgrading.Remove(dialed.Id);
    }

    private void OnFailed(Dictionary<long, Multiaddr> stage, long id, string cause)
    {
        if (stage.Remove(id, out var address))
        {
            Failed(address, cause);
            Go();
        }
    }

    private void Failed(Multiaddr address, string cause)
    {
        _causes.Add($"{address.WithoutPeerId()}: {cause}");
        _schedule.OnFailed(address);
    }

    private void OnMore(IReadOnlyList<Multiaddr> addresses)
    {
        _schedule.OnAdded(Rank(addresses), Now);
        LookUp(addresses);
        Go();
    }

    private void OnAbort(bool connected)
    {
        _node.Metrics.OnDialed(Now - _started, connected ? null : DialFailureKind.Cancelled);
        Timers.CancelAll();
        CancelLookUps();
        Become(Draining);
        foreach (var (id, address) in _connecting.ToArray())
        {
            if (address.IsRelayed)
            {
                _node.Refs.RelayClient.Tell(new RelayClientMessages.CancelConnect(id, Self));
                _connecting.Remove(id);
            }
            else
            {
                _node.Refs.Ports.Tell(new PortMessages.CancelDial(id, Self));
            }
        }

        StopWhenDrained();
    }

    private void Drained(long id)
    {
        _connecting.Remove(id);
        StopWhenDrained();
    }

    private void StopWhenDrained()
    {
        if (_connecting.Count == 0)
        {
            Context.Stop(Self);
        }
    }

    private sealed record PunchTooLong(long Id, string Cause);

    private sealed record Turn
    {
        public static readonly Turn Instance = new();
    }
}
