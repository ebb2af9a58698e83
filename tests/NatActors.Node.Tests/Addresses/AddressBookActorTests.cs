using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Network;
using NatActors.Node.Port;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Identify;
using NatActors.Transports.Network;
using NatActors.Transports.Port;
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
    private readonly TestProbe _autonat;
    private readonly List<NodeEvent> _events = [];
    private readonly IActorRef _book;

    public AddressBookActorTests()
    {
        _connections = CreateTestProbe();
        _ports = CreateTestProbe();
        _node.Refs.Connections = _connections.Ref;
        _autonat = CreateTestProbe();
        _node.Refs.Ports = _ports.Ref;
        _node.Refs.AutoNat = _autonat.Ref;
        _node.Events.Subscribe(_events.Add);
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

    [Fact]
    public void It_asks_for_verdicts_once_the_ports_are_bound_and_anew_after_a_restart()
    {
        Listen();
        Assert.Equal(_book, _autonat.ExpectMsg<AutoNatMessages.Subscribe>(Patience).Subscriber);
        _book.Tell(new PortMessages.Bound([Wildcard], [Inner, Public]));
        Next();
        _autonat.ExpectNoMsg(TimeSpan.Zero);

        _book.Tell(new AddressMessages.RelayAddresses(_peer.Self, null!));
        _ports.ExpectMsg<PortMessages.GetBound>(Patience);
        _book.Tell(new PortMessages.Bound([Wildcard], [Inner]));

        _autonat.ExpectMsg<AutoNatMessages.Subscribe>(Patience);
    }

    [Fact]
    public void A_private_verdict_takes_an_observed_address_out_and_a_public_one_keeps_it_whatever_the_count()
    {
        Listen();
        Connect(7, Observer(1));
        Assert.Equal([Seen, Inner], Next().Announced);

        Verdict((Seen, Reachability.Private, false));
        var shut = Next();
        Assert.Equal([Inner], shut.Announced);
        Assert.Equal([Seen], shut.Unreachable);
        Assert.Equal([Seen], shut.ForHolePunch);
        Assert.Equal([Seen], shut.Candidates);

        Verdict((Seen, Reachability.Public, false));
        Assert.Equal([Seen, Inner], Next().Announced);
        _book.Tell(new ConnectionsMessages.ConnectionDown(Connection(7, _peer.Key), "gone"));
        var alone = Next();
        Assert.Empty(alone.Observed);
        Assert.Equal([Seen], alone.Confirmed);
        Assert.Equal([Seen, Inner], alone.Announced);
    }

    [Fact]
    public void Relay_addresses_come_last_and_go_when_strangers_are_proven_to_come_in()
    {
        var slot = Multiaddr.Parse($"/ip4/192.0.1.1/tcp/1/p2p/{_peer.Self}/p2p-circuit");
        Listen();
        _book.Tell(new AddressMessages.RelayAddresses(_peer.Self, [slot]));
        Assert.Equal([Inner, slot], Next().Announced);
        Connect(7, Observer(1));
        Assert.Equal([Seen, Inner, slot], Next().Announced);

        Verdict((Seen, Reachability.Public, false));
        Assert.Equal([Seen, Inner, slot], Next().Announced);
        Verdict((Seen, Reachability.Public, true));
        Assert.Equal([Seen, Inner], Next().Announced);
        Verdict((Seen, Reachability.Private, false));
        Assert.Equal([Inner, slot], Next().Announced);
    }

    [Fact]
    public void A_mapping_is_announced_once_it_is_verified_and_until_it_is_lost()
    {
        var external = Multiaddr.Parse("/ip4/192.0.1.9/tcp/4001");
        Listen();
        _book.Tell(new AddressMessages.Mapped("pcp", Inner, external));
        var mapped = Next();
        Assert.Equal([external], mapped.Mapped);
        Assert.Equal([external], mapped.Candidates);
        Assert.Equal([Inner], mapped.Announced);

        Verdict((external, Reachability.Public, true));
        Assert.Equal([external, Inner], Next().Announced);

        _book.Tell(new AddressMessages.MappingLost("pcp", external, "the router restarted"));
        Assert.Equal([Inner], Next().Announced);
    }

    [Fact]
    public void A_restart_keeps_mappings()
    {
        var external = Multiaddr.Parse("/ip4/192.0.1.9/tcp/4001");
        _book.Tell(new AddressMessages.Mapped("pcp", Inner, external));
        Assert.Equal([external], Next().Mapped);

        _book.Tell(new AddressMessages.RelayAddresses(_peer.Self, null!));

        Assert.Equal([external], Next().Mapped);
    }

    [Fact]
    public void Events_tell_of_an_address_when_it_comes_and_goes_and_gets_observers_enough_not_of_each_observer()
    {
        Listen();
        for (var i = 1; i <= 6; i++)
        {
            Connect(i, Observer(i), i is 3 or 4 ? Multiaddr.Parse($"/ip4/192.0.1.9/tcp/{6000 + i}") : Seen);
        }

        Handled();
        Assert.Equal(
            [(Seen.ToString(), 1, true), ("/ip4/192.0.1.9/tcp/6003", 1, false), ("/ip4/192.0.1.9/tcp/6004", 1, false)],
            _events.OfType<NodeEvents.Observed>().Select(e => (e.Address.ToString(), e.Observers, e.Active)));

        _book.Tell(new ConnectionsMessages.ConnectionDown(Connection(3, _peer.Key), "gone"));
        Handled();
        var gone = _events.OfType<NodeEvents.Observed>().Last();
        Assert.Equal(("/ip4/192.0.1.9/tcp/6003", 0, false), (gone.Address.ToString(), gone.Observers, gone.Active));
    }

    [Fact]
    public void The_nat_is_told_when_it_is_known_and_asked_for_with_the_witnesses()
    {
        Listen();
        Connect(1, Observer(1));
        Connect(2, Observer(2));
        Connect(3, "/ip4/192.0.1.3/tcp/1", Multiaddr.Parse("/ip4/127.0.0.1/tcp/1"));
        Verdict((Seen, Reachability.Private, false));

        _book.Tell(new AddressMessages.GetState());

        var state = FishForMessage<AddressMessages.State>(m => m is AddressMessages.State, Patience);
        var nat = Assert.Single(state.Nat);
        Assert.Equal((IpFamily.Ip4, IpProtocol.Tcp, NatMapping.EndpointIndependent), (nat.Family, nat.Protocol, nat.Mapping));
        Assert.Equal(NatMapping.EndpointIndependent, _events.OfType<NodeEvents.Nat>().Last().Report.Mapping);
        Assert.Equal(3, state.Witnesses.Count);
        Assert.Equal("it names an address that is of use to nobody else", state.Witnesses[0].Note);
        Assert.All(state.Witnesses.Skip(1), w => Assert.Equal((Seen, ""), (w.Observed, w.Note)));
        Assert.Equal([Seen], state.Addresses.Unreachable);
    }

    [Fact]
    public void A_carriers_address_that_the_router_reports_is_told()
    {
        Listen();

        _book.Tell(new AddressMessages.RouterReports("pcp", System.Net.IPAddress.Parse("100.64.0.9")));
        Handled();

        Assert.Equal(Known.Yes, Assert.Single(_events.OfType<NodeEvents.Nat>()).Report.DoubleNat);
    }

    [Fact]
    public void The_own_outside_address_is_dialed_from_a_fresh_port_to_see_whether_the_router_turns_packets_back()
    {
        Listen();
        Connect(1, Observer(1));
        Connect(2, Observer(2));

        var dial = (PortMessages.Dial)_ports.FishForMessage(m => m is PortMessages.Dial, Patience);
        Assert.Equal((Seen, DialPort.Fresh), (dial.Address, dial.From));
        Verdict((Seen, Reachability.Public, true));
        dial.ReplyTo.Tell(new PortMessages.DialFailed(dial.Id, new ConnectFailure(ConnectFailureKind.TimedOut, "")));

        // Before the verdict silence says nothing, and the next try waits.
        _book.Tell(new AddressMessages.GetState());
        Assert.Equal(
            Known.Unknown,
            FishForMessage<AddressMessages.State>(m => m is AddressMessages.State, Patience).Nat[0].Hairpin);
    }

    [Fact]
    public void An_observer_behind_a_symmetric_nat_is_asked_for_a_second_port_and_what_it_sees_there_is_no_address()
    {
        var other = Multiaddr.Parse("/ip4/192.0.1.9/tcp/31477");
        Listen();
        Connect(1, Observer(1));
        Connect(2, Observer(2), other);
        _book.Tell(new IdentifyMessages.Identified(
            Connection(1, _peer.Key, Observer(1)), new IdentifyInfo { Peer = _peer.Self, Protocols = [SecondPortProtocol.Id] }));

        var asked = (ConnectionsMessages.OpenStream)_connections.FishForMessage(m => m is ConnectionsMessages.OpenStream, Patience);
        Assert.Equal((_peer.Self, 1L), (asked.Peer, asked.OnConnection));
        var (local, second) = (Multiaddr.Parse("/ip4/10.0.0.2/tcp/4001"), Multiaddr.Parse("/ip4/192.0.1.1/tcp/40123"));
        var third = Multiaddr.Parse("/ip4/192.0.1.9/tcp/47110");
        _book.Tell(new SecondPortMessages.Ended(1, new SecondPortSighting(local, second, third)));
        _book.Tell(new AddressMessages.GetState());

        var state = FishForMessage<AddressMessages.State>(m => m is AddressMessages.State, Patience);
        Assert.Equal(NatMapping.AddressAndPortDependent, Assert.Single(state.Nat).Mapping);
        Assert.Equal([Seen, other], state.Addresses.ForHolePunch.OrderBy(a => a.ToString().Contains("31477", StringComparison.Ordinal)));
        Assert.DoesNotContain(third, state.Addresses.Announced.Concat(state.Addresses.Candidates).Concat(state.Addresses.Observed));
        Assert.Equal(2, state.Witnesses.Count);
    }

    [Fact]
    public void Another_network_takes_back_what_nobody_sees_and_looks_at_the_ports_at_once()
    {
        Listen();
        Connect(7, Observer(1));
        Next();
        Verdict((Seen, Reachability.Public, false));
        Next();
        _book.Tell(new ConnectionsMessages.ConnectionDown(Connection(7, _peer.Key), "gone"));
        Assert.Equal([Seen], Next().Confirmed);
        _book.Tell(new NetworkMessages.Changed(NetworkState.None, []));

        _book.Tell(new NetworkMessages.Changed(NetworkState.None, ["wlan0 is up"]));

        Assert.Empty(Next().Confirmed);
        _ports.FishForMessage(m => m is PortMessages.GetBound, Patience);
    }

    private void Listen()
    {
        _book.Tell(new PortMessages.Bound([Wildcard], [Inner]));
        Assert.Equal([Inner], Next().Listening);
    }

    private void Connect(long id, string remote, Multiaddr? seen = null)
    {
        var connection = Connection(id, _peer.Key, remote);
        _book.Tell(new ConnectionsMessages.ConnectionUp(connection));
        _book.Tell(Observed(connection, seen));
    }

    private void Verdict(params (Multiaddr Address, Reachability Verdict, bool Proven)[] verdicts) =>
        _book.Tell(new AutoNatMessages.VerdictChanged(new NodeVerdict
        {
            Addresses =
            [
                .. verdicts.Select(v => new AddressVerdict { Address = v.Address, Verdict = v.Verdict, FilteringProven = v.Proven }),
            ],
        }));

    private void Handled() => _book.Ask<ActorIdentity>(new Akka.Actor.Identify("handled?"), Patience).Wait(Patience);

    private static string Observer(int number) => $"/ip4/192.0.1.{number}/tcp/4001";

    private AddressSet Next() => ExpectMsg<AddressMessages.Changed>(Patience).Addresses;

    private static AddressMessages.AddressObserved Observed(ConnectionInfo connection, Multiaddr? seen = null) => new(new Observation(
        connection.Id, connection.LocalAddress, connection.RemoteAddress, seen ?? Seen, connection.Relayed, connection.PortReused));
}
