using NatActors.Protocols.Resources;

namespace NatActors.Node.Resources;

/// <summary>What a node's resources were used for at one moment, and what was refused so far. Taken under one lock, so it adds up.</summary>
public sealed record ResourceSnapshot
{
    /// <summary>The whole node.</summary>
    public required ScopeState System { get; init; }

    /// <summary>Handshakes, and streams without an agreed protocol.</summary>
    public required ScopeState Transient { get; init; }

    /// <summary>Every peer that holds something, the one with the most memory first.</summary>
    public IReadOnlyList<ScopeState> Peers { get; init; } = [];

    /// <summary>Every protocol with a stream, the one with the most memory first.</summary>
    public IReadOnlyList<ScopeState> Protocols { get; init; } = [];

    /// <summary>Every connection that holds something.</summary>
    public IReadOnlyList<ScopeState> Connections { get; init; } = [];

    /// <summary>Scopes of streams that exist.</summary>
    public int StreamScopes { get; init; }

    /// <summary>What was refused since the start, by scope and resource; only what was.</summary>
    public IReadOnlyList<RefusalCount> Refused { get; init; } = [];

    /// <summary>Streams and connections that were cut to make room for those of peers that held less.</summary>
    public long Evicted { get; init; }

    /// <summary>Every refusal since the start.</summary>
    public long RefusedTotal => Refused.Sum(r => r.Count);

    /// <summary>True when nothing is held and no scope but the two that always exist is left.</summary>
    public bool IsEmpty =>
        System.Usage.IsZero && Transient.Usage.IsZero && Peers.Count + Protocols.Count + Connections.Count + StreamScopes == 0;
}

/// <summary>One scope.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Which one of its kind: a peer id, a protocol id, the id of a connection; empty for the only one.</param>
/// <param name="Usage">What it holds.</param>
/// <param name="Limits">What it may hold.</param>
public sealed record ScopeState(ResourceScopeKind Kind, string Name, ScopeUsage Usage, ScopeLimits Limits);

/// <summary>How often a resource was refused in scopes of one kind.</summary>
/// <param name="Scope">The kind of the scope that was full.</param>
/// <param name="Resource">What there was no more of.</param>
/// <param name="Count">How often.</param>
public sealed record RefusalCount(ResourceScopeKind Scope, ResourceKind Resource, long Count);
