using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Naming;

namespace NatActors.Node.Connections;

/// <summary>
/// A <c>/dnsaddr</c> that stands for several peers: keeps connected to a few of them, the others take the place of those that do not answer.
/// <code>
/// LookingUp --peers--> Keeping --one does not answer--> the next spare; without a spare: LookingUp again, later
///     +--none--> again, with growing rests
/// </code>
/// Children: one <see cref="KeepConnectedActor"/> for each peer kept.
/// </summary>
public sealed class BootstrapActor : UntypedActor, IWithTimers
{
    /// <summary>Peers kept of one name. Ours: go-libp2p's DHT and IPFS nodes keep to about as many.</summary>
    public const int MaxKept = 4;

    /// <summary>The first rest after a name led to nothing; doubled each time up to <see cref="LongestRest"/>.</summary>
    public static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(1);

    /// <summary>The longest rest between two lookups. Ours: the network may be down for long, and comes back while a person waits.</summary>
    public static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(30);

    /// <summary>How long after the last spare was used the name is looked up again. Ours: its records may have changed.</summary>
    public static readonly TimeSpan AnewAfter = TimeSpan.FromMinutes(1);

    private readonly NodeContext _node;
    private readonly Multiaddr _address;
    private readonly Dictionary<PeerId, IActorRef> _kept = [];
    private readonly Queue<IReadOnlyList<Multiaddr>> _spare = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private TimeSpan _rest = FirstRest;
    private bool _told;
    private long _lookUp;

    /// <summary>Creates the actor; it looks the name up at once.</summary>
    public BootstrapActor(NodeContext node, Multiaddr address)
    {
        _node = node;
        _address = address;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.RebuildTheService();

    /// <inheritdoc />
    protected override void PreStart() => LookUp();

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ResolverMessages.Resolved resolved: OnResolved(resolved.Addresses); break;
            case ResolverMessages.NotResolved failed: OnNotResolved(failed.Reason); break;
            case BootstrapMessages.Unreachable unreachable: OnUnreachable(unreachable.Peer); break;
            case Again: LookUp(); break;
            default: Unhandled(message); break;
        }
    }

    private void LookUp() => _node.Refs.Resolver.Tell(new ResolverMessages.Resolve(++_lookUp, _address, Self));

    private void OnResolved(IReadOnlyList<Multiaddr> addresses)
    {
        var peers = addresses
            .Where(a => a.PeerId is { } peer && !peer.Equals(_node.Self))
            .GroupBy(a => a.PeerId!)
            .Where(g => !_kept.ContainsKey(g.Key))
            .Select(g => (Addresses: (IReadOnlyList<Multiaddr>)[.. g], Order: _node.Random.NextUInt64()))
            .OrderBy(p => p.Order)
            .ToList();
        if (peers.Count == 0 && _kept.Count == 0)
        {
            OnNotResolved("none of its addresses says which peer is there");
            return;
        }

        // In random order, so that the nodes of one network do not all meet at the same four peers.
        _rest = FirstRest;
        _told = false;
        _spare.Clear();
        peers.ForEach(p => _spare.Enqueue(p.Addresses));
        while (_kept.Count < MaxKept && _spare.TryDequeue(out var next))
        {
            Keep(next);
        }
    }

    private void Keep(IReadOnlyList<Multiaddr> addresses) =>
        _kept[addresses[0].PeerId!] = Context.ActorOf(Props.Create(typeof(KeepConnectedActor), _node, addresses, Self));

    private void OnUnreachable(PeerId peer)
    {
        if (!_kept.TryGetValue(peer, out var keeper))
        {
            return;
        }

        if (_spare.TryDequeue(out var next))
        {
            _log.Info("{0} of {1} does not answer; {2} takes its place", peer, _address, next[0].PeerId);
            _kept.Remove(peer);
            Context.Stop(keeper);
            Keep(next);
        }
        else if (!Timers.IsTimerActive(nameof(Again)))
        {
            // What was kept of the name led to a dead end: it is asked anew.
            _node.Refs.Resolver.Tell(new ResolverMessages.Forget(_address));
            Timers.StartSingleTimer(nameof(Again), Again.Instance, AnewAfter);
        }
    }

    private void OnNotResolved(string reason)
    {
        if (!_told)
        {
            _told = true;
            _node.Events.Publish(new NodeEvents.Error($"{_address} leads to no peer ({reason}); it is looked up again and again"));
        }

        Timers.StartSingleTimer(nameof(Again), Again.Instance, _rest + _node.Random.NextDelay(_rest / 4));
        _rest = _rest + _rest < LongestRest ? _rest + _rest : LongestRest;
    }

    private sealed record Again
    {
        public static readonly Again Instance = new();
    }
}
