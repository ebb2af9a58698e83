using System.Net;
using NatActors.Transports.Network;

namespace NatActors.Transports.Tests.Network;

public sealed class NetworkDifferenceTests
{
    private static readonly NetworkInterfaceState Lan = Interface("eth0", "10.0.0.2", "fe80::2%2");
    private static readonly NetworkState Home = new() { Interfaces = [Interface("lo", "127.0.0.1"), Lan], Gateways = [Gateway("10.0.0.1")] };

    [Fact]
    public void The_same_state_is_no_change() => Assert.Empty(NetworkDifference.Describe(Home, Home with { }));

    [Fact]
    public void An_interface_that_comes_or_goes_is_told_with_its_addresses()
    {
        var without = Home with { Interfaces = [Home.Interfaces[0]] };

        Assert.Equal(["eth0 is down, with it 10.0.0.2"], NetworkDifference.Describe(Home, without));
        Assert.Equal(["eth0 is up, with 10.0.0.2"], NetworkDifference.Describe(without, Home));
    }

    [Fact]
    public void An_address_that_changes_is_told_as_gone_and_as_new() => Assert.Equal(
        ["eth0 no longer has 10.0.0.2", "eth0 now has 10.0.0.7"],
        NetworkDifference.Describe(Home, Home with { Interfaces = [Home.Interfaces[0], Interface("eth0", "10.0.0.7", "fe80::2%2")] }));

    [Fact]
    public void Another_gateway_is_told()
    {
        Assert.Equal(
            ["the IPv4 gateway is now 10.0.0.9 by eth0 instead of 10.0.0.1 by eth0"],
            NetworkDifference.Describe(Home, Home with { Gateways = [Gateway("10.0.0.9"), Gateway("10.0.0.1")] }));
        Assert.Equal(["there is no IPv4 gateway any more"], NetworkDifference.Describe(Home, Home with { Gateways = [] }));
        Assert.Equal(["the IPv4 gateway is now 10.0.0.1 by eth0"], NetworkDifference.Describe(Home with { Gateways = [] }, Home));
    }

    [Fact]
    public void The_link_is_told_of_the_interface_that_leads_out_only()
    {
        var unplugged = Home with { Interfaces = [Home.Interfaces[0], Lan with { HasLink = false }] };

        Assert.Equal(["eth0 has lost its link"], NetworkDifference.Describe(Home, unplugged));
        Assert.Equal(["eth0 has its link again"], NetworkDifference.Describe(unplugged, Home));
        Assert.Empty(NetworkDifference.Describe(Home with { Gateways = [] }, unplugged with { Gateways = [] }));
    }

    [Fact]
    public void Link_local_and_temporary_addresses_are_no_change()
    {
        var temporary = IPAddress.Parse("2d01:2000::77");
        var churned = new NetworkInterfaceState("eth0", [IPAddress.Parse("10.0.0.2"), IPAddress.Parse("fe80::3%2"), temporary])
        {
            PassingAddresses = [temporary],
        };
        var container = Interface("veth7", "fe80::9%9", "169.254.3.4");

        Assert.Empty(NetworkDifference.Describe(Home, Home with { Interfaces = [Home.Interfaces[0], churned, container] }));
    }

    private static NetworkInterfaceState Interface(string name, params string[] addresses) => new(name, [.. addresses.Select(IPAddress.Parse)]);

    private static GatewayState Gateway(string address) => new("eth0", IPAddress.Parse(address));
}
