using System.Net;
using NatActors.Transports.Network;

namespace NatActors.Transports.Tests.Network;

public sealed class ProcNetTests
{
    private const string RouteHeader = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT";

    [Fact]
    public void Of_the_ipv4_routes_the_default_ones_are_found_the_lowest_metric_first()
    {
        string[] lines =
        [
            RouteHeader,
            "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0",
            "eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0",
            "eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0",
        ];

        Assert.Equal(
            [new GatewayState("eth0", IPAddress.Parse("10.0.0.1")), new GatewayState("wlan0", IPAddress.Parse("192.168.1.1"))],
            ProcNet.GatewaysV4(lines));
    }

    [Theory]
    [InlineData("eth0\t00000000\t00000000\t0001\t0\t0\t100\t00000000\t0\t0\t0")]
    [InlineData("eth0\t0000000A\t0100000A\t0003\t0\t0\t100\t000000FF\t0\t0\t0")]
    [InlineData("eth0\t00000000\t0100000A\t0002\t0\t0\t100\t00000000\t0\t0\t0")]
    [InlineData("eth0\t00000000\tGATEWAY\t0003\t0\t0\t100\t00000000\t0\t0\t0")]
    [InlineData("eth0\t00000000\t0100000A\t0003\t0\t0\tmuch\t00000000\t0\t0\t0")]
    [InlineData("eth0\t00000000\t0100000A")]
    [InlineData("")]
    public void A_route_that_is_no_default_route_by_a_router_is_passed_over(string line) => Assert.Empty(ProcNet.GatewaysV4([line]));

    [Fact]
    public void Of_the_ipv6_routes_the_default_ones_are_found_and_refusals_are_none()
    {
        string[] lines =
        [
            "00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 1 0 00200200 lo",
            "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 1 0 00000003 wlan0",
            "00000000000000000000000000000000 00 00000000000000000000000000000000 00 2d012000000000000000000000000001 00000064 1 0 00000003 eth0",
            "2d012000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 1 0 00000001 eth0",
        ];

        Assert.Equal(
            [new GatewayState("eth0", IPAddress.Parse("2d01:2000::1")), new GatewayState("wlan0", IPAddress.Parse("fe80::1"))],
            ProcNet.GatewaysV6(lines));
    }

    [Fact]
    public void Temporary_given_up_and_tentative_addresses_pass()
    {
        string[] lines =
        [
            "2d012000000000000000000000000002 02 40 00 80 eth0",
            "2d012000000000000000000000000003 02 40 00 01 eth0",
            "2d012000000000000000000000000004 02 40 00 20 eth0",
            "2d012000000000000000000000000005 02 40 00 40 eth0",
            "no address 02 40 00 01 eth0",
        ];

        var passing = ProcNet.PassingAddresses(lines);

        Assert.Equal(["2d01:2000::3", "2d01:2000::4", "2d01:2000::5"], passing.Select(p => p.Address.ToString()).Order());
    }

    [Theory]
    [InlineData("10.1.2.3", "255.255.255.0", "10.1.2.0/24")]
    [InlineData("10.1.2.3", "255.255.255.255", "10.1.2.3/32")]
    [InlineData("2d01:2000::5", "ffff:ffff:ffff:ffff::", "2d01:2000::/64")]
    public void The_network_of_an_address_is_what_its_mask_leaves(string address, string mask, string network) =>
        Assert.Equal(IPNetwork.Parse(network), ProcNet.NetworkOf(IPAddress.Parse(address), IPAddress.Parse(mask)));

    [Fact]
    public void This_machine_has_its_loopback_network()
    {
        var state = SystemNetworkInterfaces.Instance.GetState();

        Assert.True(state.Has(IPAddress.Loopback));
        Assert.True(state.IsOnLink(IPAddress.Parse("127.1.2.3")));
        Assert.False(state.IsOnLink(IPAddress.Parse("192.0.1.2")));
        Assert.True(state.Interfaces.Single(i => i.Addresses.Contains(IPAddress.Loopback)).HasLink);
        Assert.Equal(state, SystemNetworkInterfaces.Instance.GetState());
    }

    [Fact]
    public async Task Notices_that_are_stopped_end_the_wait()
    {
        var notices = SystemNetworkInterfaces.Instance.OpenNotices()!;
        var waiting = notices.WaitAsync(CancellationToken.None);

        notices.Dispose();

        await Assert.ThrowsAnyAsync<Exception>(() => waiting.WaitAsync(TimeSpan.FromSeconds(20)));
    }
}
