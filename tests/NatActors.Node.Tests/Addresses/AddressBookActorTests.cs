using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Connections;
using NatActors.Node.Port;
using NatActors.Protocols.Addresses;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Addresses;

public sealed class AddressBookActorTests : TestKit
{
    private static readonly Multiaddr Wildcard = Multiaddr.Parse("/ip4/0.0.0.0/tcp/4001");
    private static readonly Multiaddr Loopback = Multiaddr.Parse("/ip4/127.0.0.1/tcp/4001");
    private static readonly Multiaddr Inner = Multiaddr.Parse("/ip4/10.0.0.2/tcp/4001");
    private static readonly Multiaddr Public = Multiaddr.Parse("/ip4/192.0.1.7/tcp/4001");
    private static readonly Multiaddr Seen = Multiaddr.Parse("/ip4/192.0.1.9/tcp/5001");

    private readonly NodeContext _node = MakeNode(1);
    private readonly NodeContext _peer = MakeNode(2);
    private readonly TestProbe _connections;
    private readonly TestProbe _ports;
    private readonly IActorRef _book;

    public AddressBookActorTests()
    {
        _connections = CreateTestProbe();
        _ports = CreateTestProbe();
        _node.Refs.Connections = _connections.Ref;
        _node.Refs.Ports = _ports.Ref;
        _book = Sys.ActorOf(Props.Create(typeof(AddressBookActor), _node));
        _connections.ExpectMsg<ConnectionsMessages.Subscribe>(Patience);
        _ports.ExpectMsg<PortMessages.GetBound>(Patience);
        _book.Tell(new AddressMessages.Subscribe(TestActor));
        Assert.Equal(AddressSet.Empty, Next());
    }

    [Fact]
    public void Listen_addresses_come_by_importance_and_public_ones_may_be_punched_from()
    {
        _book.Tell(new PortMessages.Bound([Wildcard], [Loopback, Inner, Public]));

        var addresses = Next();

        Assert.Equal([Wildcard], addresses.Bound);
        Assert.Equal([Public, Inner, Loopback], addresses.Listening);
        Assert.Equal([Public], addresses.ForHolePunch);
        Assert.Equal([Public, Inner, Loopback], addresses.Announced);
    }

    [Fact]
    public void A_restart_keeps_subscribers_and_relay_addresses_and_asks_the_ports_again()
    {
        var slot = Multiaddr.Parse($"/ip4/192.0.1.1/tcp/1/p2p/{_peer.Self}/p2p-circuit");
        _book.Tell(new AddressMessages.RelayAddresses(_peer.Self, [slot]));
        Assert.Equal([slot], Next().Relayed);

        _book.Tell(new AddressMessages.RelayAddresses(_peer.Self, null!));

        _ports.ExpectMsg<PortMessages.GetBound>(Patience);
        Assert.Equal([slot], Next().Relayed);
        _book.Tell(new PortMessages.Bound([Wildcard], [Inner]));
        Assert.Equal([Inner], Next().Listening);
    }

    [Fact]
    public void An_observation_is_told_and_forgotten_with_its_connection()
    {
        Listen();
        var connection = Connection(7, _peer.Key);
        _book.Tell(new ConnectionsMessages.ConnectionUp(connection));
        _book.Tell(Observed(connection));
        var addresses = Next();
        Assert.Equal([Seen], addresses.ForHolePunch);
        Assert.Equal([Seen], addresses.Observed);
        Assert.Equal([Seen], addresses.Candidates);
        Assert.Equal([Seen, Inner], addresses.Announced);

        _book.Tell(new ConnectionsMessages.ConnectionDown(connection, "gone"));

        Assert.Empty(Next().ForHolePunch);
    }

    [Fact]
    public void An_observation_that_comes_after_its_connection_ended_is_not_recorded()
    {
        Listen();
        var connection = Connection(7, _peer.Key);
        _book.Tell(new ConnectionsMessages.ConnectionUp(connection));
        _book.Tell(new ConnectionsMessages.ConnectionDown(connection, "gone"));

        _book.Tell(Observed(connection));
        _book.Tell(new AddressMessages.Subscribe(TestActor));

        Assert.Empty(Next().ForHolePunch);
    }

    [Fact]
    public void Relay_addresses_are_announced_until_they_are_taken_back()
    {
        var relayed = Multiaddr.Parse($"/ip4/192.0.1.1/tcp/4001/p2p/{_peer.Self}/p2p-circuit");
        _book.Tell(new AddressMessages.RelayAddresses(_peer.Self, [relayed.WithPeerId(_node.Self)]));
        Assert.Equal([relayed], Next().Announced);

        _book.Tell(new AddressMessages.RelayAddresses(_peer.Self, []));

        Assert.Empty(Next().Announced);
    }

    [Fact]
    public void Nothing_is_told_when_nothing_changed()
    {
        Listen();
        _book.Tell(new PortMessages.Bound([Wildcard], [Inner]));
        _book.Tell(new PortMessages.Bound([Wildcard], [Inner, Public]));

        Assert.Equal([Public, Inner], Next().Listening);
    }

    private void Listen()
    {
        _book.Tell(new PortMessages.Bound([Wildcard], [Inner]));
        Assert.Equal([Inner], Next().Listening);
    }

    private AddressSet Next() => ExpectMsg<AddressMessages.Changed>(Patience).Addresses;

    private static AddressMessages.AddressObserved Observed(ConnectionInfo connection) => new(new Observation(
        connection.Id, connection.LocalAddress, connection.RemoteAddress, Seen, connection.Relayed, connection.PortReused));
}
