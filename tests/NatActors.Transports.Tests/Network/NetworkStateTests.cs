using System.Net;
using NatActors.Transports.Network;

namespace NatActors.Transports.Tests.Network;

public sealed class NetworkStateTests
{
    private static readonly NetworkState Network = new()
    {
        Interfaces = [new("lo", [IPAddress.Loopback, IPAddress.IPv6Loopback]), new("eth0", [IPAddress.Parse("192.0.1.7")])],
    };

    [Theory]
    [InlineData("192.0.1.7", true)]
    [InlineData("192.0.1.8", false)]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.3", true)]
    [InlineData("127.255.255.254", true)]
    [InlineData("::1", true)]
    [InlineData("::2", false)]
    public void The_machine_has_the_addresses_of_its_interfaces_and_all_of_the_loopback_network(string address, bool has) =>
        Assert.Equal(has, Network.Has(IPAddress.Parse(address)));

    [Fact]
    public void Without_a_loopback_interface_there_is_no_loopback_network() =>
        Assert.False((Network with { Interfaces = [Network.Interfaces[1]] }).Has(IPAddress.Loopback));
}
