using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.Connections;

/// <summary>What becomes of an inbound connection that wants to begin its handshake.</summary>
/// <param name="Refusal">None when it may begin.</param>
/// <param name="Displaced">The connection, still in its handshake, that has to go for it; its place is free already.</param>
public readonly record struct InboundDecision(ConnectionRefusal Refusal, long? Displaced);

/// <summary>
/// Inbound connections by the network that they come from, and those of them that are in their handshake. Nobody can fill the places of
/// handshakes alone: a network has a share, and when all are taken a newcomer displaces the oldest handshake of the network that holds most. A
/// handshake that is not over after a grace is displaced by anybody; among equals whoever came first goes on, so that a crowd of honest peers
/// comes in one after the other instead of nobody at all.
/// </summary>
internal sealed class PendingInbound(ConnectionRules rules)
{
    private readonly Dictionary<long, Entry> _entries = [];
    private readonly Dictionary<AddressPrefix, int> _networks = [];
    private readonly Dictionary<AddressPrefix, LinkedList<Entry>> _handshakes = [];
    private readonly KeyedRateLimiter<AddressPrefix> _rate = new(whenCrowded: true);
    private int _pending;

    /// <summary>See <see cref="ConnectionTable.OnInbound"/>.</summary>
    public InboundDecision Admit(long id, IPAddress? source, TimeSpan now)
    {
        // Relayed connections are one network: they come by a few relays, chosen by this node.
        AddressPrefix network = source is null ? default : AddressPrefix.Observer(source);
        var counted = source is not null && (rules.LimitLoopback || !IPAddress.IsLoopback(source));
        if (counted && !_rate.TryTake(network, rules.AcceptRate, now))
        {
            return new InboundDecision(ConnectionRefusal.TooFastFromNetwork, null);
        }

        if (counted && _networks.GetValueOrDefault(network) >= rules.MaxInboundPerNetwork)
        {
            return new InboundDecision(ConnectionRefusal.TooManyFromNetwork, null);
        }

        Entry? displaced = null;
        var share = counted ? rules.MaxPendingPerNetwork : int.MaxValue;
        var isOverShare = HandshakesOf(network) >= share;
        if (isOverShare || _pending >= rules.MaxPendingInbound)
        {
            // A network beyond its share makes room itself, also when all places are taken: else it would grow at the cost of slow others.
            displaced = ToDisplace(network, isOverShare ? network : null, now);
            if (displaced is null)
            {
                return new InboundDecision(ConnectionRefusal.TooManyPending, null);
            }

            Remove(displaced.Id);
        }

        Add(new Entry(id, network, counted, now));
        return new InboundDecision(ConnectionRefusal.None, displaced?.Id);
    }

    /// <summary>The handshake is over, well: the connection keeps its place in its network.</summary>
    public void OnUp(long id)
    {
        if (_entries.TryGetValue(id, out var entry))
        {
            EndHandshake(entry);
        }
    }

    /// <summary>The connection is gone, or its handshake failed.</summary>
    public void Remove(long id)
    {
        if (!_entries.Remove(id, out var entry))
        {
            return;
        }

        EndHandshake(entry);
        if (entry.Counted && --_networks[entry.Network] == 0)
        {
            _networks.Remove(entry.Network);
        }
    }

    /// <summary>The network that the bounds by network count a connection for, if they do.</summary>
    public AddressPrefix? NetworkOf(long id) => _entries.TryGetValue(id, out var entry) && entry.Counted ? entry.Network : null;

    private int HandshakesOf(AddressPrefix network) => _handshakes.TryGetValue(network, out var handshakes) ? handshakes.Count : 0;

    /// <summary>Whose place a newcomer of that network takes, of all or of its own network only.</summary>
    private Entry? ToDisplace(AddressPrefix newcomer, AddressPrefix? only, TimeSpan now)
    {
        var most = HandshakesOf(newcomer) + 1;
        Entry? oldestOfMost = null;
        Entry? oldest = null;
        foreach (var (network, handshakes) in _handshakes)
        {
            if (only is { } own && network != own)
            {
                continue;
            }

            var first = handshakes.First!.Value;
            oldest = oldest is null || first.Since < oldest.Since ? first : oldest;
            if (handshakes.Count > most)
            {
                most = handshakes.Count;
                oldestOfMost = first;
            }
        }

        return oldestOfMost ?? (oldest is not null && now - oldest.Since >= rules.HandshakeGrace ? oldest : null);
    }

    private void Add(Entry entry)
    {
        _entries.Add(entry.Id, entry);
        if (entry.Counted)
        {
            _networks[entry.Network] = _networks.GetValueOrDefault(entry.Network) + 1;
        }

        if (!_handshakes.TryGetValue(entry.Network, out var handshakes))
        {
            _handshakes[entry.Network] = handshakes = [];
        }

        entry.Place = handshakes.AddLast(entry);
        _pending++;
    }

    private void EndHandshake(Entry entry)
    {
        if (entry.Place is { } place)
        {
            entry.Place = null;
            _pending--;
            var handshakes = place.List!;
            handshakes.Remove(place);
            if (handshakes.Count == 0)
            {
                _handshakes.Remove(entry.Network);
            }
        }
    }

    private sealed class Entry(long id, AddressPrefix network, bool counted, TimeSpan since)
    {
        public long Id { get; } = id;

        public AddressPrefix Network { get; } = network;

        /// <summary>The bounds by network hold for it.</summary>
        public bool Counted { get; } = counted;

        public TimeSpan Since { get; } = since;

        /// <summary>Its place among the handshakes of its network, until that is over.</summary>
        public LinkedListNode<Entry>? Place { get; set; }
    }
}
