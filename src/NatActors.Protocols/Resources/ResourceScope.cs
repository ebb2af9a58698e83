using NatActors.Multiformats;

namespace NatActors.Protocols.Resources;

/// <summary>One place in which resources are counted. Changed by <see cref="ResourceTree"/> only.</summary>
public abstract class ResourceScope
{
    private int _inboundStreams;
    private int _outboundStreams;
    private int _inboundConnections;
    private int _outboundConnections;

    internal ResourceScope(ResourceScopeKind kind, ScopeLimits limits)
    {
        Kind = kind;
        Limits = limits;
    }

    /// <summary>Its kind.</summary>
    public ResourceScopeKind Kind { get; }

    /// <summary>Which one of its kind; empty for the only one.</summary>
    public abstract string Name { get; }

    /// <summary>What it may hold.</summary>
    public ScopeLimits Limits { get; }

    /// <summary>What it holds.</summary>
    public ScopeUsage Usage => new(Memory, _inboundStreams, _outboundStreams, _inboundConnections, _outboundConnections);

    internal long Memory { get; private set; }

    internal int InboundStreams => _inboundStreams;

    internal ResourceRefusal? RefuseMemory(long bytes) =>
        bytes > Limits.Memory - Memory ? Refusal(ResourceKind.Memory, Limits.Memory, Memory, bytes) : null;

    internal ResourceRefusal? RefuseStream(bool inbound)
    {
        var all = _inboundStreams + _outboundStreams;
        return all >= Limits.Streams ? Refusal(ResourceKind.Streams, Limits.Streams, all, 1)
            : inbound && _inboundStreams >= Limits.InboundStreams ? Refusal(ResourceKind.InboundStreams, Limits.InboundStreams, _inboundStreams, 1)
            : null;
    }

    internal ResourceRefusal? RefuseConnection() => _inboundConnections + _outboundConnections >= Limits.Connections
        ? Refusal(ResourceKind.Connections, Limits.Connections, _inboundConnections + _outboundConnections, 1)
        : null;

    internal ResourceRefusal? RefuseInboundConnection() => _inboundConnections >= Limits.InboundConnections
        ? Refusal(ResourceKind.InboundConnections, Limits.InboundConnections, _inboundConnections, 1)
        : null;

    internal bool IsFilled(int percent) => Memory >= (Limits.Memory / 100 * percent) + (Limits.Memory % 100 * percent / 100);

    internal ResourceRefusal Refusal(ResourceKind resource, long limit, long used, long asked) => new(Kind, Name, resource, limit, used, asked);

    internal void AddMemory(long bytes)
    {
        Memory += bytes;
        if (Memory < 0)
        {
            throw new InvalidOperationException($"{Kind} {Name} was given back more memory than it held.");
        }
    }

    internal void AddStream(bool inbound, int count) => Add(ref inbound ? ref _inboundStreams : ref _outboundStreams, count);

    internal void AddConnection(bool inbound, int count) => Add(ref inbound ? ref _inboundConnections : ref _outboundConnections, count);

    private void Add(ref int field, int count)
    {
        field += count;
        if (field < 0)
        {
            throw new InvalidOperationException($"{Kind} {Name} was given back more than it held.");
        }
    }
}

/// <summary>A scope that several peers share: the system, the transient one, a protocol.</summary>
public sealed class SharedScope : ResourceScope
{
    private readonly Dictionary<PeerScope, ShareScope> _shares = [];

    internal SharedScope(ResourceScopeKind kind, string name, ScopeLimits limits, ScopeLimits onePeer)
        : base(kind, limits)
    {
        Name = name;
        OnePeer = onePeer;
    }

    /// <inheritdoc />
    public override string Name { get; }

    internal ScopeLimits OnePeer { get; }

    internal IReadOnlyDictionary<PeerScope, ShareScope> Shares => _shares;

    /// <summary>What the peer holds here, made if it is new.</summary>
    internal ShareScope ShareOf(PeerScope peer)
    {
        if (!_shares.TryGetValue(peer, out var share))
        {
            _shares.Add(peer, share = new ShareScope(this, peer));
        }

        return share;
    }

