using System.Net;
using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Network;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Connections;
using NatActors.Protocols.KeepAlive;
using NatActors.Transports.Muxing;
using NatActors.Transports.Network;

namespace NatActors.Node.KeepAlive;

/// <summary>
/// Keeps the mappings of NATs on this node's paths, just often enough: has their lifetime measured (<see cref="MappingLifetime"/>, one for each
/// IP version) and tells every connection its pace. One state. Children: <c>measure-n</c>, one measurement each.
/// <code>
/// connection up, network, verdict --> does this end have a mapping to keep? --> pace of the connection
/// identify: the peer helps --> measure --lived, expired--> interval --> pace of all that keep a mapping
/// </code>
/// After a restart it subscribes anew, hears of all connections, and measures again.
/// </summary>
public sealed class KeepAliveActor : UntypedActor, IWithTimers
{
    private readonly NodeContext _node;
    private readonly Dictionary<long, Path> _paths = [];
    private readonly Dictionary<IpFamily, Family> _families = [];
    private NetworkState _network = NetworkState.None;
    private HashSet<IPEndPoint> _reachable = [];
    private IReadOnlyList<string> _told = [];
    private long _lastChild;

    /// <summary>Creates the actor; it works from the first message on.</summary>
    public KeepAliveActor(NodeContext node) => _node = node;

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    private KeepAliveOptions Options => _node.Options.KeepAlive;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        var options = new LifetimeOptions
        {
            Unmeasured = _node.Options.Connections.KeepAliveInterval,
            Shortest = Options.Shortest,
            Longest = Options.Longest,
        };
        foreach (var family in Enum.GetValues<IpFamily>())
        {
            _families[family] = new Family(family, new MappingLifetime(options, _node.Random));
        }

