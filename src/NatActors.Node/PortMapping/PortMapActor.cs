using System.Net;
using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Network;
using NatActors.Protocols.PortMapping;
using NatActors.Transports.Network;

namespace NatActors.Node.PortMapping;

/// <summary>
/// Has the listen ports mapped by the machine's routers, and tells the address book of what they confirm. The rules are
/// <see cref="PortMapKeeper"/>'s; each socket and each HTTP request to a router is a child.
/// <code>
/// Keeping --release--> Releasing --everything given back, or the time for it is over--> told, and nothing more is done
/// </code>
/// After a restart it begins anew: routers know a mapping asked for again as the same, and PCP's nonces are the same too.
/// </summary>
public sealed class PortMapActor : UntypedActor, IWithTimers
{
    private readonly NodeContext _node;
    private readonly PortMapKeeper _keeper;
    private readonly Dictionary<int, IActorRef> _channels = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private IReadOnlyList<Multiaddr> _listening = [];
    private NetworkState _network = NetworkState.None;
    private IActorRef _releasedFor = ActorRefs.Nobody;
    private bool _isReleased;
    private long _exchanges;

    /// <summary>Creates the actor; it begins when it hears of addresses and network.</summary>
    public PortMapActor(NodeContext node)
    {
        _node = node;
        var secret = node.Key.ToProtobuf();
        _keeper = new PortMapKeeper(node.PortMapping, new MappingNonce(secret), node.Random);
        Array.Clear(secret);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        _node.Refs.Addresses.Tell(new AddressMessages.Subscribe(Self));
        _node.Refs.Network.Tell(new NetworkMessages.Subscribe(Self));
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        foreach (var mapping in _keeper.Mappings)
        {
            OnLost(new PortMapEffect.Lost(mapping.Protocol, mapping.Port, mapping.External, "nobody renews it any more"));
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AddressMessages.Changed changed: OnAddresses(changed.Addresses.Listening); break;
            case NetworkMessages.Changed changed: OnNetwork(changed); break;
            case PortMapMessages.GetState: Sender.Tell(State()); break;
            case PortMapMessages.Release release: OnRelease(release.ReplyTo); break;
            case GatewayMessages.Received received: OnReceived(received); break;
            case GatewayMessages.Replied replied: Apply(_keeper.OnReply(replied.Id, replied.Reply, Now)); break;
            case ChannelEnded ended: OnChannelEnded(ended.Channel); break;
            case Deadline: Apply(_keeper.OnDeadline(Now)); break;
            default: Unhandled(message); break;
        }
    }

    private static Multiaddr Address(IPEndPoint endPoint) => Multiaddr.FromTcp(endPoint);

    private static Multiaddr Internal(PortToMap port) => Address(new IPEndPoint(port.Internal, port.Port));

    private void OnAddresses(IReadOnlyList<Multiaddr> listening)
    {
        if (!listening.SequenceEqual(_listening))
        {
            _listening = listening;
            Change();
        }
    }

    private void OnNetwork(NetworkMessages.Changed changed)
    {
        _network = changed.State;
        Change();
        if (changed.What.Count > 0)
        {
            Apply(_keeper.OnNetworkChanged(Now));
        }
    }

    private void Change()
    {
        var ports = GatewayLinks.Ports(_listening, _network);
        Apply(_keeper.OnChanged(ports, GatewayLinks.Links(ports, _network), Now));
    }

    private void OnReceived(GatewayMessages.Received received)
    {
        Apply(_keeper.OnDatagram(received.Channel, received.Datagram.Span, received.From, Now));
        Sender.Tell(GatewayMessages.Continue.Instance);
    }

    private void OnChannelEnded(int channel)
    {
        if (_channels.Remove(channel))
        {
            Apply(_keeper.OnChannelFailed(channel, Now));
        }
    }

    private void OnRelease(IActorRef replyTo)
    {
        _releasedFor = replyTo;
        if (_isReleased)
        {
            replyTo.Tell(new PortMapMessages.Released());
            return;
        }

        Apply(_keeper.Shutdown(Now));
    }

