using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;

namespace NatActors.Node.Addresses;

/// <summary>The addresses of this node, without its peer id. Lists are in order of importance.</summary>
public sealed record AddressSet
{
    /// <summary>Nothing known yet.</summary>
    public static AddressSet Empty { get; } = new();

    /// <summary>The listen addresses as bound, wildcards as such.</summary>
    public IReadOnlyList<Multiaddr> Bound { get; init; } = [];

    /// <summary>The listen addresses, wildcards resolved to interface addresses.</summary>
    public IReadOnlyList<Multiaddr> Listening { get; init; } = [];

    /// <summary>Where enough others see this node.</summary>
    public IReadOnlyList<Multiaddr> Observed { get; init; } = [];

    /// <summary>Where anybody sees the shared port; one observer suffices to punch a hole. Public ones only.</summary>
    public IReadOnlyList<Multiaddr> ForHolePunch { get; init; } = [];

    /// <summary>Where relays hold a slot for this node, ending in <c>/p2p-circuit</c>.</summary>
    public IReadOnlyList<Multiaddr> Relayed { get; init; } = [];

    /// <summary>What identify and the peer record tell, before the filter by the receiver's place: observed, listening, relayed.</summary>
    public IReadOnlyList<Multiaddr> Announced => [.. Observed.Concat(Listening).Concat(Relayed).Distinct()];

    /// <summary>True when both say the same.</summary>
    public bool Equals(AddressSet? other) =>
        other is not null
        && Bound.SequenceEqual(other.Bound)
        && Listening.SequenceEqual(other.Listening)
        && Observed.SequenceEqual(other.Observed)
        && ForHolePunch.SequenceEqual(other.ForHolePunch)
        && Relayed.SequenceEqual(other.Relayed);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Listening.Count, Observed.Count, ForHolePunch.Count, Relayed.Count);
}

/// <summary>The messages of the <see cref="AddressBookActor"/>. It also takes <see cref="Port.PortMessages.Bound"/>.</summary>
public static class AddressMessages
{
    /// <summary>Tell me the addresses now and after each change, as <see cref="Changed"/>; ends with the subscriber's death.</summary>
    public sealed record Subscribe(IActorRef Subscriber);

    /// <summary>To subscribers: the addresses as they are now.</summary>
    public sealed record Changed(AddressSet Addresses);

    /// <summary>Where a relay holds a slot for this node; replaces what was said of that relay, an empty list takes it back.</summary>
    /// <param name="Relay">The relay.</param>
    /// <param name="Addresses">The addresses, with or without this node's peer id at the end.</param>
    public sealed record RelayAddresses(PeerId Relay, IReadOnlyList<Multiaddr> Addresses);

    /// <summary>A peer says at which address it sees this node. Forgotten with the connection.</summary>
    public sealed record AddressObserved(Observation Observation);
}
