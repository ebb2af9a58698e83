using NatActors.Protocols.Connections;
using NatActors.Protocols.Resources;
using NatActors.Wire.Muxing;

namespace NatActors.Node.Resources;

/// <summary>
/// How much memory, how many streams and connections the node, each peer, connection, stream and protocol may hold. Memory is what is
/// really held for a remote: bytes received and not yet read, writes that the peer does not take, handshakes. Null leaves a value to its rule.
/// </summary>
public sealed record ResourceOptions
{
    /// <summary>Least memory of the whole node, in bytes: 128 MiB (go-libp2p's system scope at its smallest).</summary>
    public const long LeastSystemMemory = 128L * 1024 * 1024;

    /// <summary>The whole node.</summary>
    public SystemScopeOptions System { get; init; } = new();

    /// <summary>What is not known yet: handshakes, and streams without an agreed protocol.</summary>
    public TransientScopeOptions Transient { get; init; } = new();

    /// <summary>Each peer, all its connections together.</summary>
    public PeerScopeOptions Peer { get; init; } = new();

    /// <summary>Each connection.</summary>
    public ConnectionScopeOptions Connection { get; init; } = new();

    /// <summary>Each stream.</summary>
    public StreamScopeOptions Stream { get; init; } = new();

    /// <summary>Each protocol that <see cref="Protocols"/> does not name.</summary>
    public ProtocolScopeOptions Protocol { get; init; } = new();

    /// <summary>Limits of single protocols by their ids, e.g. <c>/ipfs/ping/1.0.0</c>; what one leaves out is as in <see cref="Protocol"/>.</summary>
    public IReadOnlyDictionary<string, ProtocolScopeOptions> Protocols { get; init; } = new Dictionary<string, ProtocolScopeOptions>();

    internal IEnumerable<string> Validate() => ResourceOptionsValidation.Validate(this);

    /// <summary>The largest receive window of a stream: two segments less than it may hold, of which the first and the last are half used.</summary>
    internal int ReceiveWindow => (int)Math.Clamp(
        Stream.MaxMemory - (2 * ResourceTree.Segment), YamuxOptions.InitialWindow, new YamuxOptions().MaxReceiveWindow);

    /// <summary>
    /// What the streams of a connection may be promised together: each its first window, and as much as the connection may hold for growth. More
    /// than it may hold, as promises are rarely called in: it is what is held that counts.
    /// </summary>
    internal long ReceiveBudget => Connection.MaxMemory + ((long)Connection.MaxStreams * YamuxOptions.InitialWindow);

    /// <summary>The limits, every rule applied.</summary>
    /// <param name="rules">The bounds of the connections.</param>
    /// <param name="streamsPerConnection">Inbound streams of one connection.</param>
    /// <param name="available">The memory that the process may use, in bytes.</param>
    internal ResourceLimits ToLimits(ConnectionRules rules, int streamsPerConnection, long available)
    {
        var system = System.MaxMemory ?? Math.Max(LeastSystemMemory, available / SystemScopeOptions.ShareOfMachine);
        var common = Protocol.Or(new ProtocolScopeOptions
        {
            MaxMemory = system / 2,
            MaxStreams = ProtocolScopeOptions.DefaultStreams,
            MaxInboundStreams = ProtocolScopeOptions.DefaultInboundStreams,
            MaxMemoryPerPeer = system / 4,
            MaxStreamsPerPeer = ProtocolScopeOptions.DefaultStreamsPerPeer,
            MaxInboundStreamsPerPeer = ProtocolScopeOptions.DefaultStreamsPerPeer,
        });
        return new ResourceLimits
        {
            System = new ScopeLimits
            {
                Memory = system,
                Streams = System.MaxStreams,
                InboundStreams = System.MaxInboundStreams,
                Connections = rules.MaxConnections,
                InboundConnections = System.MaxInboundConnections ?? int.MaxValue,
            },
            Transient = new ScopeLimits
            {
                Memory = Transient.MaxMemory ?? system / 4,
                Streams = Transient.MaxStreams,
                InboundStreams = Transient.MaxInboundStreams,
                Connections = Transient.MaxConnections ?? rules.MaxPendingInbound + TransientScopeOptions.DefaultDials,
                InboundConnections = rules.MaxPendingInbound,
            },
            Peer = new ScopeLimits
            {
                Memory = Peer.MaxMemory ?? system / 4,
                Streams = Peer.MaxStreams,
                InboundStreams = Peer.MaxInboundStreams,
                Connections = rules.MaxConnectionsPerPeer,
            },
            Connection = new ScopeLimits
            {
                Memory = Connection.MaxMemory,
                Streams = Connection.MaxStreams,
                InboundStreams = streamsPerConnection,
            },
            Stream = new ScopeLimits { Memory = Stream.MaxMemory },
            Protocol = common.ToLimits(),
            ProtocolPeer = common.ToPeerLimits(),
            Protocols = Protocols.ToDictionary(
                p => p.Key, p => (p.Value.Or(common).ToLimits(), p.Value.Or(common).ToPeerLimits()), StringComparer.Ordinal),
        };
    }
}

