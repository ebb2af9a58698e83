using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Streams;
using NatActors.Protocols.HolePunch;

namespace NatActors.Node.HolePunch;

/// <summary>
/// Starts an attempt for each peer that is connected by a relay only, one at a time for a peer, and tells the connections when it is over,
/// so
/// that whoever waits for a direct connection gets its answer. One state. Children: <c>attempt-n</c>.
/// </summary>
public sealed class HolePunchActor : UntypedActor
{
    /// <summary>Attempts under way at once (go-libp2p: 32 in each direction).</summary>
    public const int MaxAttempts = 64;

    /// <summary>Punches that are remembered for reports, whoever the peer was. Ours: what a person reads on one screen.</summary>
    public const int KeptPunches = 16;

    private readonly NodeContext _node;
    private readonly PunchOptions _options;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<PeerId, Attempt> _attempts = [];
    private readonly Dictionary<PeerId, HashSet<long>> _direct = [];
    private readonly Dictionary<PeerId, List<ConnectionInfo>> _relayed = [];
    private readonly Dictionary<long, HolePunchMessages.PeerIs> _identified = [];
    private readonly LinkedList<NodeEvents.PunchEnded> _last = [];
    private readonly Dictionary<PeerId, NodeEvents.PunchEnded> _lastWith = [];
    private readonly FloodLog _refusals = new();
    private OwnAddresses _own = OwnAddresses.None;
    private IDisposable? _registration;
    private long _lastAttempt;

