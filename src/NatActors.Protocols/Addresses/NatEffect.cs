using NatActors.Multiformats;

namespace NatActors.Protocols.Addresses;

/// <summary>What <see cref="NatBehaviour"/> wants done.</summary>
public abstract record NatEffect
{
    private NatEffect()
    {
    }

    /// <summary>A claim has changed: tell the tools.</summary>
    /// <param name="Report">The report as it is now.</param>
    public sealed record Changed(NatReport Report) : NatEffect;

    /// <summary>
    /// Dial this outside address of the node from a fresh port, prove that the node itself answers, and say so by
    /// <see cref="NatBehaviour.OnHairpin"/>.
    /// </summary>
    /// <param name="Address">The address.</param>
    public sealed record TryHairpin(Multiaddr Address) : NatEffect;
}

/// <summary>What a try to reach the node's own outside address from inside came to.</summary>
public enum HairpinOutcome
{
    /// <summary>It was not made: this node cannot dial that transport, or was going down.</summary>
    NotTried,

    /// <summary>The node itself answered.</summary>
    Reached,

    /// <summary>Nobody answered, or somebody else.</summary>
    NotReached,
}

/// <summary>Bounds of <see cref="NatBehaviour"/>.</summary>
public sealed record NatBehaviourRules
{
    /// <summary>
    /// How long a claim on the mapping outlives its witnesses, while they are too few to make it anew. Ours: one hour; routers are not
    /// exchanged more often, and a change of the network forgets it at once.
    /// </summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// Observers that overturn a held claim however many it stood on; fewer do when it stood on no more. Ours: 3, so that two liars do not.
    /// </summary>
    public int Overturning { get; init; } = 3;

    /// <summary>
    /// Time between two hairpin tries. Ours: one minute; the address may be what two liars agreed on, and nobody shall aim us by it.
    /// </summary>
    public TimeSpan HairpinInterval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Routers whose reports are remembered. Ours: 8; there are four mapping protocols and seldom two gateways.</summary>
    public int MaxRouters { get; init; } = 8;
}
