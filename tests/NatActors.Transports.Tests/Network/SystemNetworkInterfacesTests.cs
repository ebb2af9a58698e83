using System.Net;
using System.Net.NetworkInformation;
using NatActors.Transports.Network;

namespace NatActors.Transports.Tests.Network;

public sealed class SystemNetworkInterfacesTests
{
    [Fact]
    public void Every_address_that_the_framework_knows_of_an_interface_that_is_up_is_listed()
    {
        var expected = NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => card.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown)
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address);

        var addresses = SystemNetworkInterfaces.Instance.GetAddresses();

        Assert.Contains(IPAddress.Loopback, addresses);
        Assert.Empty(expected.Except(addresses));
    }
}
