using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Network;
using NatActors.Node.Port;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node.Addresses;

/// <summary>
/// Which addresses this node has: where it listens, where others see it (<see cref="ObservedAddresses"/>), where routers forward from, what
/// AutoNAT says of each (<see cref="AddressLedger"/>), where relays hold a slot for it; and what NAT stands in front
/// (<see cref="NatBehaviour"/>). Tells subscribers of every change. One state; a try to reach the own outside address is a child of its own,
/// and so is an ask for a second port of an observer.
/// <code>
/// ports, observations, verdicts, mappings, slots --> address set --changed--> subscribers, events
///                                      \--> NAT behaviour --> event, hairpin-n, second-port-n
/// </code>
/// After a restart it asks the ports again and keeps its subscribers and what others told it once (relay addresses, mappings); observations
/// come again with the next identify.
/// </summary>
public sealed class AddressBookActor : UntypedActor, IWithTimers
{
    /// <summary>How often what ages is looked at. Ours: nothing of it is exact to the minute. Changes of the network are told.</summary>
    public static readonly TimeSpan AgingTick = TimeSpan.FromSeconds(30);

    /// <summary>Witnesses that <see cref="AddressMessages.State"/> names, the latest ones. Ours: more than a person reads.</summary>
    public const int MaxWitnessesTold = 128;

    private readonly NodeContext _node;
    private readonly ObservedAddresses _observed = new(new ObservedRules());
    private readonly AddressLedger _ledger;
    private readonly NatBehaviour _nat = new(new NatBehaviourRules());
    private readonly Dictionary<PeerId, IReadOnlyList<Multiaddr>> _relayed = [];
    private readonly Dictionary<long, Heard> _connections = [];
    private readonly Dictionary<object, object> _toldOnce = [];
    private readonly HashSet<IActorRef> _subscribers = [];
    private AddressSet _told = AddressSet.Empty;
    private IReadOnlyList<SeenAddress> _seen = [];
    private IReadOnlyList<Multiaddr> _bound = [];
    private IReadOnlyList<Multiaddr> _listening = [];
    private bool _hasSubscribed;
    private long _lastChild;

    /// <summary>Creates the actor; it works from the first message on.</summary>
    public AddressBookActor(NodeContext node)
    {
        _node = node;
        _ledger = new AddressLedger(new AddressLedgerRules { PrivateToo = node.Options.AutoNat.AllowPrivateAddresses });
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        _node.Refs.Connections.Tell(new ConnectionsMessages.Subscribe(Self));
        Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, AgingTick);

