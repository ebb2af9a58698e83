using NatActors.Multiformats;
using NatActors.Protocols.Resources;

namespace NatActors.Node.Resources;

/// <summary>
/// The resources of one node: <see cref="ResourceTree"/> for many threads. Its lock is a leaf, nothing else is taken under it; what is ended
/// to make room is ended outside. Asking costs a lock and no allocation.
/// </summary>
public sealed class NodeResources
{
    /// <summary>How many streams or connections one request may have ended for it. Ours: the first is nearly always enough.</summary>
    private const int MaxVictims = 4;

    private readonly Lock _gate = new();
    private readonly ResourceTree _tree;
    private readonly SortedDictionary<(ResourceScopeKind Scope, ResourceKind Resource), long> _refused = [];
    private long _evicted;

    /// <summary>The resources that the options give to a node on this machine.</summary>
    internal static NodeResources For(NodeOptions options) => new(options.Resources.ToLimits(
        options.ToConnectionRules(), options.Connections.MaxStreamsPerConnection, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));

    /// <summary>Resources within the limits.</summary>
    public NodeResources(ResourceLimits limits) => _tree = new ResourceTree(limits);

    /// <summary>Raised, on the thread that gave the last of it back, when nothing is held any more. Handlers must not block.</summary>
    public event Action? Emptied;

    /// <summary>Raised for everything that is refused: why, and to whom. Handlers must not block; calls come from any thread.</summary>
    internal event Action<ResourceRefusal, string>? Refused;

    /// <summary>Raised for everything that is ended to make room for another: for which refusal.</summary>
    internal event Action<ResourceScope, ResourceRefusal>? Evicted;

    /// <summary>What is held now, and was refused so far.</summary>
    public ResourceSnapshot Snapshot()
    {
        lock (_gate)
        {
            return new ResourceSnapshot
            {
                System = State(_tree.System),
                Transient = State(_tree.Transient),
                Peers = [.. _tree.Peers.Select(State).OrderByDescending(s => s.Usage.Memory)],
                Protocols = [.. _tree.Protocols.Select(State).OrderByDescending(s => s.Usage.Memory)],
                Connections = [.. _tree.Connections.Select(State)],
                StreamScopes = _tree.StreamCount,
                Refused = [.. _refused.Select(r => new RefusalCount(r.Key.Scope, r.Key.Resource, r.Value))],
                Evicted = _evicted,
            };
        }
    }

    /// <summary>The most bytes that the whole node may hold.</summary>
    public long MaxMemory => _tree.System.Limits.Memory;

    /// <summary>What the whole node holds.</summary>
    public ScopeUsage Usage
    {
        get
        {
            lock (_gate)
            {
                return _tree.System.Usage;
            }
        }
    }

    /// <summary>A connection begins its handshake: its resources, to be closed once, or null with the reason.</summary>
    internal ConnectionResources? OpenConnection(long id, bool inbound, out ResourceRefusal? refusal)
    {
        ConnectionScope? scope = null;
        refusal = Decide(() => _tree.OpenConnection(id, inbound, ConnectionResources.HandshakeMemory, out scope), null);
        return scope is null ? null : new ConnectionResources(this, scope);
    }

    internal void KnowPeer(ConnectionScope connection, PeerId peer)
    {
        lock (_gate)
        {
            _tree.KnowPeer(connection, peer);
        }
    }

    /// <summary>
    /// What is ended for it is ended on another thread: its place is free at once, and the asker may hold the event lock of its link, as the
    /// victim's link needs its own.
    /// </summary>
    internal StreamResources? OpenStream(ConnectionScope connection, bool inbound, out ResourceRefusal? refusal)
    {
        StreamScope? scope = null;
        refusal = Decide(() => _tree.OpenStream(connection, inbound, out scope), connection, later: true);
        return scope is null ? null : new StreamResources(this, scope);
    }

    internal ResourceRefusal? Agree(StreamScope stream, string protocol) => Decide(() => _tree.Agree(stream, protocol), stream.Connection);

