using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.Connections;

/// <summary>
/// Which connections a node has, and which of them it keeps: limits, duplicates, direct before relayed, idle ones.
/// </summary>
/// <remarks>
/// <para>Of several connections to a peer one is best and takes the new streams; the others are <em>lesser</em> and close after a
/// grace.</para>
/// <para>
/// Direct beats relayed. Of two of a kind, one dialed from each end at about the same time, the one dialed by the peer with the smaller
/// id stays: both ends compute the same. Otherwise the newer stays, for a peer that dials again may have lost the older (restart, cable);
/// but of two that one end dialed at once, the older.
/// </para>
/// <para>
/// Ends see the instants differently, so only the peer with the smaller id closes a duplicate; the other merely stops using it. So the two
/// ends can never close both. A relayed connection that a direct one replaces is closed by either.
/// </para>
/// </remarks>
public sealed class ConnectionTable(PeerId self, ConnectionRules rules)
{
    /// <summary>How often <see cref="OnTick"/> is to be called: graces and idle times are kept to this precision.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<long, Entry> _entries = [];
    private readonly Dictionary<PeerId, List<Entry>> _peers = [];
    private readonly PendingInbound _inbound = new(rules);
    private int _closing;

    /// <summary>Connections that are up, closing ones included.</summary>
    public int Count => _entries.Count;

    /// <summary>Peers with at least one connection.</summary>
    public int PeerCount => _peers.Count;

    /// <summary>
    /// An inbound connection was accepted and wants to begin its handshake. When admitted it holds a place until
    /// <see cref="OnInboundFailed"/> or <see cref="OnDown"/>, or until it is displaced by a later one (<see cref="PendingInbound"/>).
    /// </summary>
    /// <param name="id">The connection.</param>
    /// <param name="source">Where it comes from; null for a relayed one.</param>
    /// <param name="now">The time.</param>
    public InboundDecision OnInbound(long id, IPAddress? source, TimeSpan now) => _inbound.Admit(id, source, now);

    /// <summary>The handshake of an admitted inbound connection failed.</summary>
    public void OnInboundFailed(long id)
    {
        if (!_entries.ContainsKey(id))
        {
            _inbound.Remove(id);
        }
    }

    /// <summary>A connection is up: handshake done, peer proven.</summary>
    public IReadOnlyList<ConnectionEffect> OnUp(ConnectionFacts facts, TimeSpan now)
    {
        _inbound.OnUp(facts.Id);
        var effects = new List<ConnectionEffect>();
        var refusal = Admit(facts, now, effects);
        if (refusal != ConnectionRefusal.None)
        {
            _inbound.Remove(facts.Id);
            return [new ConnectionEffect.Refuse(facts.Id, refusal)];
        }

        var entry = new Entry(facts, now);
        _entries.Add(facts.Id, entry);
        if (!_peers.TryGetValue(facts.Peer, out var siblings))
        {
            _peers.Add(facts.Peer, siblings = []);
            effects.Add(new ConnectionEffect.PeerUp(facts.Peer));
        }

        siblings.Add(entry);
        Judge(facts.Peer, now);
        return effects;
    }

    /// <summary>A connection is gone, whoever ended it. Refused and unknown ones are ignored.</summary>
    public IReadOnlyList<ConnectionEffect> OnDown(long id, TimeSpan now)
    {
        if (!_entries.Remove(id, out var entry))
        {
            return [];
        }

        _inbound.Remove(id);
        _closing -= entry.Closing ? 1 : 0;
        var peer = entry.Facts.Peer;
        var siblings = _peers[peer];
        siblings.Remove(entry);
        if (siblings.Count == 0)
        {
            _peers.Remove(peer);
            return [new ConnectionEffect.PeerDown(peer)];
        }

        Judge(peer, now);
        return [];
    }

    /// <summary>A connection takes no new streams any more, for a reason that is not this table's: someone closes it, or its peer.</summary>
    public void OnClosing(long id, TimeSpan now)
    {
        if (_entries.TryGetValue(id, out var entry) && !entry.Closing)
        {
            entry.Closing = true;
            _closing++;
            Judge(entry.Facts.Peer, now);
        }
    }

    /// <summary>The number of open streams of a connection changed.</summary>
    public void OnStreams(long id, int open, TimeSpan now)
    {
        if (_entries.TryGetValue(id, out var entry))
        {
            entry.Streams = open;
            entry.IdleSince = now;
        }
    }

    /// <summary>
    /// Keeps a connection from being closed by this table while the tag stands. With <paramref name="idleOnly"/> it is the peer that
    /// matters, not this very connection: a better one to the same peer still replaces it.
    /// </summary>
    public void OnProtect(long id, string tag, bool idleOnly = false)
    {
        if (_entries.TryGetValue(id, out var entry))
        {
            entry.Tags[tag] = idleOnly;
        }
    }

    /// <summary>Takes a tag off; the idle time starts anew.</summary>
    public void OnUnprotect(long id, string tag, TimeSpan now)
    {
        if (_entries.TryGetValue(id, out var entry) && entry.Tags.Remove(tag))
        {
            entry.IdleSince = now;
        }
    }

    /// <summary>Closes what is due. To be called every <see cref="TickInterval"/>.</summary>
    public IReadOnlyList<ConnectionEffect> OnTick(TimeSpan now)
    {
        var effects = new List<ConnectionEffect>();
        foreach (var entry in _entries.Values)
        {
            if (!entry.Closing && Due(entry, now) is { } reason)
            {
                Close(entry, reason, now, effects);
            }
        }

        return effects;
    }