/// <summary>The whole node. Its number of connections is <see cref="ConnectionOptions.MaxConnections"/>.</summary>
public sealed record SystemScopeOptions
{
    /// <summary>One eighth of the memory that the process may use, as go-libp2p's automatic scaling takes.</summary>
    internal const long ShareOfMachine = 8;

    /// <summary>
    /// Bytes held for all peers together; a hard bound. At least 1 MiB. Default: one eighth of the memory that the process may use (a
    /// container's limit counts), at least 128 MiB. For every connection to be sure of its first 64 KiB it has to be at least 128 KiB for
    /// each connection allowed.
    /// </summary>
    public long? MaxMemory { get; init; }

    /// <summary>Streams, both directions. Range 1 to 10,000,000; default 16,384, 16 for each of the 1,024 connections.</summary>
    public int MaxStreams { get; init; } = 16_384;

    /// <summary>Streams that peers opened. Range 1 to 10,000,000; default 12,288: a quarter stays for this node's own.</summary>
    public int MaxInboundStreams { get; init; } = 12_288;

    /// <summary>
    /// Connections that peers opened, those in their handshake included. Range 1 to 1,000,000. Default: no bound but
    /// <see cref="ConnectionOptions.MaxConnections"/> and <see cref="ConnectionOptions.MaxPendingInbound"/>.
    /// </summary>
    public int? MaxInboundConnections { get; init; }
}

/// <summary>
/// Connections in their handshake and streams whose protocol is not agreed yet, all peers together. Inbound handshakes have their own bound,
/// <see cref="ConnectionOptions.MaxPendingInbound"/>.
/// </summary>
public sealed record TransientScopeOptions
{
    internal const int DefaultDials = 1024;

    /// <summary>Bytes. At least 64 KiB. Default: a quarter of the system's.</summary>
    public long? MaxMemory { get; init; }

    /// <summary>Streams, both directions. Range 1 to 1,000,000; default 2,048 (go-libp2p: 256 at its smallest, scaled up with memory).</summary>
    public int MaxStreams { get; init; } = 2048;

    /// <summary>Streams that peers opened. Range 1 to 1,000,000; default 1,536: a quarter stays for this node's own.</summary>
    public int MaxInboundStreams { get; init; } = 1536;

    /// <summary>Handshakes of both directions. Range 1 to 1,000,000. Default: the inbound ones that are allowed, and 1,024.</summary>
    public int? MaxConnections { get; init; }
}

/// <summary>One peer, all its connections together. Their number is <see cref="ConnectionOptions.MaxConnectionsPerPeer"/>.</summary>
public sealed record PeerScopeOptions
{
    /// <summary>Bytes. At least 64 KiB. Default: a quarter of the system's.</summary>
    public long? MaxMemory { get; init; }

    /// <summary>Streams, both directions. Range 1 to 1,000,000; default 2,048.</summary>
    public int MaxStreams { get; init; } = 2048;

