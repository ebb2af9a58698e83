using System.Net;
using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Network;
using NatActors.Transports.Network;
using NatActors.Transports.Port;

namespace NatActors.Node.Port;

/// <summary>
/// The node's ports, one <see cref="PortOwnerActor"/> each. Binds all listen addresses together, chooses the port that a dial leaves from,
/// and splits a punch whose remotes belong to several ports.
/// <code>
/// Bind ─► an owner per listen address ─► Opened or OpenFailed of each ─┬─ one failed ──► BindFailed, all owners stopped
///                                                                       └─ all are open ─► Bound
/// an owner fails ─► restarted, binds anew (at most 3 a minute) ─► Bound again if its address changed
/// the network changes ─► what could not be bound is tried again ─► Bound again if an address came or went
/// no port is left ─► BindFailed to the node, which ends
/// </code>
/// A listener whose own address goes stays: Linux serves it again when the address is back. Until then it is not told of.
/// </summary>
public sealed class PortsActor : UntypedActor
{
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly NodeContext _node;
    private readonly List<Port> _ports = [];
    private readonly List<Multiaddr> _missing = [];
    private NetworkState _network = NetworkState.None;
    private PortMessages.Bound? _told;
    private IActorRef _replyTo = ActorRefs.Nobody;
    private bool _announced;
    private long _lastName;

    /// <summary>The ports of a node; nothing is bound before <see cref="PortMessages.Bind"/>.</summary>
    public PortsActor(NodeContext node)
    {
        _node = node;
    }

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.FailTheNode();

    /// <inheritdoc />
    protected override void PreStart() => _node.Refs.Network.Tell(new NetworkMessages.Subscribe(Self));