    /// <summary>
    /// The connection that new streams to a peer use, or null. Limited ones only when <paramref name="allowLimited"/>, relayed ones not
    /// when
    /// <paramref name="directOnly"/>.
    /// </summary>
    public long? Best(PeerId peer, bool allowLimited, bool directOnly = false)
    {
        Entry? best = null;
        if (_peers.TryGetValue(peer, out var siblings))
        {
            foreach (var entry in siblings)
            {
                var usable = !entry.Closing && (allowLimited || !entry.Facts.Limited) && !(directOnly && entry.Facts.Relayed);
                best = !usable ? best : best is null ? entry : Better(best, entry);
            }
        }

        return best?.Facts.Id;
    }

    /// <summary>The ids of all connections to a peer, in the order in which they came up.</summary>
    public IReadOnlyList<long> Of(PeerId peer) =>
        _peers.TryGetValue(peer, out var siblings) ? siblings.ConvertAll(e => e.Facts.Id) : [];

    /// <summary>True when a connection is closing or about to: a better one exists.</summary>
    public bool IsLesser(long id) => _entries.TryGetValue(id, out var entry) && (entry.Closing || entry.LesserSince is not null);

    private ConnectionRefusal Admit(ConnectionFacts facts, TimeSpan now, List<ConnectionEffect> effects)
    {
        if (_peers.TryGetValue(facts.Peer, out var siblings) && siblings.Count >= rules.MaxConnectionsPerPeer)
        {
            return ConnectionRefusal.TooManyToPeer;
        }

        if (_entries.Count - _closing < rules.MaxConnections)
        {
            return ConnectionRefusal.None;
        }

        var idle = _entries.Values
            .Where(e => !e.Closing && e.IsIdle && now - e.IdleSince >= rules.IdleMakesRoomAfter)
            .MinBy(e => e.IdleSince);
        if ((idle ?? OfTheCrowd(facts.Id)) is not { } leaving)
        {
            return ConnectionRefusal.TooManyConnections;
        }

        Close(leaving, ConnectionCloseReason.MadeRoom, now, effects);
        return ConnectionRefusal.None;
    }

    /// <summary>
    /// A crowd that keeps all its connections busy must not keep everybody else out: the newest one that nothing protects, of the network that
    /// has most, where that is more than twice as many as the newcomer's network has.
    /// </summary>
    private Entry? OfTheCrowd(long newcomer)
    {
        var network = _inbound.NetworkOf(newcomer);
        var staying = _entries.Values.Where(e => !e.Closing).ToLookup(e => _inbound.NetworkOf(e.Facts.Id));
        var crowd = staying.Where(own => own.Key is not null && own.Key != network).MaxBy(own => own.Count());
        var most = 2 * (1 + (network is null ? 0 : staying[network].Count()));
        return crowd?.Count() > most ? crowd.Where(e => e.Tags.Count == 0).MaxBy(e => e.UpAt) : null;
    }

    private void Close(Entry entry, ConnectionCloseReason reason, TimeSpan now, List<ConnectionEffect> effects)
    {
        entry.Closing = true;
        _closing++;
        effects.Add(new ConnectionEffect.Close(entry.Facts.Id, reason));
        Judge(entry.Facts.Peer, now);
    }

    private ConnectionCloseReason? Due(Entry entry, TimeSpan now)
    {
        if (entry.LesserSince is { } since && !entry.Tags.ContainsValue(false))
        {
            var relayed = entry.LesserReason == ConnectionCloseReason.DirectExists;
            var mine = relayed || self.CompareTo(entry.Facts.Peer) < 0;
            var waited = now - since;
            var grace = relayed ? rules.RelayedGrace : rules.DuplicateGrace;
            if (mine && waited >= grace && (entry.Streams == 0 || waited >= rules.StreamGrace))
            {
                return entry.LesserReason;
            }
        }

        return entry.IsIdle && now - entry.IdleSince >= rules.IdleTimeout ? ConnectionCloseReason.Idle : null;
    }

    private void Judge(PeerId peer, TimeSpan now)
    {
        Entry? best = null;
        var siblings = _peers[peer];
        foreach (var entry in siblings)
        {
            best = entry.Closing ? best : best is null ? entry : Better(best, entry);
        }

        foreach (var entry in siblings)
        {
            if (entry == best || best is null)
            {
                entry.LesserSince = null;
                continue;
            }

            var direct = entry.Facts.Relayed && !best.Facts.Relayed;
            entry.LesserReason = direct ? ConnectionCloseReason.DirectExists : ConnectionCloseReason.Duplicate;
            entry.LesserSince ??= now;
        }
    }

    // The entries come in the order in which their connections came up.
    private Entry Better(Entry older, Entry newer)
    {
        if (older.Facts.Relayed != newer.Facts.Relayed)
        {
            return older.Facts.Relayed ? newer : older;
        }

        if (older.Facts.Limited != newer.Facts.Limited)
        {
            return older.Facts.Limited ? newer : older;
        }

        if (newer.UpAt - older.UpAt > rules.SimultaneousWindow)
        {
            return newer;
        }

        if (older.Facts.Initiator == newer.Facts.Initiator)
        {
            return older;
        }

        var mineStays = self.CompareTo(older.Facts.Peer) < 0;
        return older.Facts.Initiator == mineStays ? older : newer;
    }

    private sealed class Entry(ConnectionFacts facts, TimeSpan now)
    {
        public ConnectionFacts Facts { get; } = facts;

        public TimeSpan UpAt { get; } = now;

        /// <summary>Who holds it, and whether only against idle closing.</summary>
        public Dictionary<string, bool> Tags { get; } = new(StringComparer.Ordinal);

        public int Streams { get; set; }

        public TimeSpan IdleSince { get; set; } = now;

        public TimeSpan? LesserSince { get; set; }

        public ConnectionCloseReason LesserReason { get; set; }

        public bool Closing { get; set; }

        public bool IsIdle => Streams == 0 && Tags.Count == 0;
    }
}
