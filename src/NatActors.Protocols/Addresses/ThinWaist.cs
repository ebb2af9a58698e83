using System.Buffers.Binary;
using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Protocols.Addresses;

/// <summary>
/// The part of an address that a NAT sees: IP, TCP or UDP, port. Transports that share a socket (QUIC and WebTransport on one UDP port)
/// share it, so what is learnt of one holds for its siblings (go-libp2p observedaddrs).
/// </summary>
/// <param name="Host">The IP address; an IPv4-mapped one is IPv4.</param>
/// <param name="Port">The port.</param>
/// <param name="IsUdp">True for UDP, false for TCP.</param>
public readonly record struct ThinWaist(IPAddress Host, int Port, bool IsUdp)
{
    /// <summary>True for IPv6.</summary>
    public bool IsIPv6 => AddressPrefix.Observer(Host).IsIPv6;

    /// <summary>Takes an address apart.</summary>
    /// <param name="address">The address; a peer id at its end is ignored.</param>
    /// <param name="waist">IP, transport and port.</param>
    /// <param name="rest">What stands behind the port, as text with its leading slash; empty for plain TCP or UDP.</param>
    /// <returns>False for a relayed address, and for one that does not begin with an IP address and a TCP or UDP port.</returns>
    public static bool TrySplit(Multiaddr address, out ThinWaist waist, out string rest)
    {
        ArgumentNullException.ThrowIfNull(address);
        (waist, rest) = (default, "");
        if (address.IsRelayed || address.Host is not { } host)
        {
            return false;
        }

        var components = address.WithoutPeerId().Components;
        var port = components[0].Protocol == MultiaddrProtocol.Ip6Zone ? 2 : 1;
        if (port >= components.Count)
        {
            return false;
        }

        var protocol = components[port].Protocol;
        if (protocol != MultiaddrProtocol.Tcp && protocol != MultiaddrProtocol.Udp)
        {
            return false;
        }

        var plain = host.IsIPv4MappedToIPv6 ? host.MapToIPv4() : host;
        waist = new ThinWaist(
            plain, BinaryPrimitives.ReadUInt16BigEndian(components[port].Value.Span), protocol == MultiaddrProtocol.Udp);
        rest = string.Concat(components.Skip(port + 1).Select(c => c.ToString()));
        return true;
    }

    /// <summary>The thin waist of an address, or null where it has none.</summary>
    public static ThinWaist? Of(Multiaddr address) => TrySplit(address, out var waist, out _) ? waist : null;

    /// <summary>The address of a transport on this thin waist.</summary>
    /// <param name="rest">What stands behind the port, as <see cref="TrySplit"/> gives it.</param>
    public Multiaddr With(string rest)
    {
        var bare = Multiaddr.FromIPEndPoint(new IPEndPoint(Host, Port), IsUdp ? MultiaddrTransport.Udp : MultiaddrTransport.Tcp);
        return rest.Length == 0 ? bare : bare.Append(rest);
    }

    /// <summary>True when a listener bound here also has that local end: the same, or a wildcard of its family and port.</summary>
    public bool Covers(ThinWaist local) =>
        this == local
        || (Port == local.Port
            && IsUdp == local.IsUdp
            && IsIPv6 == local.IsIPv6
            && AddressScope.KindOf(Host) == AddressKind.Unspecified);
}
