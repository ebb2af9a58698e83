using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.Connections;

/// <summary>Bounds and times of the connections of one node.</summary>
public sealed record ConnectionRules
{
    /// <summary>All connections that are up; handshakes have <see cref="MaxPendingInbound"/>. At least 1; default 1,024.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Connections to one peer. At least 1; default 8 (go-libp2p's limit per peer).</summary>
    public int MaxConnectionsPerPeer { get; init; } = 8;

    /// <summary>Inbound connections still in their handshake. At least 1; default 64 (go-libp2p's transient scope).</summary>
    public int MaxPendingInbound { get; init; } = 64;

    /// <summary>Of them, from one IPv4 address or IPv6 /56. At least 1; default 64.</summary>
    public int MaxPendingPerNetwork { get; init; } = 64;

    /// <summary>A handshake that is not over after this loses its place to a newcomer when all are taken. Default 3 s.</summary>
    public TimeSpan HandshakeGrace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Inbound connections taken from one IPv4 address or IPv6 /56. Default 16 a second over a burst of 128.</summary>
    public RateLimit AcceptRate { get; init; } = new(16, 128);

    /// <summary>Loopback addresses are networks like any other. Default false: they are this machine.</summary>
    public bool LimitLoopback { get; init; }

    /// <summary>
    /// Inbound connections, in handshake or up, from one IPv4 address or IPv6 /56. At least 1; default 64 (go-libp2p: 8, which is few for
    /// the peers behind one carrier NAT). This machine's own loopback is not limited.
    /// </summary>
    public int MaxInboundPerNetwork { get; init; } = 64;

    /// <summary>
    /// A connection without streams or protection is closed after this. Above zero; default one minute (go connection manager's grace).
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a relayed connection stays after a direct one is up. Zero or more; default 10 s.</summary>
    public TimeSpan RelayedGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the lesser of two connections to a peer stays. Zero or more; default 10 s: the other end may still be using it.
    /// </summary>
    public TimeSpan DuplicateGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// When the grace is over, streams in flight may go on until this long after the better connection came up. Default one minute.
    /// </summary>
    public TimeSpan StreamGrace { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Two connections that came up within this time, one from each end, are one simultaneous dial. Default 10 s.</summary>
    public TimeSpan SimultaneousWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// At the limit of connections one that was idle this long makes room for a new one. Default 10 s (go connection manager's silence).
    /// </summary>
    public TimeSpan IdleMakesRoomAfter { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>A connection that has just come up.</summary>
/// <param name="Id">Its id, never used again.</param>
/// <param name="Peer">The proven peer.</param>
/// <param name="Initiator">True when this end was the dialer (by role, as both ends know it).</param>
/// <param name="Relayed">True when it runs over a relay.</param>
/// <param name="Limited">True when streams over it need an opt-in.</param>
public sealed record ConnectionFacts(long Id, PeerId Peer, bool Initiator, bool Relayed, bool Limited);

/// <summary>Why a connection was refused.</summary>
public enum ConnectionRefusal
{
    /// <summary>Admitted.</summary>
    None,

    /// <summary>All places are taken.</summary>
    TooManyConnections,

    /// <summary>Too many handshakes run already.</summary>
    TooManyPending,

    /// <summary>Too many connections come from that network.</summary>
    TooManyFromNetwork,

    /// <summary>Connections come too fast from that network.</summary>
    TooFastFromNetwork,

    /// <summary>Too many connections to that peer.</summary>
    TooManyToPeer,
}

/// <summary>Why the table closes a connection that was up.</summary>
public enum ConnectionCloseReason
{
    /// <summary>No stream and no protection for the idle time.</summary>
    Idle,

    /// <summary>Another connection to the same peer is kept.</summary>
    Duplicate,

    /// <summary>It was relayed, and a direct one exists.</summary>
    DirectExists,

    /// <summary>It was idle, and a new connection needed the place.</summary>
    MadeRoom,
}

/// <summary>What the table wants done.</summary>
public abstract record ConnectionEffect
{
    private ConnectionEffect()
    {
    }

    /// <summary>Close the connection, which was never counted.</summary>
    public sealed record Refuse(long Id, ConnectionRefusal Reason) : ConnectionEffect;

    /// <summary>Close the connection, in order. It stays known until it is reported down.</summary>
    public sealed record Close(long Id, ConnectionCloseReason Reason) : ConnectionEffect;

    /// <summary>The first connection to a peer is up.</summary>
    public sealed record PeerUp(PeerId Peer) : ConnectionEffect;

    /// <summary>The last connection to a peer is gone.</summary>
    public sealed record PeerDown(PeerId Peer) : ConnectionEffect;
}
