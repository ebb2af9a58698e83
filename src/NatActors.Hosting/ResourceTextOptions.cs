using NatActors.Node.Resources;

namespace NatActors.Hosting;

/// <summary>What the node may hold for its peers, as text binds it; see <see cref="ResourceOptions"/> for ranges. Null keeps the default.</summary>
public sealed class ResourceTextOptions
{
    /// <summary>See <see cref="ResourceOptions.System"/>.</summary>
    public SystemTextScope System { get; set; } = new();

    /// <summary>See <see cref="ResourceOptions.Transient"/>.</summary>
    public TransientTextScope Transient { get; set; } = new();

    /// <summary>See <see cref="ResourceOptions.Peer"/>.</summary>
    public PeerTextScope Peer { get; set; } = new();

    /// <summary>See <see cref="ResourceOptions.Connection"/>.</summary>
    public ConnectionTextScope Connection { get; set; } = new();

    /// <summary>See <see cref="ResourceOptions.Stream"/>.</summary>
    public StreamTextScope Stream { get; set; } = new();

    /// <summary>See <see cref="ResourceOptions.Protocol"/>.</summary>
    public ProtocolTextScope Protocol { get; set; } = new();

    /// <summary>See <see cref="ResourceOptions.Protocols"/>: an object for each protocol id.</summary>
    public Dictionary<string, ProtocolTextScope> Protocols { get; set; } = new(StringComparer.Ordinal);

    internal ResourceOptions Build() => new()
    {
        System = System.Build(),
        Transient = Transient.Build(),
        Peer = Peer.Build(),
        Connection = Connection.Build(),
        Stream = Stream.Build(),
        Protocol = Protocol.Build(),
        Protocols = Protocols.ToDictionary(p => p.Key, p => p.Value.Build(), StringComparer.Ordinal),
    };
}

/// <summary>See <see cref="SystemScopeOptions"/>.</summary>
public sealed class SystemTextScope
{
    /// <summary>See <see cref="SystemScopeOptions.MaxMemory"/>.</summary>
    public long? MaxMemory { get; set; }

    /// <summary>See <see cref="SystemScopeOptions.MaxStreams"/>.</summary>
    public int? MaxStreams { get; set; }

    /// <summary>See <see cref="SystemScopeOptions.MaxInboundStreams"/>.</summary>
    public int? MaxInboundStreams { get; set; }

    /// <summary>See <see cref="SystemScopeOptions.MaxInboundConnections"/>.</summary>
    public int? MaxInboundConnections { get; set; }

    internal SystemScopeOptions Build()
    {
        var defaults = new SystemScopeOptions();
        return new SystemScopeOptions
        {
            MaxMemory = MaxMemory,
            MaxStreams = MaxStreams ?? defaults.MaxStreams,
            MaxInboundStreams = MaxInboundStreams ?? defaults.MaxInboundStreams,
            MaxInboundConnections = MaxInboundConnections,
        };
    }
}

/// <summary>See <see cref="TransientScopeOptions"/>.</summary>
public sealed class TransientTextScope
{
    /// <summary>See <see cref="TransientScopeOptions.MaxMemory"/>.</summary>
    public long? MaxMemory { get; set; }

    /// <summary>See <see cref="TransientScopeOptions.MaxStreams"/>.</summary>
    public int? MaxStreams { get; set; }

    /// <summary>See <see cref="TransientScopeOptions.MaxInboundStreams"/>.</summary>
    public int? MaxInboundStreams { get; set; }

    /// <summary>See <see cref="TransientScopeOptions.MaxConnections"/>.</summary>
    public int? MaxConnections { get; set; }

    internal TransientScopeOptions Build()
    {
        var defaults = new TransientScopeOptions();
        return new TransientScopeOptions
        {
            MaxMemory = MaxMemory,
            MaxStreams = MaxStreams ?? defaults.MaxStreams,
            MaxInboundStreams = MaxInboundStreams ?? defaults.MaxInboundStreams,
            MaxConnections = MaxConnections,
        };
    }
}

/// <summary>See <see cref="PeerScopeOptions"/>.</summary>
public sealed class PeerTextScope
{
    /// <summary>See <see cref="PeerScopeOptions.MaxMemory"/>.</summary>
    public long? MaxMemory { get; set; }

    /// <summary>See <see cref="PeerScopeOptions.MaxStreams"/>.</summary>
    public int? MaxStreams { get; set; }

    /// <summary>See <see cref="PeerScopeOptions.MaxInboundStreams"/>.</summary>
    public int? MaxInboundStreams { get; set; }

    internal PeerScopeOptions Build()
    {
        var defaults = new PeerScopeOptions();
        return new PeerScopeOptions
        {
            MaxMemory = MaxMemory,
            MaxStreams = MaxStreams ?? defaults.MaxStreams,
            MaxInboundStreams = MaxInboundStreams ?? defaults.MaxInboundStreams,
        };
    }
}

/// <summary>See <see cref="ConnectionScopeOptions"/>.</summary>
public sealed class ConnectionTextScope
{
    /// <summary>See <see cref="ConnectionScopeOptions.MaxMemory"/>.</summary>
    public long? MaxMemory { get; set; }

    /// <summary>See <see cref="ConnectionScopeOptions.MaxStreams"/>.</summary>
    public int? MaxStreams { get; set; }

    internal ConnectionScopeOptions Build()
    {
        var defaults = new ConnectionScopeOptions();
        return new ConnectionScopeOptions
        {
            MaxMemory = MaxMemory ?? defaults.MaxMemory,
            MaxStreams = MaxStreams ?? defaults.MaxStreams,
        };
    }
}

/// <summary>See <see cref="StreamScopeOptions"/>.</summary>
public sealed class StreamTextScope
{
    /// <summary>See <see cref="StreamScopeOptions.MaxMemory"/>.</summary>
    public long? MaxMemory { get; set; }

    internal StreamScopeOptions Build() => new() { MaxMemory = MaxMemory ?? new StreamScopeOptions().MaxMemory };
}

/// <summary>See <see cref="ProtocolScopeOptions"/>.</summary>
public sealed class ProtocolTextScope
{
    /// <summary>See <see cref="ProtocolScopeOptions.MaxMemory"/>.</summary>
    public long? MaxMemory { get; set; }

    /// <summary>See <see cref="ProtocolScopeOptions.MaxStreams"/>.</summary>
    public int? MaxStreams { get; set; }

    /// <summary>See <see cref="ProtocolScopeOptions.MaxInboundStreams"/>.</summary>
    public int? MaxInboundStreams { get; set; }

    /// <summary>See <see cref="ProtocolScopeOptions.MaxMemoryPerPeer"/>.</summary>
    public long? MaxMemoryPerPeer { get; set; }

    /// <summary>See <see cref="ProtocolScopeOptions.MaxStreamsPerPeer"/>.</summary>
    public int? MaxStreamsPerPeer { get; set; }

    /// <summary>See <see cref="ProtocolScopeOptions.MaxInboundStreamsPerPeer"/>.</summary>
    public int? MaxInboundStreamsPerPeer { get; set; }

    internal ProtocolScopeOptions Build() => new()
    {
        MaxMemory = MaxMemory,
        MaxStreams = MaxStreams,
        MaxInboundStreams = MaxInboundStreams,
        MaxMemoryPerPeer = MaxMemoryPerPeer,
        MaxStreamsPerPeer = MaxStreamsPerPeer,
        MaxInboundStreamsPerPeer = MaxInboundStreamsPerPeer,
    };
}