        // The ports' actor may be made after this one.
        Self.Tell(AskPorts.Instance);
    }

    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        base.PreRestart(reason, message);

        // Nobody would tell the new instance of these again, or not for an hour.
        foreach (var told in _toldOnce.Values)
        {
            Self.Tell(told);
        }

        foreach (var subscriber in _subscribers)
        {
            Self.Tell(new AddressMessages.Subscribe(subscriber));
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AddressMessages.Subscribe subscribe: OnSubscribe(subscribe.Subscriber); break;
            case AddressMessages.GetState: Sender.Tell(new AddressMessages.State(_told, WitnessStates(), _nat.Reports)); break;
            case AddressMessages.RelayAddresses relay: OnRelayAddresses(relay); break;
            case AddressMessages.AddressObserved observed: OnObserved(observed.Observation); break;
            case AddressMessages.Mapped mapped: OnMapped(mapped); break;
            case AddressMessages.MappingLost lost: OnMappingLost(lost); break;
            case AddressMessages.RouterReports reports: OnRouterReports(reports); break;
            case AutoNatMessages.VerdictChanged changed: OnVerdict(changed); break;
            case NetworkMessages.Changed changed: OnNetwork(changed); break;
            case PortMessages.Bound bound: OnBound(bound); break;
            case ConnectionsMessages.ConnectionDown down: OnConnectionDown(down.Connection.Id); break;
            case ConnectionsMessages.ConnectionUp up: _connections.TryAdd(up.Connection.Id, new Heard(up.Connection)); break;
            case IdentifyMessages.Identified identified: OnIdentified(identified); break;
            case IdentifyMessages.IdentifyFailed: break;
            case HairpinMessages.Tried tried: Apply(_nat.OnHairpin(tried.Address, tried.Outcome, Now)); break;
            case SecondPortMessages.Ended ended: Apply(_nat.OnSecondPort(ended.ConnectionId, ended.Sighting, Now)); break;
            case Terminated terminated: _subscribers.Remove(terminated.ActorRef); break;
            case AskPorts: _node.Refs.Ports.Tell(new PortMessages.GetBound()); break;
            case Tick: Apply(_nat.OnTick(Now)); break;
            default: Unhandled(message); break;
        }
    }

    private void OnSubscribe(IActorRef subscriber)
    {
        if (_subscribers.Add(subscriber))
        {
            Context.Watch(subscriber);
        }

        subscriber.Tell(new AddressMessages.Changed(_told));
    }

    private void OnBound(PortMessages.Bound bound)
    {
        SubscribeOnce();
        _bound = bound.Listen;
        _listening = ByImportance(bound.Resolved);
        _observed.OnListening(bound.Listen);
        _ledger.OnListening(_listening);
        Apply(_nat.OnListening(_listening, Now));
        OnWitnessesChanged();
    }

    /// <summary>By the time the ports are bound all services exist, so all references are filled.</summary>
    private void SubscribeOnce()
    {
        if (!_hasSubscribed)
        {
            _hasSubscribed = true;
            _node.Refs.AutoNat.Tell(new AutoNatMessages.Subscribe(Self));
            _node.Refs.Network.Tell(new NetworkMessages.Subscribe(Self));
            _node.Refs.Identify.Tell(new IdentifyMessages.Subscribe(Self));
        }
    }

    private void OnIdentified(IdentifyMessages.Identified identified)
    {
        var connection = identified.Connection;
        if (_connections.ContainsKey(connection.Id))
        {
            var opens = identified.Info.Protocols.Contains(SecondPortProtocol.Id);
            Apply(_nat.OnSecondPortServer(connection.Id, connection.Peer, opens, Now));
        }
    }

    private void OnObserved(Observation observation)
    {
        // Identify may not have heard yet that the connection is gone; nobody would take its observation back.
        if (_connections.TryGetValue(observation.ConnectionId, out var heard))
        {
            heard.Observed = observation.Observed.WithoutPeerId();
            heard.Refusal = _observed.OnObserved(observation).Refusal;
            if (heard.Refusal == ObservationRefusal.None)
            {
                OnWitnessesChanged();
            }
        }
    }

    private void OnConnectionDown(long connectionId)
    {
        if (_connections.Remove(connectionId, out var heard))
        {
            Apply(_nat.OnSecondPortServer(connectionId, heard.Connection.Peer, opens: false, Now));
        }

        var witnesses = _observed.Count;
        _observed.OnConnectionEnded(connectionId);
        if (_observed.Count != witnesses)
        {
            OnWitnessesChanged();
        }
    }

    private void OnWitnessesChanged()
    {
        Apply(_nat.OnWitnesses(_observed.Witnesses, Now));
        PublishSeen();
        TellIfChanged();
    }

    private void OnMapped(AddressMessages.Mapped mapped)
    {
        _toldOnce[(typeof(AddressMessages.Mapped), mapped.Protocol, mapped.External)] = mapped;
        _ledger.OnMapped(mapped.Protocol, mapped.Internal, mapped.External);
        OnMappingsChanged();
    }

    private void OnMappingLost(AddressMessages.MappingLost lost)
    {
        _toldOnce.Remove((typeof(AddressMessages.Mapped), lost.Protocol, lost.External));
        _ledger.OnMappingLost(lost.Protocol, lost.External);
        OnMappingsChanged();
    }

    private void OnMappingsChanged()
    {
        Apply(_nat.OnMapped(_ledger.Mapped, Now));
        TellIfChanged();
    }

    private void OnRouterReports(AddressMessages.RouterReports reports)
    {
        _toldOnce[(typeof(AddressMessages.RouterReports), reports.Protocol)] = reports;
        Apply(_nat.OnRouterReports(reports.Protocol, reports.External, Now));
    }

    private void OnVerdict(AutoNatMessages.VerdictChanged changed)
    {
        _ledger.OnVerdict(changed.Verdict);
        Apply(_nat.OnVerdict(changed.Verdict, Now));
        TellIfChanged();
    }

    private void OnNetwork(NetworkMessages.Changed changed)
    {
        // The first message to a subscriber says how things are; only what follows is a change.
        if (changed.What.Count > 0)
        {
            _node.Refs.Ports.Tell(new PortMessages.GetBound());
            _ledger.OnNetworkChanged();
            Apply(_nat.OnNetworkChanged(Now));
            TellIfChanged();
        }
    }

    private void OnRelayAddresses(AddressMessages.RelayAddresses relay)
    {
        if (relay.Addresses.Count == 0)
        {
            _relayed.Remove(relay.Relay);
            _toldOnce.Remove((typeof(AddressMessages.RelayAddresses), relay.Relay));
        }
        else
        {
            _relayed[relay.Relay] = [.. relay.Addresses.Select(a => a.WithoutPeerId())];
            _toldOnce[(typeof(AddressMessages.RelayAddresses), relay.Relay)] = relay;
        }

        TellIfChanged();
    }

    private void Apply(IReadOnlyList<NatEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case NatEffect.Changed changed: _node.Events.Publish(new NodeEvents.Nat(changed.Report)); break;
                case NatEffect.TryHairpin hairpin: TryHairpin(hairpin.Address); break;
                case NatEffect.ObserveSecondPort observe: ObserveSecondPort(observe); break;
            }
        }
    }

    private void TryHairpin(Multiaddr address) => Context.WatchWith(
        Context.ActorOf(Props.Create(typeof(HairpinActor), _node, address), $"hairpin-{++_lastChild}"),
        new HairpinMessages.Tried(address, HairpinOutcome.NotTried));

    private void ObserveSecondPort(NatEffect.ObserveSecondPort observe)
    {
        var server = _connections.TryGetValue(observe.ConnectionId, out var heard) ? heard.Connection.RemoteAddress : null;
        if (server is null)
        {
            Self.Tell(new SecondPortMessages.Ended(observe.ConnectionId, null));
            return;
        }

        Context.WatchWith(
            Context.ActorOf(Props.Create(typeof(SecondPortActor), _node, observe, server), $"second-port-{++_lastChild}"),
            new SecondPortMessages.Ended(observe.ConnectionId, null));
    }

    /// <summary>An event for each address that comes, goes, or gets enough observers or too few; not for each observer.</summary>
    private void PublishSeen()
    {
        var seen = _observed.Seen;
        foreach (var gone in _seen.ExceptBy(seen.Select(s => s.Address), s => s.Address))
        {
            _node.Events.Publish(new NodeEvents.Observed(gone.Address, 0, Active: false));
        }

        foreach (var now in seen)
        {
            if (_seen.FirstOrDefault(s => s.Address == now.Address)?.Active != now.Active)
            {
                _node.Events.Publish(new NodeEvents.Observed(now.Address, now.Observers, now.Active));
            }
        }

        _seen = seen;
    }

    private void TellIfChanged()
    {
        var choice = _ledger.Choose(_observed.Seen);
        var addresses = new AddressSet
        {
            Bound = _bound,
            Listening = _listening,
            Observed = _observed.Activated,
            ForHolePunch = [.. _observed.ForHolePunch().Concat(_listening.Where(AddressScope.IsPublic)).Distinct()],
            Relayed = [.. _relayed.OrderBy(r => r.Key).SelectMany(r => r.Value)],
            Mapped = _ledger.Mapped,
            Confirmed = choice.Confirmed,
            Unreachable = choice.Unreachable,
            Candidates = choice.Candidates,
            FilteringProven = choice.FilteringProven,
        };
        if (addresses.Equals(_told))
        {
            return;
        }

        _told = addresses;
        foreach (var subscriber in _subscribers)
        {
            subscriber.Tell(new AddressMessages.Changed(addresses));
        }
    }

    private IReadOnlyList<AddressMessages.WitnessState> WitnessStates() =>
    [
        .. _connections.Values
            .Where(h => h.Observed is not null)
            .OrderByDescending(h => h.Connection.Id)
            .Take(MaxWitnessesTold)
            .Select(h => new AddressMessages.WitnessState(
                h.Connection.Peer, h.Connection.RemoteAddress, h.Observed!, ObservationRefusals.Describe(h.Refusal))),
    ];

    private static IReadOnlyList<Multiaddr> ByImportance(IEnumerable<Multiaddr> addresses) =>
        [.. addresses.OrderBy(a => AddressScope.IsPublic(a) ? 0 : AddressScope.IsLoopback(a) ? 2 : 1)];

    /// <summary>A connection, and what its peer last said to see.</summary>
    private sealed class Heard(ConnectionInfo connection)
    {
        public ConnectionInfo Connection { get; } = connection;

        public Multiaddr? Observed { get; set; }

        public ObservationRefusal Refusal { get; set; }
    }

    private sealed record AskPorts
    {
        public static readonly AskPorts Instance = new();
    }

    private sealed record Tick
    {
        public static readonly Tick Instance = new();
    }
}
