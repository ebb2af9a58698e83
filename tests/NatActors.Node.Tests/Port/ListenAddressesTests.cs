using System.Net;
using NatActors.Node.Port;
using NatActors.Protocols.Port;
using NatActors.Transports.Port;

namespace NatActors.Node.Tests.Port;

public sealed class ListenAddressesTests
{
    [Theory]
    [InlineData("127.0.0.1", "0.0.0.0", "127.0.0.1")]
    [InlineData("0.0.0.0", "127.0.0.1", "192.0.1.1")]
    [InlineData("10.0.0.1", "0.0.0.0", "10.0.0.2")]
    [InlineData("0.0.0.0", "10.0.0.1", "127.0.0.1")]
    [InlineData("::1", "0.0.0.0", "::1")]
    public void The_first_listener_suits_that_remote_better_than_the_second(string better, string worse, string remote)
    {
        var to = IPAddress.Parse(remote);

        Assert.True(ListenAddresses.Fit(IPAddress.Parse(better), to) > ListenAddresses.Fit(IPAddress.Parse(worse), to));
    }

    [Theory]
    [InlineData("127.0.0.1", "192.0.1.1")]
    [InlineData("::", "192.0.1.1")]
    [InlineData("0.0.0.0", "::1")]
    public void A_listener_that_cannot_reach_the_remote_does_not_suit_at_all(string local, string remote) =>
        Assert.Equal(0, ListenAddresses.Fit(IPAddress.Parse(local), IPAddress.Parse(remote)));

    [Fact]
    public void Each_failure_keeps_its_kind_on_the_way_through_the_rules()
    {
        Assert.All(Enum.GetValues<ConnectFailureKind>(), kind =>
        {
            var failure = new ConnectFailure(kind, "why");
            Assert.Equal(failure, PortFailures.FromRules(PortFailures.ToRules(failure)));
        });
        Assert.Equal(Enum.GetNames<ConnectFailureKind>().Order(), Enum.GetNames<PortFailureKind>().Order());
    }
}
