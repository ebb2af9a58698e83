namespace NatActors.Protocols.Resources;

/// <summary>The limits of every scope. Numbers of connections up, in all and to a peer, are kept by the table of connections.</summary>
public sealed record ResourceLimits
{
    /// <summary>The whole node.</summary>
    public ScopeLimits System { get; init; } = ScopeLimits.None;

    /// <summary>Handshakes, and streams without an agreed protocol.</summary>
    public ScopeLimits Transient { get; init; } = ScopeLimits.None;

    /// <summary>Each peer.</summary>
    public ScopeLimits Peer { get; init; } = ScopeLimits.None;

    /// <summary>Each connection.</summary>
    public ScopeLimits Connection { get; init; } = ScopeLimits.None;

    /// <summary>Each stream.</summary>
    public ScopeLimits Stream { get; init; } = ScopeLimits.None;

    /// <summary>Each protocol that <see cref="Protocols"/> does not name.</summary>
    public ScopeLimits Protocol { get; init; } = ScopeLimits.None;

    /// <summary>Each such protocol with one peer.</summary>
    public ScopeLimits ProtocolPeer { get; init; } = ScopeLimits.None;

    /// <summary>Protocols with limits of their own: of the protocol, and of each peer in it.</summary>
    public IReadOnlyDictionary<string, (ScopeLimits All, ScopeLimits OnePeer)> Protocols { get; init; } =
        new Dictionary<string, (ScopeLimits All, ScopeLimits OnePeer)>(StringComparer.Ordinal);

    /// <summary>The limits of a protocol, and of one peer in it.</summary>
    public (ScopeLimits All, ScopeLimits OnePeer) Of(string protocol) =>
        Protocols.TryGetValue(protocol, out var own) ? own : (Protocol, ProtocolPeer);
}
