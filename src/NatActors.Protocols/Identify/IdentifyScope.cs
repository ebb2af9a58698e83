using NatActors.Multiformats;

namespace NatActors.Protocols.Identify;

/// <summary>How near a peer is; it decides which addresses it is told, and which of its own are believed to be of use.</summary>
public enum PeerScope
{
    /// <summary>Across the internet: public addresses only.</summary>
    Public,

    /// <summary>In a network of limited reach: all but loopback ones.</summary>
    Lan,

    /// <summary>On this machine: all.</summary>
    Loopback,
}

/// <summary>
/// The filter of addresses by the peer's place (libp2p/specs identify; go-libp2p identify: filterAddrs). A relayed address counts by its
/// relay's.
/// </summary>
public static class IdentifyScope
{
    /// <summary>How near the peer at that end of a connection is. Over a relay: how near the relay is.</summary>
    public static PeerScope Of(Multiaddr remote)
    {
        if (AddressScope.IsLoopback(remote))
        {
            return PeerScope.Loopback;
        }

        return AddressScope.IsPublic(remote) ? PeerScope.Public : PeerScope.Lan;
    }

    /// <summary>Those of the addresses that are of use to, or from, a peer there. The order stays.</summary>
    public static IReadOnlyList<Multiaddr> Filter(IEnumerable<Multiaddr> addresses, PeerScope scope) => scope switch
    {
        PeerScope.Public => [.. addresses.Where(AddressScope.IsPublic)],
        PeerScope.Lan => [.. addresses.Where(a => !AddressScope.IsLoopback(a) && !AddressScope.IsUnspecified(a))],
        _ => [.. addresses.Where(a => !AddressScope.IsUnspecified(a))],
    };
}