    private void Apply(IReadOnlyList<PortMapEffect> effects)
    {
        foreach (var effect in effects)
        {
            Apply(effect);
        }

        Timers.WakeAt(nameof(Deadline), Deadline.Instance, _keeper.NextDeadline, Now);
    }

    private void Apply(PortMapEffect effect)
    {
        switch (effect)
        {
            case PortMapEffect.OpenChannel open: OnOpen(open); break;
            case PortMapEffect.CloseChannel close: OnClose(close.Channel); break;
            case PortMapEffect.Send send: OnSend(send); break;
            case PortMapEffect.Ask ask: OnAsk(ask); break;
            case PortMapEffect.Confirmed confirmed: OnConfirmed(confirmed); break;
            case PortMapEffect.Lost lost: OnLost(lost); break;
            case PortMapEffect.Reported reported: _node.Refs.Addresses.Tell(new AddressMessages.RouterReports(reported.Protocol, reported.External)); break;
            case PortMapEffect.Released: OnReleased(); break;
        }
    }

    private void OnOpen(PortMapEffect.OpenChannel open)
    {
        var child = Context.ActorOf(Props.Create(typeof(GatewayChannelActor), _node, open), NextName());
        _channels[open.Channel] = Context.WatchWith(child, new ChannelEnded(open.Channel));
    }

    private void OnClose(int channel)
    {
        if (_channels.Remove(channel, out var child))
        {
            Context.Stop(child);
        }
    }

    private void OnSend(PortMapEffect.Send send)
    {
        if (_channels.TryGetValue(send.Channel, out var child))
        {
            child.Tell(new GatewayMessages.Send(send.Datagram, send.To));
        }
    }

    private void OnAsk(PortMapEffect.Ask ask)
    {
        var child = Context.ActorOf(Props.Create(typeof(GatewayRequestActor), _node, ask), NextName());

        // After its answer nobody waits for this one; without, it is the answer.
        Context.WatchWith(child, new GatewayMessages.Replied(ask.Id, GatewayReply.Failed("the request broke off")));
    }

    private void OnConfirmed(PortMapEffect.Confirmed confirmed)
    {
        if (confirmed.IsRenewal)
        {
            return;
        }

        var external = Address(confirmed.External);
        _log.Info("{0}: the router forwards {1} to {2} for {3}", confirmed.Protocol, external, Internal(confirmed.Port), confirmed.Lease);
        _node.Refs.Addresses.Tell(new AddressMessages.Mapped(confirmed.Protocol, Internal(confirmed.Port), external));
        _node.Events.Publish(new NodeEvents.Mapping(confirmed.Protocol, external, confirmed.Lease, ""));
    }

    private void OnLost(PortMapEffect.Lost lost)
    {
        var external = Address(lost.External);
        _log.Info("{0}: the router no longer forwards {1}: {2}", lost.Protocol, external, lost.Reason);
        _node.Refs.Addresses.Tell(new AddressMessages.MappingLost(lost.Protocol, external, lost.Reason));
        _node.Events.Publish(new NodeEvents.Mapping(lost.Protocol, external, TimeSpan.Zero, lost.Reason));
    }

    private void OnReleased()
    {
        _isReleased = true;
        _releasedFor.Tell(new PortMapMessages.Released());
    }

    private PortMapMessages.State State() => new(
        [.. _keeper.Protocols.Select(p => new PortMapMessages.ProtocolState(
            p.Protocol, p.Gateway.ToString(), p.Product, p.External?.ToString(), p.Problem))],
        [.. _keeper.Mappings.Select(m => new PortMapMessages.MappingState(m.Protocol, Internal(m.Port), Address(m.External), m.Lease))]);

    private string NextName() => $"exchange-{++_exchanges}";

    private sealed record ChannelEnded(int Channel);

    private sealed record Deadline
    {
        public static readonly Deadline Instance = new();
    }
}
