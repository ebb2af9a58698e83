using NatActors.Multiformats;

namespace NatActors.Protocols.Relay;

/// <summary>What a <see cref="RelaySelection"/> wants done.</summary>
public abstract record RelaySelectionEffect
{
    private RelaySelectionEffect()
    {
    }

    /// <summary>
    /// Measure the round trip to the candidate, connecting to it first if need be; answer with <see cref="RelaySelection.OnMeasured"/>.
    /// </summary>
    public sealed record Measure(PeerId Relay, IReadOnlyList<Multiaddr> Addresses) : RelaySelectionEffect;

    /// <summary>
    /// Reserve at the relay and keep the reservation; tell <see cref="RelaySelection.OnHeld"/>, <see cref="RelaySelection.OnLost"/> and
    /// <see cref="RelaySelection.OnFailed"/>.
    /// </summary>
    public sealed record Reserve(PeerId Relay, IReadOnlyList<Multiaddr> Addresses) : RelaySelectionEffect;

    /// <summary>Keep no reservation there any more, and take its addresses back. Nothing need be told of it afterwards.</summary>
    public sealed record GiveBack(PeerId Relay, string Reason) : RelaySelectionEffect;
}

/// <summary>Why a reservation did not come about.</summary>
public enum RelayFailure
{
    /// <summary>The relay cannot be reached, or broke off.</summary>
    Unreachable,

    /// <summary>The relay answered and said no.</summary>
    Refused,

    /// <summary>The peer does not speak the hop protocol.</summary>
    NoRelay,
}

/// <summary>A peer that could be used as a relay.</summary>
/// <param name="Peer">Who.</param>
/// <param name="Addresses">Where it is reached directly, each ending in its peer id; at least one.</param>
public sealed record RelayCandidate(PeerId Peer, IReadOnlyList<Multiaddr> Addresses);

/// <summary>What the circuits through one relay have used of what it allows.</summary>
/// <param name="Circuits">Circuits open now.</param>
/// <param name="ShareLeft">The least that any of them has left, of its bytes or of its time; from 0 to 1, 1 without limits or circuits.</param>
public readonly record struct RelayUse(int Circuits, double ShareLeft)
{
    /// <summary>Nothing in use.</summary>
    public static RelayUse None { get; } = new(0, 1);
}

/// <summary>A candidate as people see it.</summary>
/// <param name="Peer">Who.</param>
/// <param name="Address">Where.</param>
/// <param name="Latency">The round trip, or null when it was not measured.</param>
/// <param name="Kept">True when a reservation is held or asked for there.</param>
/// <param name="Why">Why it is not used now, in words for a person; empty when it is.</param>
public sealed record RelayCandidateState(PeerId Peer, Multiaddr Address, TimeSpan? Latency, bool Kept, string Why);