    /// <summary>Streams that the peer opened. Range 1 to 1,000,000; default 1,024, what one connection may have (go-libp2p: 256, scaled up).</summary>
    public int MaxInboundStreams { get; init; } = 1024;
}

/// <summary>One connection. Its inbound streams are <see cref="ConnectionOptions.MaxStreamsPerConnection"/>.</summary>
public sealed record ConnectionScopeOptions
{
    /// <summary>
    /// Bytes, and by how much the receive windows of its streams may grow together. At least 1 MiB; default 96 MiB: the first windows of 256
    /// streams, and 32 MiB.
    /// </summary>
    public long MaxMemory { get; init; } = 96L * 1024 * 1024;

    /// <summary>Streams, both directions. Range 1 to 1,000,000; default 2,048.</summary>
    public int MaxStreams { get; init; } = 2048;
}

/// <summary>One stream.</summary>
public sealed record StreamScopeOptions
{
    /// <summary>
    /// Bytes received and not yet read, in pieces of 64 KiB. At least 64 KiB; default 17 MiB, for a receive window of 16 MiB (go-yamux). The
    /// window grows up to 128 KiB less than this, but is 256 KiB at first whatever stands here (yamux): with less than 384 KiB a stream can
    /// be reset because its peer was faster than its reader.
    /// </summary>
    public long MaxMemory { get; init; } = 17L * 1024 * 1024;
}

/// <summary>All streams of one protocol; null leaves a value to its rule, or, for a protocol that is named, to the common one.</summary>
public sealed record ProtocolScopeOptions
{
    internal const int DefaultStreams = 8192;
    internal const int DefaultInboundStreams = 6144;
    internal const int DefaultStreamsPerPeer = 1024;

    /// <summary>Bytes held for its streams, all peers together. At least 64 KiB. Default: half of the system's.</summary>
    public long? MaxMemory { get; init; }

    /// <summary>Streams, both directions, all peers together. Range 1 to 10,000,000; default 8,192, half of the system's.</summary>
    public int? MaxStreams { get; init; }

    /// <summary>Streams that peers opened, all together. Range 1 to 10,000,000; default 6,144, half of the system's.</summary>
    public int? MaxInboundStreams { get; init; }

    /// <summary>Bytes held for its streams with one peer. At least 64 KiB. Default: a quarter of the system's.</summary>
    public long? MaxMemoryPerPeer { get; init; }

    /// <summary>Streams with one peer, both directions. Range 1 to 1,000,000; default 1,024.</summary>
    public int? MaxStreamsPerPeer { get; init; }

    /// <summary>Streams that one peer opened. Range 1 to 1,000,000; default 1,024.</summary>
    public int? MaxInboundStreamsPerPeer { get; init; }

    internal ProtocolScopeOptions Or(ProtocolScopeOptions common) => new()
    {
        MaxMemory = MaxMemory ?? common.MaxMemory,
        MaxStreams = MaxStreams ?? common.MaxStreams,
        MaxInboundStreams = MaxInboundStreams ?? common.MaxInboundStreams,
        MaxMemoryPerPeer = MaxMemoryPerPeer ?? common.MaxMemoryPerPeer,
        MaxStreamsPerPeer = MaxStreamsPerPeer ?? common.MaxStreamsPerPeer,
        MaxInboundStreamsPerPeer = MaxInboundStreamsPerPeer ?? common.MaxInboundStreamsPerPeer,
    };

    internal ScopeLimits ToLimits() => new()
    {
        Memory = MaxMemory ?? long.MaxValue,
        Streams = MaxStreams ?? int.MaxValue,
        InboundStreams = MaxInboundStreams ?? int.MaxValue,
    };

    internal ScopeLimits ToPeerLimits() => new()
    {
        Memory = MaxMemoryPerPeer ?? long.MaxValue,
        Streams = MaxStreamsPerPeer ?? int.MaxValue,
        InboundStreams = MaxInboundStreamsPerPeer ?? int.MaxValue,
    };
}