    /// <inheritdoc />
    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);

        // The owners went down with the old instance.
        Self.Tell(new PortMessages.Bind(_node.Refs.Node));
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PortMessages.Bind bind: OnBind(bind); break;
            case PortMessages.Opened opened: OnOpened(opened); break;
            case PortMessages.OpenFailed failed: OnOpenFailed(failed); break;
            case PortMessages.GetBound: Sender.Tell(ToBound()); break;
            case PortMessages.Dial dial: OnDial(dial); break;
            case PortMessages.Punch punch: OnPunch(punch); break;
            case PortMessages.CancelDial or PortMessages.StartPunch: ToAll(message); break;
            case OwnerGone gone: OnOwnerGone(gone.Owner); break;
            case NetworkMessages.Changed changed: OnNetworkChanged(changed); break;
            default: Unhandled(message); break;
        }
    }

    private void OnBind(PortMessages.Bind bind)
    {
        _replyTo = bind.ReplyTo;
        _announced = false;
        foreach (var address in _node.Options.Listen)
        {
            Create(address, listening: true);
        }

        AnnounceWhenAllAreOpen();
    }

    private Port Create(Multiaddr address, bool listening)
    {
        var owner = Context.ActorOf(Props.Create(typeof(PortOwnerActor), _node, address, listening), $"port-{++_lastName}");
        Context.WatchWith(owner, new OwnerGone(owner));
        var port = new Port(owner, address, listening);
        _ports.Add(port);
        return port;
    }

    private void OnOpened(PortMessages.Opened opened)
    {
        if (_ports.Find(port => port.Owner.Equals(Sender)) is not { } opener)
        {
            return;
        }

        opener.Bound = opened.Address;
        if (_announced && opener.Listening)
        {
            TellIfChanged();
        }

        AnnounceWhenAllAreOpen();
    }

    private void OnOpenFailed(PortMessages.OpenFailed failed)
    {
        if (_ports.Find(port => port.Owner.Equals(Sender)) is not { Listening: true } port)
        {
            // A port only for dialing: its owner refuses each dial with the reason.
            return;
        }

        Remove(port);
        if (_announced && MayBeMissing(port.Address, failed.Kind))
        {
            _log.Warning("Not listening on {0}: {1}", port.Address, failed.Detail);
            _missing.Add(port.Address);
            TellIfChanged();
        }
        else if (_announced)
        {
            _log.Error("A port was lost: {0}", failed.Detail);
            EndWithoutPorts(port.Address, failed.Kind, failed.Detail);
        }
        else if (MayBeMissing(port.Address, failed.Kind))
        {
            _log.Warning("Not listening on {0}: {1}", port.Address, failed.Detail);
            _missing.Add(port.Address);
            AnnounceWhenAllAreOpen();
        }
        else
        {
            foreach (var other in _ports.ToArray())
            {
                Remove(other);
            }

            _announced = true;
            _replyTo.Tell(new PortMessages.BindFailed(port.Address, failed.Kind, failed.Detail));
        }
    }

    /// <summary>
    /// A machine without IPv6 (or IPv4) is no reason to fail as long as the wildcard of the other family can be bound; nor, once the node
    /// runs, is an address that is away, as long as there is another.
    /// </summary>
    private bool MayBeMissing(Multiaddr address, BindFailureKind kind) =>
        kind is BindFailureKind.NotSupported or BindFailureKind.AddressNotAvailable
        && (_announced || AddressScope.IsUnspecified(address))
        && _ports.Exists(port => port.Listening);

    private void OnNetworkChanged(NetworkMessages.Changed changed)
    {
        _network = changed.State;
        if (!_announced)
        {
            return;
        }

        foreach (var address in _missing.ToArray())
        {
            _missing.Remove(address);
            Create(address, listening: true);
        }

        TellIfChanged();
    }

    private void TellIfChanged()
    {
        var bound = ToBound();
        if (_told is { } told && (!told.Listen.SequenceEqual(bound.Listen) || !told.Resolved.SequenceEqual(bound.Resolved)))
        {
            Tell(bound);
        }
    }

    private void Tell(PortMessages.Bound bound)
    {
        _told = bound;
        _replyTo.Tell(bound);
    }

    private void AnnounceWhenAllAreOpen()
    {
        if (!_announced && _ports.TrueForAll(port => port.Bound is not null || !port.Listening))
        {
            _announced = true;
            Tell(ToBound());
        }
    }

    private PortMessages.Bound ToBound()
    {
        var listen = _ports.Where(port => port is { Listening: true, Bound: not null } && IsHere(port.Bound.Host))
            .Select(port => port.Bound!)
            .ToArray();
        return new PortMessages.Bound(listen, ListenAddresses.Resolve(listen, _node.Interfaces));
    }

    private bool IsHere(IPAddress? host) =>
        _network.Interfaces.Count == 0 || host is null || host.Equals(IPAddress.Any) || host.Equals(IPAddress.IPv6Any) || _network.Has(host);

    private void OnOwnerGone(IActorRef owner)
    {
        if (_ports.Find(port => port.Owner.Equals(owner)) is { } port)
        {
            _ports.Remove(port);
            if (port.Listening)
            {
                EndWithoutPorts(port.Address, BindFailureKind.Other, $"{port.Address} failed over and over; the log says why.");
            }
        }
    }

    private void EndWithoutPorts(Multiaddr address, BindFailureKind kind, string detail)
    {
        if (_ports.Exists(port => port.Listening))
        {
            Tell(ToBound());
        }
        else
        {
            _replyTo.Tell(new PortMessages.BindFailed(address, kind, detail));
        }
    }

    private void Remove(Port port)
    {
        _ports.Remove(port);
        Context.Stop(port.Owner);
    }

    private void OnDial(PortMessages.Dial dial)
    {
        if (dial.Address.TryGetTcpEndPoint(out var remote) && remote.Port != 0)
        {
            PortFor(remote).Owner.Forward(dial);
        }
        else
        {
            var failure = new ConnectFailure(ConnectFailureKind.Unreachable, $"{dial.Address} is no IP address with a TCP port.");
            dial.ReplyTo.Tell(new PortMessages.DialFailed(dial.Id, failure));
        }
    }

    private void OnPunch(PortMessages.Punch punch)
    {
        var parts = new Dictionary<IActorRef, List<Multiaddr>>();
        foreach (var address in punch.Remotes)
        {
            if (address.TryGetTcpEndPoint(out var remote) && remote.Port != 0)
            {
                var owner = PortFor(remote).Owner;
                parts.TryAdd(owner, []);
                parts[owner].Add(address);
            }
        }

        switch (parts.Count)
        {
            case 0:
                var failure = new ConnectFailure(ConnectFailureKind.Unreachable, "There is no IP address with a TCP port to punch to.");
                punch.ReplyTo.Tell(new PortMessages.PunchFailed(punch.Id, failure));
                break;
            case 1:
                parts.Keys.First().Forward(punch);
                break;
            default:
                Context.ActorOf(Props.Create(typeof(PunchActor), _node, punch, parts), $"punch-{++_lastName}");
                break;
        }
    }

    /// <summary>
    /// The port to leave from: one that can reach the remote, the most specific first; a remote on this machine is reached from a listener
    /// there. Without a listener of that family a port only for dialing is opened, once.
    /// </summary>
    private Port PortFor(IPEndPoint remote)
    {
        Port? best = null;
        var bestFit = 0;
        foreach (var port in _ports)
        {
            var fit = ListenAddresses.Fit(port.Address.Host, remote.Address) * (port.Listening ? 2 : 1);
            if (fit > bestFit)
            {
                (best, bestFit) = (port, fit);
            }
        }

        return best ?? Create(ListenAddresses.AnyPort(remote.Address), listening: false);
    }

    private void ToAll(object message)
    {
        foreach (var child in Context.GetChildren())
        {
            child.Forward(message);
        }
    }

    private sealed class Port(IActorRef owner, Multiaddr address, bool listening)
    {
        public IActorRef Owner { get; } = owner;

        public Multiaddr Address { get; } = address;

        public bool Listening { get; } = listening;

        public Multiaddr? Bound { get; set; }
    }

    private sealed record OwnerGone(IActorRef Owner);
}
