namespace NatActors.Hosting.Reports;

/// <summary>What a node holds for its peers, of how much, and what it refused since its start.</summary>
public sealed record ResourcesEntry
{
    /// <summary>Bytes held for peers.</summary>
    public long Memory { get; init; }

    /// <summary>The most bytes that may be held.</summary>
    public long MaxMemory { get; init; }

    /// <summary>Streams that peers opened.</summary>
    public int InboundStreams { get; init; }

    /// <summary>Streams that this node opened.</summary>
    public int OutboundStreams { get; init; }

    /// <summary>The most streams.</summary>
    public int MaxStreams { get; init; }

    /// <summary>Connections, those in their handshake included.</summary>
    public int Connections { get; init; }

    /// <summary>The most connections that may be up.</summary>
    public int MaxConnections { get; init; }

    /// <summary>Connections in their handshake.</summary>
    public int Handshakes { get; init; }

    /// <summary>Requests that were refused.</summary>
    public long Refused { get; init; }

    /// <summary>The same by what was full and of what.</summary>
    public IReadOnlyList<RefusedEntry> RefusedBy { get; init; } = [];

    /// <summary>Streams and connections that were ended to make room for a peer that held less.</summary>
    public long Evicted { get; init; }
}

/// <summary>What was refused: by which kind of scope (<c>system</c>, <c>peer</c>, …), of which resource (<c>memory</c>, <c>streams</c>, …).</summary>
public sealed record RefusedEntry(string Scope, string Resource, long Count);
