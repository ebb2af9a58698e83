using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>A question to be asked.</summary>
public sealed record ReachabilityQuestion
{
    /// <summary>Its number, unique in this machine.</summary>
    public required long Id { get; init; }

    /// <summary>Whom to ask.</summary>
    public required PeerId Server { get; init; }

    /// <summary>Over which connection.</summary>
    public required long ConnectionId { get; init; }

    /// <summary>The server's end of it.</summary>
    public required Multiaddr ServerAddress { get; init; }

    /// <summary>True for version 1, about the address that the server observes; false for version 2, about the first address.</summary>
    public required bool IsV1 { get; init; }

    /// <summary>The addresses to name.</summary>
    public required IReadOnlyList<Multiaddr> Addresses { get; init; }
}

/// <summary>What a <see cref="ReachabilityMachine"/> wants done.</summary>
public abstract record ReachabilityEffect
{
    private ReachabilityEffect()
    {
    }

    /// <summary>Ask; to be answered once by <see cref="ReachabilityMachine.OnEnded"/>.</summary>
    public sealed record Ask(ReachabilityQuestion Question) : ReachabilityEffect;

    /// <summary>Something that is worth telling changed; the verdict itself, single addresses, or reasons.</summary>
    public sealed record Tell(NodeVerdict Verdict) : ReachabilityEffect;

    /// <summary>The node's verdict changed, or whether its filtering is proven.</summary>
    public sealed record VerdictChanged(NodeVerdict Verdict) : ReachabilityEffect;

    /// <summary>An address became public.</summary>
    public sealed record Confirmed(Multiaddr Address, string Reason) : ReachabilityEffect;

    /// <summary>An address is public no more, or no longer this node's.</summary>
    public sealed record Lost(Multiaddr Address, string Reason) : ReachabilityEffect;
}
