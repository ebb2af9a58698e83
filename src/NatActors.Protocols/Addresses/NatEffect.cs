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

    /// <summary>
    /// Ask this peer for a second port (<see cref="AutoNat.SecondPortProtocol"/>), and say what came of it by <see
    /// cref="NatBehaviour.OnSecondPort"/>.
    /// </summary>
    /// <param name="Peer">The peer.</param>
    /// <param name="ConnectionId">The connection over which it sees this node, to be asked by.</param>
    public sealed record ObserveSecondPort(PeerId Peer, long ConnectionId) : NatEffect;
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

    /// <summary>
    /// Observers that are asked for a second port before <see cref="SecondPortInterval"/> has passed. Ours: 2, so that one which lies, refuses or
    /// stands behind a firewall does not decide.
    /// </summary>
    public int SecondPortServers { get; init; } = 2;

    /// <summary>
    /// How long observers are not asked again for a second port in the same network. Ours: half an hour, half of what a claim is held.
    /// </summary>
    public TimeSpan SecondPortInterval { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Connections whose peers open second ports that are remembered. Ours: 1,024, as many as there are connections.</summary>
    public int MaxSecondPortServers { get; init; } = 1024;

    /// <summary>Routers whose reports are remembered. Ours: 8; there are four mapping protocols and seldom two gateways.</summary>
    public int MaxRouters { get; init; } = 8;
}
