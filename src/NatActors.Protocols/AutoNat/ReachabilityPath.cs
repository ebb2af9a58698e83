using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.AutoNat;

/// <summary>The IP version and transport of an address: what a NAT or a firewall treats alike.</summary>
/// <param name="Family">The IP version.</param>
/// <param name="Protocol">TCP, or UDP for QUIC.</param>
public readonly record struct ReachabilityPath(IpFamily Family, IpProtocol Protocol)
{
    /// <summary>The path of an address; null for one that starts with a name, is relayed, or has another transport.</summary>
    public static ReachabilityPath? Of(Multiaddr address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.Host is { } host && (address.IsTcp || address.IsQuic)
            ? new ReachabilityPath(FamilyOf(host), address.IsQuic ? IpProtocol.Udp : IpProtocol.Tcp)
            : null;
    }

    /// <summary>The IP version of a host; an IPv4-mapped address is IPv4.</summary>
    public static IpFamily FamilyOf(IPAddress host) => AddressPrefix.Observer(host).IsIPv6 ? IpFamily.Ip6 : IpFamily.Ip4;

    /// <inheritdoc />
    public override string ToString() => $"{(Family == IpFamily.Ip6 ? "IPv6" : "IPv4")} {(Protocol == IpProtocol.Tcp ? "TCP" : "UDP")}";
}

/// <summary>
/// A source of claims that counts once: many peer ids cost nothing, networks do. A public IPv4 /24 or IPv6 /48, what one customer of a
/// provider easily holds; inside private networks and on one machine, where addresses prove nothing, each peer for itself.
/// </summary>
/// <param name="Prefix">The network, or the whole address where it is not public.</param>
/// <param name="Peer">The peer where the address is not public; else null.</param>
public readonly record struct ReachabilityNetwork(AddressPrefix Prefix, PeerId? Peer)
{
    private const int IPv4Length = 24;
    private const int IPv6Length = 48;

    /// <summary>The network of a server.</summary>
    public static ReachabilityNetwork Of(PeerId peer, IPAddress host) => AddressScope.IsPublic(host)
        ? new ReachabilityNetwork(AddressPrefix.Of(host, IPv4Length, IPv6Length), null)
        : new ReachabilityNetwork(AddressPrefix.Of(host, 32, 128), peer);
}
