using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.PortMapping;
using NatActors.Transports.Network;

namespace NatActors.Node.PortMapping;

/// <summary>Which listen ports want a router's help, and which router that is.</summary>
internal static class GatewayLinks
{
    /// <summary>
    /// The ports that strangers do not reach by themselves: of private IPv4 addresses, behind a NAT, and of public IPv6 addresses, mostly
    /// behind a firewall. Not of public IPv4 addresses, which have no router in between that could be asked.
    /// </summary>
    public static IReadOnlyList<PortToMap> Ports(IEnumerable<Multiaddr> listening, NetworkState network)
    {
        var passing = network.Interfaces.SelectMany(i => i.PassingAddresses).ToHashSet();
        var ports = new List<PortToMap>();
        foreach (var address in listening)
        {
            if (address.TryGetTcpEndPoint(out var endPoint) && endPoint.Port != 0 && WantsHelp(endPoint.Address) && !passing.Contains(endPoint.Address))
            {
                ports.Add(new PortToMap(IpProtocol.Tcp, endPoint.Address, endPoint.Port));
            }
        }

        return ports;
    }

    /// <summary>The routers of the interfaces that those ports are at.</summary>
    public static IReadOnlyList<GatewayLink> Links(IEnumerable<PortToMap> ports, NetworkState network) =>
    [
        .. from local in ports.Select(port => port.Internal).Distinct()
           from networkInterface in network.Interfaces
           where networkInterface.Addresses.Contains(local)
           from gateway in network.Gateways
           where gateway.Interface == networkInterface.Name && IsIp6(gateway.Gateway) == IsIp6(local)
           select new GatewayLink(WithZone(gateway.Gateway, networkInterface), local),
    ];

    private static bool WantsHelp(IPAddress address) => AddressScope.KindOf(address) switch
    {
        AddressKind.Private or AddressKind.CarrierGrade => !IsIp6(address),
        AddressKind.Public => IsIp6(address),
        _ => false,
    };

    /// <summary>Routes name a router of the link without the link; to send there it has to be known, and the link's own address knows it.</summary>
    private static IPAddress WithZone(IPAddress gateway, NetworkInterfaceState networkInterface)
    {
        if (!gateway.IsIPv6LinkLocal || gateway.ScopeId != 0)
        {
            return gateway;
        }

        var own = networkInterface.Addresses.FirstOrDefault(address => address.IsIPv6LinkLocal);
        return own is null ? gateway : new IPAddress(gateway.GetAddressBytes(), own.ScopeId);
    }

    private static bool IsIp6(IPAddress address) => address.GetAddressBytes().Length == 16;
}
