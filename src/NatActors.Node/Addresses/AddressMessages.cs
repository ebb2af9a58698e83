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

    /// <summary>Where routers said that they forward from, verified or not.</summary>
    public IReadOnlyList<Multiaddr> Mapped { get; init; } = [];

    /// <summary>The direct addresses that are proven dialable (AutoNAT).</summary>
    public IReadOnlyList<Multiaddr> Confirmed { get; init; } = [];

    /// <summary>The direct addresses that are proven not to be; not told to others.</summary>
    public IReadOnlyList<Multiaddr> Unreachable { get; init; } = [];

    /// <summary>The public direct addresses to be tested by AutoNAT, the most promising first: confirmed, mapped, listening, observed.</summary>
    public IReadOnlyList<Multiaddr> Candidates { get; init; } = [];

    /// <summary>
    /// True when a host that was never contacted came in at a public one of the <see cref="Confirmed"/>. Without it a filter by address may
    /// stand before them, which strangers pass only over a relay.
    /// </summary>
    public bool FilteringProven { get; init; }

    /// <summary>
    /// The direct addresses that are told to others, before the filter by the receiver's place: confirmed, observed, listening, without the
    /// unreachable. Mapped ones are among them once they are confirmed.
    /// </summary>
    public IReadOnlyList<Multiaddr> Direct => [.. Confirmed.Concat(Observed.Concat(Listening).Except(Unreachable)).Distinct()];

    /// <summary>
    /// What identify and the peer record tell, before the filter by the receiver's place: the direct addresses, then the relayed ones unless
    /// strangers are proven to get through to a public address (go-libp2p address manager: relays only while no direct address is confirmed).
    /// </summary>
    public IReadOnlyList<Multiaddr> Announced =>
        FilteringProven && Confirmed.Any(AddressScope.IsPublic) ? Direct : [.. Direct.Concat(Relayed).Distinct()];

    /// <summary>True when both say the same.</summary>
    public bool Equals(AddressSet? other) =>
        other is not null
        && Bound.SequenceEqual(other.Bound)
        && Listening.SequenceEqual(other.Listening)
        && Observed.SequenceEqual(other.Observed)
        && ForHolePunch.SequenceEqual(other.ForHolePunch)
        && Relayed.SequenceEqual(other.Relayed)
        && Mapped.SequenceEqual(other.Mapped)
        && Confirmed.SequenceEqual(other.Confirmed)
        && Unreachable.SequenceEqual(other.Unreachable)
        && Candidates.SequenceEqual(other.Candidates)
        && FilteringProven == other.FilteringProven;

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

    /// <summary>
    /// From port mapping: a router forwards from this address to one of ours. Renewals are not told. Not told to others before AutoNAT has
    /// verified it.
    /// </summary>
    /// <param name="Protocol"><c>upnp-igd1</c>, <c>upnp-igd2</c>, <c>nat-pmp</c> or <c>pcp</c>.</param>
    /// <param name="Internal">The listen address that it leads to.</param>
    /// <param name="External">The external address.</param>
    public sealed record Mapped(string Protocol, Multiaddr Internal, Multiaddr External);

    /// <summary>From port mapping: the mapping is gone.</summary>
    public sealed record MappingLost(string Protocol, Multiaddr External, string Reason);

    /// <summary>From port mapping: the external IP address that a router reports; null when it does not any more.</summary>
    public sealed record RouterReports(string Protocol, System.Net.IPAddress? External);

    /// <summary>Ask for everything known; answered to the sender by <see cref="State"/>.</summary>
    public sealed record GetState;

    /// <summary>The answer to <see cref="GetState"/>.</summary>
    /// <param name="Addresses">The addresses.</param>
    /// <param name="Witnesses">What each peer sees; bounded.</param>
    /// <param name="Nat">What stands between, for each IP version and protocol with evidence.</param>
    public sealed record State(AddressSet Addresses, IReadOnlyList<WitnessState> Witnesses, IReadOnlyList<NatReport> Nat);

    /// <summary>What one peer sees.</summary>
    /// <param name="Peer">The observer.</param>
    /// <param name="From">Its address.</param>
    /// <param name="Observed">The address of ours that it sees.</param>
    /// <param name="Note">Why the observation does not count, or empty.</param>
    public sealed record WitnessState(PeerId Peer, Multiaddr From, Multiaddr Observed, string Note);
}
