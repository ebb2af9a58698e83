using System.Net;
using NatActors.Multiformats;
using NatActors.Node.PortMapping;
using NatActors.Protocols.PortMapping;
using NatActors.Transports.Network;

namespace NatActors.Node.Tests.PortMapping;

public sealed class GatewayLinksTests
{
    [Fact]
    public void Private_ip4_and_public_ip6_ports_want_a_router()
    {
        string[] listening =
        [
            "/ip4/127.0.0.1/tcp/4001", "/ip4/10.0.0.2/tcp/4001", "/ip4/100.64.0.2/tcp/4001", "/ip4/29.0.1.2/tcp/4001", "/ip4/169.254.1.1/tcp/4001",
            "/ip6/::1/tcp/4001", "/ip6/fe80::2/tcp/4001", "/ip6/fd00::2/tcp/4001", "/ip6/2a00::2/tcp/4001", "/ip6/2a00::3/tcp/4001",
        ];
        var network = new NetworkState
        {
            Interfaces = [new NetworkInterfaceState("eth0", []) { PassingAddresses = [IPAddress.Parse("2a00::3")] }],
        };

        var ports = GatewayLinks.Ports(listening.Select(Multiaddr.Parse), network);

        Assert.Equal(["10.0.0.2", "100.64.0.2", "2a00::2"], ports.Select(p => p.Internal.ToString()));
    }

    [Fact]
    public void A_port_is_linked_to_the_router_of_its_interface_and_family()
    {
        var network = new NetworkState
        {
            Interfaces =
            [
                new NetworkInterfaceState("eth0", [IPAddress.Parse("10.0.0.2"), IPAddress.Parse("2a00::2"), IPAddress.Parse("fe80::2%5")]),
                new NetworkInterfaceState("eth1", [IPAddress.Parse("10.1.0.2")]),
            ],
            Gateways =
            [
                new GatewayState("eth0", IPAddress.Parse("10.0.0.1")), new GatewayState("eth0", IPAddress.Parse("fe80::1")),
                new GatewayState("eth1", IPAddress.Parse("10.1.0.1")),
            ],
        };
        string[] listening = ["/ip4/10.0.0.2/tcp/4001", "/ip6/2a00::2/tcp/4001", "/ip4/10.1.0.2/tcp/4001", "/ip4/10.9.0.2/tcp/4001"];

        var links = GatewayLinks.Links(GatewayLinks.Ports(listening.Select(Multiaddr.Parse), network), network);

        Assert.Equal(
            [
                new GatewayLink(IPAddress.Parse("10.0.0.1"), IPAddress.Parse("10.0.0.2")),
                new GatewayLink(IPAddress.Parse("fe80::1%5"), IPAddress.Parse("2a00::2")),
                new GatewayLink(IPAddress.Parse("10.1.0.1"), IPAddress.Parse("10.1.0.2")),
            ],
            links);
    }
}