    /// <summary>
    /// Memory where nobody can be ended to make room: the caller holds a lock. False is not a refusal yet; ask by <see cref="Take"/> without it.
    /// </summary>
    internal bool TryTake(StreamScope stream, int bytes)
    {
        lock (_gate)
        {
            return _tree.Take(stream, bytes, nameVictim: false).IsGranted;
        }
    }

    /// <summary>Memory; not to be asked for under any lock. Without a closure: this is on the data path.</summary>
    internal ResourceRefusal? Take(ResourceScope holder, int bytes)
    {
        for (var victims = 0; ; victims++)
        {
            ResourceDecision decision;
            lock (_gate)
            {
                decision = holder is StreamScope stream ? _tree.Take(stream, bytes) : _tree.Take((ConnectionScope)holder, bytes);
            }

            if (!GoesOn(decision, victims, holder))
            {
                return decision.Refusal;
            }
        }
    }

    internal void Return(ResourceScope holder, int bytes)
    {
        bool emptied;
        lock (_gate)
        {
            if (holder is StreamScope stream)
            {
                _tree.Return(stream, bytes);
            }
            else
            {
                _tree.Return((ConnectionScope)holder, bytes);
            }

            emptied = _tree.IsEmpty;
        }

        Raise(emptied);
    }

    internal void Close(ResourceScope holder)
    {
        bool emptied;
        lock (_gate)
        {
            if (holder is StreamScope stream)
            {
                _tree.Close(stream);
            }
            else
            {
                _tree.Close((ConnectionScope)holder);
            }

            emptied = _tree.IsEmpty;
        }

        Raise(emptied);
    }

    internal bool IsTight(ConnectionScope connection) => _tree.IsTight(connection);

    /// <summary>Counts what another holder of a rule refused: the table of connections, a link.</summary>
    /// <param name="refusal">Why.</param>
    /// <param name="asker">Who asked, in words for a person.</param>
    internal void OnRefused(ResourceRefusal refusal, string asker)
    {
        lock (_gate)
        {
            var key = (refusal.Scope, refusal.Resource);
            _refused[key] = _refused.GetValueOrDefault(key) + 1;
        }

        Refused?.Invoke(refusal, asker);
    }

    private ResourceRefusal? Decide(Func<ResourceDecision> ask, ResourceScope? asker, bool later = false)
    {
        for (var victims = 0; ; victims++)
        {
            ResourceDecision decision;
            lock (_gate)
            {
                decision = ask();
            }

            if (!GoesOn(decision, victims, asker, later))
            {
                return decision.Refusal;
            }
        }
    }

    /// <summary>True when room was made, so that it is worth asking again.</summary>
    private bool GoesOn(in ResourceDecision decision, int victims, ResourceScope? asker, bool later = false)
    {
        if (decision.Refusal is not { } refusal)
        {
            return false;
        }

        if (decision.Victim is { } victim)
        {
            // Even when it is one too many to ask again: once named it gets nothing any more.
            End(victim, refusal, later);
        }

        if (decision.Victim is null || victims == MaxVictims)
        {
            // With a limit of none it is over, and asks too late: that is no news.
            if (refusal.Limit > 0)
            {
                OnRefused(refusal, asker is null ? "a new connection" : $"the {(asker is StreamScope ? "stream" : "connection")} {asker.Name}");
            }

            return false;
        }

        return true;
    }

    private void End(ResourceScope victim, ResourceRefusal refusal, bool later)
    {
        lock (_gate)
        {
            _evicted++;
            _tree.Vacate(victim);
        }

        Evicted?.Invoke(victim, refusal);
        if (later)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static end => Evict(end.Victim, end.Refusal), (Victim: victim, Refusal: refusal), preferLocal: false);
        }
        else
        {
            Evict(victim, refusal);
        }
    }

    private static void Evict(ResourceScope victim, ResourceRefusal refusal)
    {
        switch (victim)
        {
            case StreamScope stream: (stream.Tag as StreamResources)?.Evict(refusal); break;
            case ConnectionScope connection: (connection.Tag as ConnectionResources)?.Evict(refusal); break;
        }
    }

    private void Raise(bool emptied)
    {
        if (emptied)
        {
            Emptied?.Invoke();
        }
    }

    private static ScopeState State(ResourceScope scope) => new(scope.Kind, scope.Name, scope.Usage, scope.Limits);
}
