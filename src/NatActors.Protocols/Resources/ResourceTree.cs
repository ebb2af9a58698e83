using NatActors.Multiformats;

namespace NatActors.Protocols.Resources;

/// <summary>What came of asking for a resource.</summary>
/// <param name="Refusal">Why it was refused; null when it was granted.</param>
/// <param name="Victim">
/// With a refusal: a stream or connection of a peer that holds more. Once that has been ended it may be asked again.
/// </param>
public readonly record struct ResourceDecision(ResourceRefusal? Refusal, ResourceScope? Victim = null)
{
    /// <summary>True when it is the asker's now.</summary>
    public bool IsGranted => Refusal is null;
}

/// <summary>
/// Who holds how much of memory, streams and connections, and who gets more. Not thread-safe. What is charged once counts in every scope
/// above it:
/// <code>
/// stream ─► connection ─► peer ─► system
///    └────► protocol of that peer ─► protocol ─► system     (the transient scope until the protocol is agreed)
/// </code>
/// </summary>
/// <remarks>
/// <para>
/// A limit of a peer's own scopes (stream, connection, peer, its part of a protocol) refuses the one who asks. A scope that peers share
/// (protocol, transient, system) that is full takes from the one that has most: if some peer holds more than the asker would, one of its
/// streams or connections is named as the victim, to be ended before the question is put again; else the asker is that one, and is refused.
/// So who fills a node hurts himself, and a peer with little always gets a little more, as long as there are not as many peers as pieces.
/// </para>
/// <para>
/// Memory has three steps: from <see cref="TightPercent"/> on receive windows do not grow (<see cref="IsTight"/>), from
/// <see cref="CrowdedPercent"/> on peers that hold more than an equal share get no new streams, at the limit nobody gets anything that
/// is not taken from another. So the limits are hard.
/// </para>
/// </remarks>
public sealed partial class ResourceTree
{
    /// <summary>The piece in which memory is charged for what was received: one pooled buffer.</summary>
    public const int Segment = 64 * 1024;

    /// <summary>From here on windows neither grow nor are refilled beyond their first size.</summary>
    public const int TightPercent = 50;

    /// <summary>From here on peers with more than an equal share open no streams.</summary>
    public const int CrowdedPercent = 80;

    private readonly ResourceLimits _limits;
    private readonly Dictionary<PeerId, PeerScope> _peers = [];
    private readonly Dictionary<string, SharedScope> _protocols = new(StringComparer.Ordinal);
    private readonly HashSet<ConnectionScope> _connections = [];

    /// <summary>An empty tree.</summary>
    public ResourceTree(ResourceLimits limits)
    {
        _limits = limits;
        System = new SharedScope(ResourceScopeKind.System, "", limits.System, ScopeLimits.None);
        Transient = new SharedScope(ResourceScopeKind.Transient, "", limits.Transient, ScopeLimits.None);
    }

    /// <summary>The whole node.</summary>
    public SharedScope System { get; }

    /// <summary>What is not known yet.</summary>
    public SharedScope Transient { get; }

    /// <summary>The peers that hold something.</summary>
    public IReadOnlyCollection<PeerScope> Peers => _peers.Values;

    /// <summary>The protocols that have streams.</summary>
    public IReadOnlyCollection<SharedScope> Protocols => _protocols.Values;

    /// <summary>The connections that hold something.</summary>
    public IReadOnlyCollection<ConnectionScope> Connections => _connections;

    /// <summary>Scopes of streams that exist.</summary>
    public int StreamCount { get; private set; }

    /// <summary>True when nothing is held and nothing remembered.</summary>
    public bool IsEmpty => _connections.Count + _peers.Count + _protocols.Count + StreamCount == 0 && System.Usage.IsZero;

