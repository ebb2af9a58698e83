using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Network;
using NatActors.Node.PortMapping;
using NatActors.Node.Tests.Network;
using NatActors.Protocols.PortMapping;
using NatActors.Protocols.Tests.PortMapping;
using NatActors.Scenarios.Tests.Support;
using NatActors.Transports.Datagrams;
using NatActors.Transports.Network;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.PortMapping;

public sealed class PortMapActorTests : TestKit
{
    private static readonly Multiaddr Internal = Multiaddr.Parse("/ip4/10.0.0.2/tcp/4001");
    private static readonly Multiaddr External = Multiaddr.Parse("/ip4/29.0.1.2/tcp/4001");

    private readonly TestProbe _addresses;
    private readonly TestProbe _network;

    public PortMapActorTests()
    {
        _addresses = CreateTestProbe("addresses");
        _network = CreateTestProbe("network");
    }

    [Theory]
    [InlineData("pcp")]
    [InlineData("nat-pmp")]
    [InlineData("upnp-igd2")]
    public async Task A_router_maps_the_listen_port_and_the_address_book_is_told(string protocol)
    {
        await using var router = Speaking(protocol);
        var (actor, events) = Start(router);

        var mapped = _addresses.FishForMessage<AddressMessages.Mapped>(_ => true, Patience);
        Assert.Equal(new AddressMessages.Mapped(protocol, Internal, External), mapped);

        // Asked before the events are looked at: they come after the address book is told, and before the next message.
        actor.Tell(new PortMapMessages.GetState(), TestActor);
        var state = ExpectMsg<PortMapMessages.State>(Patience);
        var happened = Assert.IsType<NodeEvents.Mapping>(Assert.Single(events.All));
        Assert.Equal((protocol, External, ""), (happened.Protocol, happened.External, happened.Detail));
        Assert.True(happened.Lease > TimeSpan.Zero);
        var found = Assert.Single(state.Protocols);
        Assert.Equal((protocol, "10.0.0.1", "29.0.1.2", ""), (found.Protocol, found.Gateway, found.External, found.Problem));
        Assert.Equal(protocol == "upnp-igd2" ? "My <Router>" : "", found.Product);
        Assert.Equal(new PortMapMessages.MappingState(protocol, Internal, External, happened.Lease), Assert.Single(state.Mappings));
    }

    [Fact]
    public async Task The_external_address_is_told_even_when_it_is_no_use()
    {
        await using var router = new LoopbackRouter(r => (r.SpeaksNatPmp, r.External) = (true, System.Net.IPAddress.Parse("100.64.1.2")));
        Start(router);

        var reports = _addresses.FishForMessage<AddressMessages.RouterReports>(_ => true, Patience);

        Assert.Equal(new AddressMessages.RouterReports("nat-pmp", System.Net.IPAddress.Parse("100.64.1.2")), reports);
    }

    [Theory]
    [InlineData("pcp")]
    [InlineData("upnp-igd2")]
    public async Task A_release_gives_the_mapping_back_and_is_answered_once(string protocol)
    {
        await using var router = Speaking(protocol);
        var (actor, events) = Start(router);
        _addresses.FishForMessage<AddressMessages.Mapped>(_ => true, Patience);

        actor.Tell(new PortMapMessages.Release(TestActor));

        ExpectMsg<PortMapMessages.Released>(Patience);
        Assert.Equal(0, router.Locked(r => r.Mappings.Count));
        var lost = _addresses.FishForMessage<AddressMessages.MappingLost>(_ => true, Patience);
        Assert.Equal(new AddressMessages.MappingLost(protocol, External, "given back"), lost);
        Assert.Equal(TimeSpan.Zero, Assert.IsType<NodeEvents.Mapping>(events.All[^1]).Lease);

        actor.Tell(new PortMapMessages.Release(TestActor));
        ExpectMsg<PortMapMessages.Released>(Patience);
    }

    [Fact]
    public async Task Without_any_router_a_release_is_answered_at_once()
    {
        await using var router = new LoopbackRouter(_ => { });
        var (actor, _) = Start(router);

        actor.Tell(new PortMapMessages.Release(TestActor));

        ExpectMsg<PortMapMessages.Released>(Patience);
    }

    [Fact]
    public async Task Sockets_that_cannot_be_opened_leave_the_other_protocols_working()
    {
        await using var router = Speaking("upnp-igd2");
        router.Refuses = options => options.Remote is not null || options.Port != 0;
        Start(router);

        Assert.Equal("upnp-igd2", _addresses.FishForMessage<AddressMessages.Mapped>(_ => true, Patience).Protocol);
    }

    [Fact]
    public async Task A_network_without_a_router_loses_the_mapping()
    {
        await using var router = Speaking("pcp");
        var (actor, _) = Start(router);
        _addresses.FishForMessage<AddressMessages.Mapped>(_ => true, Patience);

        actor.Tell(new NetworkMessages.Changed(FakeNetwork.With("10.0.0.2") with { Gateways = [] }, ["the router is gone"]));

        _addresses.FishForMessage<AddressMessages.MappingLost>(_ => true, Patience);
    }

    [Fact]
    public async Task A_mapping_that_nobody_keeps_any_more_is_taken_back()
    {
        await using var router = Speaking("pcp");
        var (actor, _) = Start(router);
        _addresses.FishForMessage<AddressMessages.Mapped>(_ => true, Patience);

        Sys.Stop(actor);

        _addresses.FishForMessage<AddressMessages.MappingLost>(_ => true, Patience);
    }

    private static LoopbackRouter Speaking(string protocol) => new(router =>
        (router.SpeaksPcp, router.SpeaksNatPmp, router.Upnp) = (protocol == "pcp", protocol == "nat-pmp", protocol == "upnp-igd2" ? 2 : 0));

    private (IActorRef Actor, EventLog Events) Start(LoopbackRouter router)
    {
        var node = MakeNode(3) with { Datagrams = router, GatewayHttp = router };
        node.Refs.Addresses = _addresses;
        node.Refs.Network = _network;
        var events = new EventLog("node");
        node.Events.Subscribe(events.OnNext);
        var actor = Sys.ActorOf(Props.Create(typeof(PortMapActor), node));
        _addresses.ExpectMsg<AddressMessages.Subscribe>(Patience);
        _network.ExpectMsg<NetworkMessages.Subscribe>(Patience);
        actor.Tell(new NetworkMessages.Changed(FakeNetwork.With("10.0.0.2"), []));
        actor.Tell(new AddressMessages.Changed(new AddressSet { Listening = [Internal, Multiaddr.Parse("/ip4/127.0.0.1/tcp/4001")] }));
        return (actor, events);
    }
}
