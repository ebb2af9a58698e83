namespace NatActors.Protocols.Resources;

/// <summary>The places in which resources are counted. Each is a part of the one or two above it: see <see cref="ResourceTree"/>.</summary>
public enum ResourceScopeKind
{
    /// <summary>The whole node.</summary>
    System,

    /// <summary>What is not known yet: connections in their handshake, streams without an agreed protocol.</summary>
    Transient,

    /// <summary>All streams of one protocol, of all peers.</summary>
    Protocol,

    /// <summary>The streams of one protocol with one peer.</summary>
    ProtocolPeer,

    /// <summary>Everything of one peer.</summary>
    Peer,

    /// <summary>One connection.</summary>
    Connection,

    /// <summary>One stream.</summary>
    Stream,
}

/// <summary>What is counted.</summary>
public enum ResourceKind
{
    /// <summary>Bytes that are held.</summary>
    Memory,

    /// <summary>Streams of both directions.</summary>
    Streams,

    /// <summary>Streams that peers opened.</summary>
    InboundStreams,

    /// <summary>Connections of both directions.</summary>
    Connections,

    /// <summary>Connections that peers opened.</summary>
    InboundConnections,
}

/// <summary>The most that one scope may hold; what is left out is not limited there. Memory in bytes.</summary>
public sealed record ScopeLimits
{
    /// <summary>Without any limit.</summary>
    public static ScopeLimits None { get; } = new();

    /// <summary>Bytes held.</summary>
    public long Memory { get; init; } = long.MaxValue;

    /// <summary>Streams of both directions.</summary>
    public int Streams { get; init; } = int.MaxValue;

    /// <summary>Streams that peers opened.</summary>
    public int InboundStreams { get; init; } = int.MaxValue;

    /// <summary>Connections of both directions.</summary>
    public int Connections { get; init; } = int.MaxValue;

    /// <summary>Connections that peers opened.</summary>
    public int InboundConnections { get; init; } = int.MaxValue;
}

/// <summary>What one scope holds.</summary>
/// <param name="Memory">Bytes.</param>
/// <param name="InboundStreams">Streams that peers opened.</param>
/// <param name="OutboundStreams">Streams that this node opened.</param>
/// <param name="InboundConnections">Connections that peers opened.</param>
/// <param name="OutboundConnections">Connections that this node opened.</param>
public readonly record struct ScopeUsage(
    long Memory, int InboundStreams, int OutboundStreams, int InboundConnections, int OutboundConnections)
{
    /// <summary>Streams of both directions.</summary>
    public int Streams => InboundStreams + OutboundStreams;

    /// <summary>Connections of both directions.</summary>
    public int Connections => InboundConnections + OutboundConnections;

    /// <summary>True when nothing is held.</summary>
    public bool IsZero => this == default;
}
