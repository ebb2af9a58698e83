using Akka.Actor;
using NatActors.Node.Network;
using NatActors.Node.Port;
using NatActors.Node.Tests.Network;
using NatActors.Transports.Port;

namespace NatActors.Node.Tests.Port;

/// <summary>The network changes under bound ports.</summary>
public sealed class PortsNetworkTests : PortTestKit
{
    private const string Any = "/ip4/0.0.0.0/tcp/4001";
    private readonly FakeNetwork _network = new();

    [Fact]
    public void A_new_address_resolves_the_wildcard_anew()
    {
        var node = Create(new FakePortTransport(_ => null), _network, Any);
        Assert.Equal(["/ip4/10.0.0.2/tcp/4001"], Resolved(node));

        Change(node, "10.0.0.7");

        Assert.Equal(["/ip4/10.0.0.7/tcp/4001"], Resolved(node));
    }

    [Fact]
    public void A_change_that_leaves_the_addresses_alone_is_not_told()
    {
        var node = Create(new FakePortTransport(_ => null), _network, Any);
        Resolved(node);

        node.Ports.Tell(new NetworkMessages.Changed(_network.State with { Gateways = [] }, ["there is no IPv4 gateway any more"]));
        node.Ports.Tell(new PortMessages.GetBound(), TestActor);
        ExpectMsg<PortMessages.Bound>(Guard);

        node.Node.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void A_listener_whose_address_goes_is_not_told_of_until_it_is_back()
    {
        var node = Create(new FakePortTransport(_ => null), _network, "/ip4/10.0.0.2/tcp/4001", "/ip4/10.0.0.7/tcp/4002");
        Assert.Equal(2, Resolved(node).Length);

        Change(node, "10.0.0.7");
        Assert.Equal(["/ip4/10.0.0.7/tcp/4002"], Resolved(node));

        Change(node, "10.0.0.2", "10.0.0.7");
        Assert.Equal(2, Resolved(node).Length);
    }

    [Fact]
    public void What_could_not_be_bound_is_tried_again_when_the_network_changes()
    {
        var missing = true;
        var transport = new FakePortTransport(address =>
            address.ToString().StartsWith("/ip6", StringComparison.Ordinal) && missing
                ? new BindResult(null, BindFailureKind.AddressNotAvailable, "no such address")
                : null);
        var node = Create(transport, _network, Any, "/ip6/::/tcp/4001");
        Assert.Equal(["/ip4/10.0.0.2/tcp/4001"], Resolved(node));

        missing = false;
        Change(node, "10.0.0.2", "2d01:2000::5");

        var listen = node.Node.FishForMessage<PortMessages.Bound>(bound => bound.Listen.Count == 2, Guard);
        Assert.Equal(["/ip4/10.0.0.2/tcp/4001", "/ip6/2d01:2000::5/tcp/4001"], listen.Resolved.Select(a => a.ToString()));
    }

    private string[] Resolved(PortsUnderTest node) =>
        [.. node.Node.ExpectMsg<PortMessages.Bound>(Guard).Resolved.Select(address => address.ToString())];

    private void Change(PortsUnderTest node, params string[] addresses)
    {
        _network.State = FakeNetwork.With(addresses);
        node.Ports.Tell(new NetworkMessages.Changed(_network.State, ["an address changed"]));
    }
}