        _node.Refs.Network.Tell(new NetworkMessages.Subscribe(Self));
        _node.Refs.AutoNat.Tell(new AutoNatMessages.Subscribe(Self));
        _node.Refs.Connections.Tell(new ConnectionsMessages.Subscribe(Self));
        _node.Refs.Identify.Tell(new IdentifyMessages.Subscribe(Self));
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.ConnectionUp up: OnUp(up.Connection); break;
            case ConnectionsMessages.ConnectionDown down: OnDown(down); break;
            case IdentifyMessages.Identified identified: OnIdentified(identified); break;
            case IdentifyMessages.IdentifyFailed: break;
            case NetworkMessages.Changed changed: OnNetworkChanged(changed); break;
            case AutoNatMessages.VerdictChanged changed: OnVerdict(changed.Verdict); break;
            case KeepAliveMessages.Lived lived: OnEvidence(lived.Server, m => m.OnAlive(lived.Server, lived.Silence, Now)); break;
            case KeepAliveMessages.Expired expired: OnEvidence(expired.Server, m => m.OnExpired(expired.Server, expired.Silence, Now)); break;
            case MeasurementEnded ended: OnMeasurementEnded(ended); break;
            case Deadline deadline: Play(_families[deadline.Family], _families[deadline.Family].Lifetime.OnDeadline(Now)); break;
            default: Unhandled(message); break;
        }
    }

    private void OnUp(ConnectionInfo connection)
    {
        var path = new Path(connection);
        _paths[connection.Id] = path;
        SetNeed(path, Judge(connection).NeedsRefresh);
        TellPace(path);
        Report();
    }

    private void OnDown(ConnectionsMessages.ConnectionDown down)
    {
        if (!_paths.Remove(down.Connection.Id, out var path))
        {
            return;
        }

        var family = _families[path.Family];
        if (path.Serves && !_paths.Values.Any(p => p.Serves && p.Family == path.Family && p.Info.Peer.Equals(path.Info.Peer)))
        {
            Play(family, family.Lifetime.OnServerGone(path.Info.Peer, Now));
        }

        if (path.NeedsRefresh && down.Kind is LinkEndKind.KeepAliveTimeout or LinkEndKind.TransportBroken)
        {
            Play(family, family.Lifetime.OnSilentDeath(Now));
        }

        SetNeed(path, false);
        Report();
    }

    private void SetNeed(Path path, bool needs)
    {
        if (path.NeedsRefresh != needs)
        {
            path.NeedsRefresh = needs;
            _families[path.Family].Refreshed += needs ? 1 : -1;
        }
    }

    private void OnIdentified(IdentifyMessages.Identified identified)
    {
        if (_paths.TryGetValue(identified.Connection.Id, out var path))
        {
            path.Offers = identified.Info.Protocols.Contains(LifetimeProtocol.Id);
            OfferServer(path);
        }
    }

    /// <summary>Who is reached across a NAT of this side, by an address that was dialed, can help to measure it.</summary>
    private void OfferServer(Path path)
    {
        var info = path.Info;
        path.Serves = Options.Measure && path.Offers && path.NeedsRefresh && info.Direction == ConnectionDirection.Outbound
            && info.RemoteAddress.Host is not null;
        if (path.Serves)
        {
            var family = _families[path.Family];
            Play(family, family.Lifetime.OnServer(info.Peer, info.RemoteAddress.Host!, Now));
        }
    }

    private void OnNetworkChanged(NetworkMessages.Changed changed)
    {
        _network = changed.State;
        if (changed.What.Count > 0)
        {
            foreach (var family in _families.Values)
            {
                Play(family, family.Lifetime.OnNetworkChanged(Now));
            }
        }

        JudgeAll();
    }

    private void OnVerdict(NodeVerdict verdict)
    {
        _reachable = [];
        foreach (var address in verdict.Addresses)
        {
            if (address.Verdict == Reachability.Public && address.Address.TryGetTcpEndPoint(out var endPoint))
            {
                _reachable.Add(endPoint);
            }
        }

        JudgeAll();
    }

    private void JudgeAll()
    {
        foreach (var path in _paths.Values)
        {
            var needs = Judge(path.Info).NeedsRefresh;
            if (needs != path.NeedsRefresh)
            {
                SetNeed(path, needs);
                TellPace(path);
                OfferServer(path);
            }
        }

        Report();
    }

    private PathFacts Judge(ConnectionInfo info) => new()
    {
        Relayed = info.Relayed,
        OnLink = info.RemoteAddress.Host is { } remote && (IPAddress.IsLoopback(remote) || _network.IsOnLink(remote)),
        LocalIsPublic = AddressScope.IsPublic(info.LocalAddress),
        LocalIsReachable = info.LocalAddress.TryGetTcpEndPoint(out var local) && _reachable.Contains(local),
        Accepted = info.Direction == ConnectionDirection.Inbound,
        Punched = info.Punched,
    };

    private void TellPace(Path path)
    {
        var interval = _families[path.Family].Lifetime.Interval;
        var liveness = Options.Liveness;
        path.Info.Actor.Tell(new ConnectionMessages.KeepAlive(path.NeedsRefresh
            ? new KeepAlivePace(interval, liveness > interval ? liveness : interval)
            : new KeepAlivePace(liveness, liveness)));
    }

    private void OnEvidence(PeerId server, Func<MappingLifetime, IReadOnlyList<LifetimeEffect>> tell)
    {
        // Only from the measurement under way: one that was given up may still have had something to say.
        if (_families.Values.FirstOrDefault(f => f.Measuring?.Equals(Sender) == true) is { } family && family.Server?.Equals(server) == true)
        {
            Play(family, tell(family.Lifetime));
        }
    }

    private void OnMeasurementEnded(MeasurementEnded ended)
    {
        var family = _families[ended.Family];
        if (family.Measuring?.Equals(ended.Actor) == true)
        {
            family.Measuring = null;
            Play(family, family.Lifetime.OnEnded(ended.Server, Now));
        }
    }

    private void Play(Family family, IReadOnlyList<LifetimeEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case LifetimeEffect.Measure measure: Measure(family, measure); break;
                case LifetimeEffect.GiveUp: GiveUp(family); break;
                case LifetimeEffect.Refresh: TellPaces(family); break;
            }
        }

        Timers.WakeAt(family.Version, new Deadline(family.Version), family.Lifetime.NextDeadline, Now);

        Report();
    }

    private void Measure(Family family, LifetimeEffect.Measure measure)
    {
        var path = _paths.Values.FirstOrDefault(p => p.Serves && p.Family == family.Version && p.Info.Peer.Equals(measure.Server));
        if (path is null)
        {
            Self.Tell(new MeasurementEnded(family.Version, measure.Server, ActorRefs.Nobody));
            family.Measuring = ActorRefs.Nobody;
            return;
        }

        var seed = new MeasurementSeed(measure.Server, path.Info.Id, path.Info.RemoteAddress, measure.Silences);
        var actor = Context.ActorOf(Props.Create(typeof(MeasurementActor), _node, seed, Self), $"measure-{++_lastChild}");
        Context.WatchWith(actor, new MeasurementEnded(family.Version, measure.Server, actor));
        family.Measuring = actor;
        family.Server = measure.Server;
    }

    private static void GiveUp(Family family)
    {
        if (family.Measuring is { } measuring)
        {
            Context.Stop(measuring);
            family.Measuring = null;
        }
    }

    private void TellPaces(Family family)
    {
        foreach (var path in _paths.Values.Where(p => p.NeedsRefresh && p.Family == family.Version))
        {
            TellPace(path);
        }
    }

    private void Report()
    {
        var lines = _families.Values
            .Where(f => f.Refreshed > 0)
            .Select(f => KeepAliveWords.Describe(f.Version, f.Lifetime, f.Measuring is not null))
            .ToArray();
        if (!lines.SequenceEqual(_told))
        {
            _told = lines;
            _node.Refs.Network.Tell(new NetworkMessages.KeepAliveChanged(lines));
        }
    }

    private sealed class Path(ConnectionInfo info)
    {
        public ConnectionInfo Info { get; } = info;

        public IpFamily Family { get; } =
            info.RemoteAddress.Host is { } host && AddressPrefix.Observer(host).IsIPv6 ? IpFamily.Ip6 : IpFamily.Ip4;

        /// <summary>This end has a mapping to keep.</summary>
        public bool NeedsRefresh { get; set; }

        /// <summary>The peer speaks the protocol.</summary>
        public bool Offers { get; set; }

        /// <summary>It is one of the servers.</summary>
        public bool Serves { get; set; }
    }

    private sealed class Family(IpFamily version, MappingLifetime lifetime)
    {
        public IpFamily Version { get; } = version;

        public MappingLifetime Lifetime { get; } = lifetime;

        /// <summary>Paths of which this end has a mapping to keep.</summary>
        public int Refreshed { get; set; }

        public IActorRef? Measuring { get; set; }

        public PeerId? Server { get; set; }
    }

    private sealed record MeasurementEnded(IpFamily Family, PeerId Server, IActorRef Actor);

    private sealed record Deadline(IpFamily Family);
}
