using NatActors.Multiformats;

namespace NatActors.Protocols.Relay;

/// <summary>What others dial to reach a node through its relay.</summary>
public static class ReservationAddresses
{
    private const string Circuit = "/p2p-circuit";

    /// <summary>
    /// The addresses of a reservation: each of the relay's, without whatever <c>/p2p</c> it ended in (some stacks send it twice,
    /// go-libp2p#3003), then <c>/p2p/RELAY/p2p-circuit/p2p/SELF</c>. A relay that names no usable address is reached as this node reached
    /// it.
    /// </summary>
    /// <param name="offered">The addresses in the relay's answer.</param>
    /// <param name="relay">The relay.</param>
    /// <param name="known">The address at which this node is connected to the relay.</param>
    /// <param name="self">This node.</param>
    public static IReadOnlyList<Multiaddr> Of(IReadOnlyList<Multiaddr> offered, PeerId relay, Multiaddr known, PeerId self)
    {
        ArgumentNullException.ThrowIfNull(offered);
        ArgumentNullException.ThrowIfNull(known);
        var usable = offered.Where(a => IsUsable(a, relay)).ToList();
        if (usable.Count == 0)
        {
            usable.Add(known);
        }

        // An address too long to carry the rest is nothing that anybody can dial.
        return [.. usable
            .Select(a => a.WithoutPeerId().WithPeerId(relay))
            .Where(a => a.Bytes.Length + MaxSuffix <= Multiaddr.MaxLength)
            .Select(a => a.Append(Circuit).WithPeerId(self))
            .Distinct()];
    }

    // The two-byte code of /p2p-circuit, then /p2p with a length and a peer id of at most 42 + 2 bytes, doubled for good measure.
    private const int MaxSuffix = 128;

    // A relay's own relayed address would chain relays, another peer's leads elsewhere, one that is nothing but /p2p leads nowhere.
    private static bool IsUsable(Multiaddr address, PeerId relay) =>
        !address.IsRelayed
        && (address.PeerId is null || address.PeerId == relay)
        && (address.Host is not null || address.UsesDns)
        && !AddressScope.IsUnspecified(address);
}