    /// <summary>Creates the actor.</summary>
    public HolePunchActor(NodeContext node)
    {
        _node = node;
        _options = node.Options.Punch;
    }

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        _node.Refs.Connections.Tell(new ConnectionsMessages.Subscribe(Self));
        _node.Refs.Addresses.Tell(new AddressMessages.Subscribe(Self));
        _node.Refs.Identify.Tell(new IdentifyMessages.Subscribe(Self));
        _registration = _node.Protocols.Register(HolePunchCodec.Protocol, Self, allowLimited: true);
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _registration?.Dispose();
        foreach (var peer in _attempts.Keys)
        {
            _node.Refs.Connections.Tell(new ConnectionsMessages.PunchOver(peer, "hole punching stopped"));
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.ConnectionUp up: OnUp(up.Connection); break;
            case ConnectionsMessages.ConnectionDown down: OnDown(down.Connection); break;
            case StreamMessages.InboundStream inbound: OnInbound(inbound); break;
            case IdentifyMessages.Identified identified: OnIdentified(identified); break;
            case IdentifyMessages.IdentifyFailed: break;
            case AddressMessages.Changed changed: OnAddresses(changed.Addresses); break;
            case HolePunchMessages.Over over: OnOver(over.Ended); break;
            case HolePunchMessages.GetState: Sender.Tell(TakeState()); break;
            case AttemptEnded ended: OnEnded(ended.Peer, ended.Number); break;
            default: Unhandled(message); break;
        }
    }

    private void OnUp(ConnectionInfo connection)
    {
        if (!connection.Relayed)
        {
            if (!_direct.TryGetValue(connection.Peer, out var direct))
            {
                _direct[connection.Peer] = direct = [];
            }

            direct.Add(connection.Id);
            Tell(connection.Peer, new HolePunchMessages.DirectIsUp(connection.Direction == ConnectionDirection.Inbound));
            return;
        }

        // DCUtR.md: B, which accepted the relayed connection, begins; A, which made it, waits to be asked.
        if (!_relayed.TryGetValue(connection.Peer, out var relayed))
        {
            _relayed[connection.Peer] = relayed = [];
        }

        relayed.Add(connection);
        if (_attempts.TryGetValue(connection.Peer, out var attempt)
            && connection.Direction == ConnectionDirection.Inbound && !attempt.Initiator && !attempt.Begun && !IsFirst(connection.Peer))
        {
            Supersede(connection.Peer, attempt);
        }

        TryStart(connection);
    }

    private void OnDown(ConnectionInfo connection)
    {
        _identified.Remove(connection.Id);
        if (connection.Relayed)
        {
            OnRelayedDown(connection);
            return;
        }

        if (_direct.TryGetValue(connection.Peer, out var direct) && direct.Remove(connection.Id) && direct.Count == 0)
        {
            _direct.Remove(connection.Peer);
            if (_relayed.TryGetValue(connection.Peer, out var relayed) && !_node.Stopping.IsCancellationRequested)
            {
                // The direct way is gone, a relayed one is left: another punch.
                TryStart(relayed[^1]);
            }
        }
    }

    private void OnRelayedDown(ConnectionInfo connection)
    {
        if (_relayed.TryGetValue(connection.Peer, out var relayed))
        {
            relayed.RemoveAll(c => c.Id == connection.Id);
            if (relayed.Count == 0)
            {
                _relayed.Remove(connection.Peer);
                _lastWith.Remove(connection.Peer);
            }
        }

        if (_attempts.TryGetValue(connection.Peer, out var attempt) && attempt.Connection == connection.Id)
        {
            attempt.Actor.Tell(new HolePunchMessages.RelayedIsDown());
        }
    }

    private bool TryStart(ConnectionInfo relayed)
    {
        if (_attempts.ContainsKey(relayed.Peer))
        {
            return false;
        }

        if (_direct.ContainsKey(relayed.Peer) || _attempts.Count >= MaxAttempts)
        {
            // Whoever waits for a direct connection is told in any case.
            var reason = _direct.ContainsKey(relayed.Peer) ? "there is a direct connection" : "too many hole punches are under way";
            _log.Debug("No hole punch with {0}: {1}", relayed.Peer, reason);
            _node.Refs.Connections.Tell(new ConnectionsMessages.PunchOver(relayed.Peer, reason));
            return false;
        }

        var seed = new AttemptSeed
        {
            Relayed = relayed,
            Initiator = relayed.Direction == ConnectionDirection.Inbound,
            Own = _own,
            Known = _identified.GetValueOrDefault(relayed.Id),
            Options = _options,
        };
        var number = ++_lastAttempt;
        var actor = Context.ActorOf(Props.Create(typeof(HolePunchAttemptActor), _node, seed), $"attempt-{number}");
        Context.WatchWith(actor, new AttemptEnded(relayed.Peer, number));
        _attempts[relayed.Peer] = new Attempt(number, relayed.Id, actor, seed.Initiator);
        _node.Refs.Connections.Tell(new ConnectionsMessages.PunchUnderWay(relayed.Peer));
        return true;
    }

    private void OnInbound(StreamMessages.InboundStream inbound)
    {
        var connection = inbound.Connection;

        // DCUtR.md: only B opens the stream, and only on the relayed connection that it accepted.
        if (!connection.Relayed || connection.Direction != ConnectionDirection.Outbound)
        {
            if (_refusals.MayLog(Context.System.Scheduler.HighResMonotonicClock, out var others))
            {
                _log.Info("Refused a DCUtR stream of {0}: it is not on a relayed connection that this node made{1}", connection.Peer, others);
            }

            inbound.Stream.Reset();
            return;
        }

        if (_attempts.TryGetValue(connection.Peer, out var attempt)
            && attempt.Connection != connection.Id && attempt.Initiator && IsFirst(connection.Peer))
        {
            Supersede(connection.Peer, attempt);
        }

        var known = _attempts.TryGetValue(connection.Peer, out attempt) && attempt.Connection == connection.Id;
        if (!known && !TryStart(connection))
        {
            inbound.Stream.Reset();
            return;
        }

        attempt = _attempts[connection.Peer];
        attempt.Begun = true;
        attempt.Actor.Tell(new HolePunchMessages.PeerOpened(inbound.Stream));
    }

    /// <summary>
    /// Peers that reach each other by relays at the same time have two relayed connections, and may each wait for the other to begin, or
    /// both begin. Then the connection counts that the peer with the smaller id made; the other peer begins.
    /// </summary>
    private bool IsFirst(PeerId peer) => _node.Self.CompareTo(peer) < 0;

    private void Supersede(PeerId peer, Attempt attempt)
    {
        _attempts.Remove(peer);
        attempt.Actor.Tell(new HolePunchMessages.Superseded());
    }

    private void OnIdentified(IdentifyMessages.Identified identified)
    {
        if (!identified.Connection.Relayed)
        {
            return;
        }

        var peer = new HolePunchMessages.PeerIs(identified.Info.AgentVersion, identified.Info.ListenAddresses);
        _identified[identified.Connection.Id] = peer;
        Tell(identified.Connection.Peer, peer);
    }

    private void OnAddresses(AddressSet addresses)
    {
        _own = new OwnAddresses
        {
            Observed = [.. addresses.ForHolePunch.Concat(addresses.Observed).Distinct()],
            Listening = addresses.Listening,
        };
        foreach (var attempt in _attempts.Values)
        {
            attempt.Actor.Tell(new HolePunchMessages.OwnAddressesAre(_own));
        }
    }

    private void OnOver(NodeEvents.PunchEnded over)
    {
        _last.AddFirst(over);
        if (_last.Count > KeptPunches)
        {
            _last.RemoveLast();
        }

        if (_relayed.ContainsKey(over.Peer))
        {
            _lastWith[over.Peer] = over;
        }

        // Who waits for a direct connection goes on waiting where another attempt has taken over.
        if (_attempts.TryGetValue(over.Peer, out var attempt) && attempt.Actor.Equals(Sender))
        {
            _node.Refs.Connections.Tell(new ConnectionsMessages.PunchOver(over.Peer, over.Reason));
        }
    }

    private HolePunchMessages.State TakeState() => new([.. _last, .. _lastWith.Values.Where(punch => !_last.Contains(punch))]);

    private void OnEnded(PeerId peer, long number)
    {
        if (_attempts.TryGetValue(peer, out var attempt) && attempt.Number == number)
        {
            _attempts.Remove(peer);

            // Heard already from an attempt that ended in order; the answer of one that a bug of ours stopped.
            _node.Refs.Connections.Tell(new ConnectionsMessages.PunchOver(peer, "the hole punch failed inside this node; see the log"));
            StartAgain(peer, attempt.Connection);
        }
    }

    /// <summary>The relayed connection of an attempt may have died under it, while the peer, which lost its path, came again by another.</summary>
    private void StartAgain(PeerId peer, long connection)
    {
        if (_relayed.TryGetValue(peer, out var relayed) && !relayed.Exists(c => c.Id == connection)
            && !_direct.ContainsKey(peer) && !_node.Stopping.IsCancellationRequested)
        {
            TryStart(relayed[^1]);
        }
    }

    private void Tell(PeerId peer, object message)
    {
        if (_attempts.TryGetValue(peer, out var attempt))
        {
            attempt.Actor.Tell(message);
        }
    }

    private sealed record Attempt(long Number, long Connection, IActorRef Actor, bool Initiator)
    {
        /// <summary>The peer has opened its DCUtR stream.</summary>
        public bool Begun { get; set; }
    }

    private sealed record AttemptEnded(PeerId Peer, long Number);
}