    /// <summary>Forgets a share; one that was made anew meanwhile stays.</summary>
    internal void Forget(ShareScope share)
    {
        if (_shares.TryGetValue(share.Peer, out var now) && ReferenceEquals(now, share))
        {
            _shares.Remove(share.Peer);
        }
    }
}

/// <summary>What one peer holds of a shared scope.</summary>
internal sealed class ShareScope(SharedScope whole, PeerScope peer)
    : ResourceScope(whole.Kind == ResourceScopeKind.Protocol ? ResourceScopeKind.ProtocolPeer : whole.Kind, whole.OnePeer)
{
    public SharedScope Whole => whole;

    public PeerScope Peer => peer;

    public override string Name => $"{whole.Name} with {peer.Name}";
}

/// <summary>One peer: all its connections.</summary>
public sealed class PeerScope : ResourceScope
{
    internal PeerScope(PeerId peer, ScopeLimits limits)
        : base(ResourceScopeKind.Peer, limits) => Peer = peer;

    /// <summary>The peer.</summary>
    public PeerId Peer { get; }

    /// <inheritdoc />
    public override string Name => Peer.ToString();

    internal List<ConnectionScope> Connections { get; } = [];
}

/// <summary>One connection, in its handshake until its peer is known.</summary>
public sealed class ConnectionScope : ResourceScope
{
    internal ConnectionScope(long id, bool inbound, ScopeLimits limits)
        : base(ResourceScopeKind.Connection, limits)
    {
        Id = id;
        IsInbound = inbound;
    }

    /// <summary>The number of the connection.</summary>
    public long Id { get; }

    /// <summary>True when the peer dialed.</summary>
    public bool IsInbound { get; }

    /// <summary>The peer, once it is known.</summary>
    public PeerScope? Peer { get; internal set; }

    /// <summary>Whatever the owner wants to find again with a victim.</summary>
    public object? Tag { get; set; }

    /// <inheritdoc />
    public override string Name => Peer is null ? $"{Id}" : $"{Id} with {Peer.Name}";

    /// <summary>It gave back its place; it is remembered until its memory is given back too.</summary>
    internal bool IsClosed { get; set; }

    /// <summary>It was named as a victim: it is not named again, and gets nothing any more.</summary>
    internal bool IsEvicted { get; set; }

    /// <summary>Bytes of the connection itself, not of its streams.</summary>
    internal long OwnMemory { get; set; }

    /// <summary>The streams, the newest first.</summary>
    internal StreamScope? Newest { get; set; }
}

/// <summary>One stream, transient until its protocol is agreed.</summary>
public sealed class StreamScope : ResourceScope
{
    internal StreamScope(ConnectionScope connection, bool inbound, ShareScope share, ScopeLimits limits)
        : base(ResourceScopeKind.Stream, limits)
    {
        Connection = connection;
        IsInbound = inbound;
        Share = share;
    }

    /// <summary>Its connection.</summary>
    public ConnectionScope Connection { get; }

    /// <summary>True when the peer opened it.</summary>
    public bool IsInbound { get; }

    /// <summary>Whatever the owner wants to find again with a victim.</summary>
    public object? Tag { get; set; }

    /// <inheritdoc />
    public override string Name => $"of {Share.Name}";

    /// <summary>Its peer's part of the transient scope, later of its protocol.</summary>
    internal ShareScope Share { get; set; }

    internal bool IsClosed { get; set; }

    /// <summary>It is in no list any more: closed, and all its memory given back.</summary>
    internal bool IsForgotten { get; set; }

    /// <summary>It was named as a victim: it is not named again.</summary>
    internal bool IsEvicted { get; set; }

    /// <summary>As a victim it gave up its place, though whoever serves it may not know yet.</summary>
    internal bool IsVacated { get; set; }

    internal StreamScope? Newer { get; set; }

    internal StreamScope? Older { get; set; }
}