    /// <summary>A connection begins its handshake.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="inbound">True when the peer dialed.</param>
    /// <param name="bytes">What the handshake holds.</param>
    /// <param name="connection">The connection's scope when it is granted; to be closed once.</param>
    public ResourceDecision OpenConnection(long id, bool inbound, long bytes, out ConnectionScope? connection)
    {
        connection = null;
        var refusal = Transient.RefuseConnection()
            ?? (inbound ? System.RefuseInboundConnection() : null)
            ?? Transient.RefuseMemory(bytes);
        if (refusal is not null)
        {
            return new(refusal);
        }

        if (System.RefuseMemory(bytes) is { } full)
        {
            return new(full, Largest(System, null, bytes));
        }

        connection = new ConnectionScope(id, inbound, _limits.Connection) { OwnMemory = bytes };
        _connections.Add(connection);
        Transient.AddConnection(inbound, 1);
        System.AddConnection(inbound, 1);
        connection.AddConnection(inbound, 1);
        Charge(connection, bytes);
        return default;
    }

    /// <summary>The handshake is over: what it held is given back, and the connection counts for its peer.</summary>
    public void KnowPeer(ConnectionScope connection, PeerId peer)
    {
        if (connection.IsClosed || connection.Peer is not null)
        {
            return;
        }

        Charge(connection, -connection.OwnMemory);
        connection.OwnMemory = 0;
        Transient.AddConnection(connection.IsInbound, -1);
        if (!_peers.TryGetValue(peer, out var scope))
        {
            _peers.Add(peer, scope = new PeerScope(peer, _limits.Peer));
        }

        connection.Peer = scope;
        scope.Connections.Add(connection);
        scope.AddConnection(connection.IsInbound, 1);
    }

    /// <summary>The connection is over, its streams too. A second time is nothing.</summary>
    public void Close(ConnectionScope connection)
    {
        if (connection.IsClosed)
        {
            return;
        }

        connection.IsClosed = true;
        if (connection.Peer is null)
        {
            Charge(connection, -connection.OwnMemory);
            connection.OwnMemory = 0;
        }

        ResourceScope holder = connection.Peer is { } peer ? peer : Transient;
        holder.AddConnection(connection.IsInbound, -1);
        System.AddConnection(connection.IsInbound, -1);
        connection.AddConnection(connection.IsInbound, -1);
        for (var stream = connection.Newest; stream is not null;)
        {
            var older = stream.Older;
            Close(stream);
            stream = older;
        }

        ForgetIfEmpty(connection);
    }

    /// <summary>Memory of a connection itself: a write that the peer does not take, a frame that is not whole.</summary>
    public ResourceDecision Take(ConnectionScope connection, long bytes)
    {
        if (connection.IsClosed || connection.IsEvicted || connection.Peer is not { } peer)
        {
            return new(connection.Refusal(ResourceKind.Memory, 0, connection.Memory, bytes));
        }

        if ((connection.RefuseMemory(bytes) ?? peer.RefuseMemory(bytes)) is { } own)
        {
            return new(own);
        }

        if (System.RefuseMemory(bytes) is { } full)
        {
            return new(full, Largest(System, peer, bytes));
        }

        connection.OwnMemory += bytes;
        Charge(connection, bytes);
        return default;
    }

    /// <summary>Gives back memory of a connection itself; a victim has given it back already.</summary>
    public void Return(ConnectionScope connection, long bytes)
    {
        if (connection.IsEvicted)
        {
            return;
        }

        connection.OwnMemory -= bytes;
        Charge(connection, -bytes);
        ForgetIfEmpty(connection);
    }

    /// <summary>
    /// True when windows are to stay small: the system, the peer or the connection holds half of what it may. May be read at any time from
    /// any thread: a value that is late does no harm.
    /// </summary>
    public bool IsTight(ConnectionScope connection) =>
        System.IsFilled(TightPercent) || connection.IsFilled(TightPercent) || connection.Peer?.IsFilled(TightPercent) == true;

    private void Charge(ConnectionScope connection, long bytes)
    {
        connection.AddMemory(bytes);
        ResourceScope holder = connection.Peer is { } peer ? peer : Transient;
        holder.AddMemory(bytes);
        System.AddMemory(bytes);
    }

    private void ForgetIfEmpty(ConnectionScope connection)
    {
        if (!connection.IsClosed || connection.Newest is not null || connection.Memory > 0 || !_connections.Remove(connection))
        {
            return;
        }

        if (connection.Peer is { } peer)
        {
            peer.Connections.Remove(connection);
            if (peer.Connections.Count == 0)
            {
                _peers.Remove(peer.Peer);
                Transient.Forget(Transient.ShareOf(peer));
            }
        }
    }
}
