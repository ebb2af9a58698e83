using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Port;
using NatActors.Protocols.Addresses;

namespace NatActors.Node.Addresses;

/// <summary>
/// Which addresses this node has: where it listens, where others see it (<see cref="ObservedAddresses"/>), where relays hold a slot for it.
/// Tells subscribers of every change. One state. After a restart it asks the ports again and keeps its subscribers and the relay addresses;
/// observations come again with the next identify.
/// </summary>
public sealed class AddressBookActor : UntypedActor, IWithTimers
{
    /// <summary>
    /// How often the machine's interfaces are looked at again (go-libp2p address manager: interface list cached one minute; ours is
    /// half).
    /// </summary>
    public static readonly TimeSpan InterfacePoll = TimeSpan.FromSeconds(30);

    private readonly NodeContext _node;
    private readonly ObservedAddresses _observed = new(new ObservedRules());
    private readonly Dictionary<PeerId, IReadOnlyList<Multiaddr>> _relayed = [];
    private readonly HashSet<long> _connections = [];
    private readonly HashSet<IActorRef> _subscribers = [];
    private AddressSet _told = AddressSet.Empty;
    private IReadOnlyList<Multiaddr> _bound = [];
    private IReadOnlyList<Multiaddr> _listening = [];

    /// <summary>Creates the actor; it works from the first message on.</summary>
    public AddressBookActor(NodeContext node) => _node = node;

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _node.Refs.Connections.Tell(new ConnectionsMessages.Subscribe(Self));
        Timers.StartPeriodicTimer(nameof(Poll), Poll.Instance, InterfacePoll);
        Self.Tell(Poll.Instance);
    }

    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        base.PreRestart(reason, message);

        // Nobody would tell the new instance of these again, or not for an hour.
        foreach (var (relay, addresses) in _relayed)
        {
            Self.Tell(new AddressMessages.RelayAddresses(relay, addresses));
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
            case AddressMessages.RelayAddresses relay: OnRelayAddresses(relay); break;
            case AddressMessages.AddressObserved observed: OnObserved(observed.Observation); break;
            case PortMessages.Bound bound: OnBound(bound); break;
            case ConnectionsMessages.ConnectionDown down: OnConnectionDown(down.Connection.Id); break;
            case ConnectionsMessages.ConnectionUp up: _connections.Add(up.Connection.Id); break;
            case Terminated terminated: _subscribers.Remove(terminated.ActorRef); break;
            case Poll: _node.Refs.Ports.Tell(new PortMessages.GetBound()); break;
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
        _bound = bound.Listen;
        _listening = bound.Resolved;
        _observed.OnListening(bound.Listen);
        TellIfChanged();
    }

    private void OnObserved(Observation observation)
    {
        // Identify may not have heard yet that the connection is gone; nobody would take its observation back.
        if (_connections.Contains(observation.ConnectionId))
        {
            _observed.OnObserved(observation);
            TellIfChanged();
        }
    }

    private void OnConnectionDown(long connectionId)
    {
        _connections.Remove(connectionId);
        _observed.OnConnectionEnded(connectionId);
        TellIfChanged();
    }

    private void OnRelayAddresses(AddressMessages.RelayAddresses relay)
    {
        if (relay.Addresses.Count == 0)
        {
            _relayed.Remove(relay.Relay);
        }
        else
        {
            _relayed[relay.Relay] = [.. relay.Addresses.Select(a => a.WithoutPeerId())];
        }

        TellIfChanged();
    }

    private void TellIfChanged()
    {
        var addresses = new AddressSet
        {
            Bound = _bound,
            Listening = ByImportance(_listening),
            Observed = _observed.Activated,
            ForHolePunch = [.. _observed.ForHolePunch().Concat(_listening.Where(AddressScope.IsPublic)).Distinct()],
            Relayed = [.. _relayed.OrderBy(r => r.Key).SelectMany(r => r.Value)],
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

    private static IReadOnlyList<Multiaddr> ByImportance(IEnumerable<Multiaddr> addresses) =>
        [.. addresses.OrderBy(a => AddressScope.IsPublic(a) ? 0 : AddressScope.IsLoopback(a) ? 2 : 1)];

    private sealed record Poll
    {
        public static readonly Poll Instance = new();
    }
}
