using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Network;

namespace NatActors.Node.Connections;

/// <summary>
/// Keeps the node connected to one peer: dials at the start, again with back-off until it answers, again when it is lost.
/// <code>
/// Dialing --dialed--> Connected --the last connection is down--> Dialing
///    +--failed--> Resting --retry--> Dialing
/// </code>
/// A change of the network ends the rest.
/// </summary>
public sealed class KeepConnectedActor : UntypedActor, IWithTimers
{
    /// <summary>The first rest after a failure; doubled each time up to <see cref="LongestRest"/>. Ours: a person waits at the start.</summary>
    public static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(1);

    /// <summary>The longest rest between two tries. Ours: a peer that comes back is found within half a minute.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(30);

    private readonly NodeContext _node;
    private readonly IReadOnlyList<Multiaddr> _addresses;
    private readonly PeerId _peer;
    private readonly IActorRef? _parent;
    private readonly HashSet<long> _connections = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private TimeSpan _rest = FirstRest;
    private bool _told;

    /// <summary>Creates the actor for an address that ends in its peer id; it dials at once.</summary>
    public KeepConnectedActor(NodeContext node, Multiaddr address)
        : this(node, [address], null)
    {
    }

    /// <summary>
    /// Creates the actor for the addresses of one peer, which end in its peer id. <paramref name="parent"/> is told of every dial that
    /// fails (<see cref="BootstrapMessages.Unreachable"/>) in place of a person; null for nobody.
    /// </summary>
    public KeepConnectedActor(NodeContext node, IReadOnlyList<Multiaddr> addresses, IActorRef? parent)
    {
        _node = node;
        _addresses = addresses;
        _peer = addresses[0].PeerId ?? throw new ArgumentException("The address must end in its peer id.", nameof(addresses));
        _parent = parent;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _node.Refs.Connections.Tell(new ConnectionsMessages.Subscribe(Self));
        _node.Refs.Network.Tell(new NetworkMessages.Subscribe(Self));
        Dial();
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.ConnectionUp up when up.Connection.Peer.Equals(_peer): OnUp(up.Connection.Id); break;
            case ConnectionsMessages.ConnectionDown down when down.Connection.Peer.Equals(_peer): OnDown(down.Connection.Id); break;
            case ConnectionsMessages.ConnectionUp or ConnectionsMessages.ConnectionDown or ConnectionsMessages.Dialed: break;
            case ConnectionsMessages.DialFailed failed: OnFailed(failed.Failure); break;
            case NetworkMessages.Changed { What.Count: > 0 }: OnNetworkChanged(); break;
            case NetworkMessages.Changed: break;
            case Retry: Dial(); break;
            default: Unhandled(message); break;
        }
    }

    private void Dial()
    {
        if (_connections.Count == 0)
        {
            _node.Refs.Connections.Tell(new ConnectionsMessages.Dial(0, _peer, _addresses, Self));
        }
    }

    private void OnUp(long id)
    {
        _connections.Add(id);
        _rest = FirstRest;
        _told = false;
        _node.Refs.Connections.Tell(new ConnectionsMessages.Protect(id, "wanted") { IdleOnly = true });
    }

    private void OnDown(long id)
    {
        if (_connections.Remove(id) && _connections.Count == 0)
        {
            RetryAfter(FirstRest);
        }
    }

    private void OnFailed(DialFailure failure)
    {
        _parent?.Tell(new BootstrapMessages.Unreachable(_peer));
        if (!_told && _parent is null)
        {
            _told = true;
            _node.Events.Publish(new NodeEvents.Error($"{_addresses[0]} does not answer ({failure.Detail}); it is tried again and again"));
        }

        _log.Info("{0} does not answer, next try in {1} s: {2}", _addresses[0], _rest.TotalSeconds, failure.Detail);
        RetryAfter(_rest);
        _rest = _rest + _rest < LongestRest ? _rest + _rest : LongestRest;
    }

    /// <summary>What did not answer in the old network may well do so in the new one; a dial under way there is begun anew.</summary>
    private void OnNetworkChanged()
    {
        _rest = FirstRest;
        Timers.Cancel(nameof(Retry));
        Dial();
    }

    private void RetryAfter(TimeSpan rest) =>
        Timers.StartSingleTimer(nameof(Retry), Retry.Instance, rest + _node.Random.NextDelay(rest / 4));

    private sealed record Retry
    {
        public static readonly Retry Instance = new();
    }
}
