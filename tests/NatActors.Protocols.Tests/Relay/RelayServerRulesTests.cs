using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Relay;

namespace NatActors.Protocols.Tests.Relay;

public sealed class RelayServerRulesTests
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(5);

    [Fact]
    public void A_reservation_lasts_its_time_and_no_longer()
    {
        var rules = Rules();
        var granted = rules.OnReserve(Guest(1), Start);
        Assert.Equal(RelayStatus.Ok, granted.Status);
        Assert.Equal(Start + TimeSpan.FromHours(1), granted.Expires);
        Assert.Equal(granted.Expires, rules.NextDeadline);
        Assert.Equal(RelayStatus.Ok, rules.OnConnect(Guest(2), Peers.Id(1), granted.Expires - TimeSpan.FromTicks(1)).Status);
        Assert.Equal(RelayStatus.NoReservation, rules.OnConnect(Guest(2), Peers.Id(1), granted.Expires).Status);
        Assert.Equal([101L], rules.OnDeadline(granted.Expires));
        Assert.Equal(0, rules.Reservations);
    }

    [Fact]
    public void A_refresh_lengthens_and_takes_no_second_place()
    {
        var rules = Rules(new RelayProfile { MaxReservations = 1, MaxReservationsPerAddress = 1 });
        rules.OnReserve(Guest(1), Start);
        var later = Start + TimeSpan.FromMinutes(40);
        var refreshed = rules.OnReserve(Guest(1), later);
        Assert.Equal(RelayStatus.Ok, refreshed.Status);
        Assert.Equal(later + TimeSpan.FromHours(1), refreshed.Expires);
        Assert.Empty(refreshed.Ended);
        Assert.Equal(1, rules.Reservations);
    }

    [Fact]
    public void A_restarted_peer_replaces_its_old_reservation_and_the_old_connection_takes_nothing_with_it()
    {
        var rules = Rules(new RelayProfile { MaxReservations = 1 });
        rules.OnReserve(Guest(1, connection: 10), Start);
        var anew = rules.OnReserve(Guest(1, connection: 11), Start);
        Assert.Equal(RelayStatus.Ok, anew.Status);
        Assert.Equal([10L], anew.Ended);
        Assert.False(rules.OnConnectionClosed(Peers.Id(1), 10, survivor: null));
        Assert.Equal(11, rules.OnConnect(Guest(2), Peers.Id(1), Start).DestinationConnection);
    }

    [Fact]
    public void A_request_that_finds_others_expired_tells_whose_reservations_ended()
    {
        var rules = Rules();
        rules.OnReserve(Guest(1), Start);
        rules.OnReserve(Guest(2), Start);
        var later = Start + TimeSpan.FromHours(1);
        Assert.Equal([101L, 102L], rules.OnReserve(Guest(3), later).Ended.Order());
        Assert.Empty(rules.OnDeadline(later));
        var refused = rules.OnReserve(Guest(4) with { Relayed = true }, later + TimeSpan.FromHours(1));
        Assert.Equal(RelayStatus.PermissionDenied, refused.Status);
        Assert.Equal([103L], refused.Ended);
    }

    [Fact]
    public void A_reservation_dies_with_its_connection()
    {
        var rules = Rules();
        rules.OnReserve(Guest(1, connection: 10), Start);
        Assert.True(rules.OnConnectionClosed(Peers.Id(1), 10, survivor: null));
        Assert.Equal(RelayStatus.NoReservation, rules.OnConnect(Guest(2), Peers.Id(1), Start).Status);
        Assert.Null(rules.NextDeadline);
    }

    [Fact]
    public void A_reservation_moves_to_the_peers_other_connection()
    {
        var rules = Rules();
        rules.OnReserve(Guest(1, connection: 10), Start);
        Assert.False(rules.OnConnectionClosed(Peers.Id(1), 10, survivor: 12));
        Assert.Equal(12, rules.OnConnect(Guest(2), Peers.Id(1), Start).DestinationConnection);
    }

    [Fact]
    public void Reservations_are_bounded_in_all()
    {
        var rules = Rules(new RelayProfile { MaxReservations = 2 });
        Assert.Equal(RelayStatus.Ok, rules.OnReserve(Guest(1), Start).Status);
        Assert.Equal(RelayStatus.Ok, rules.OnReserve(Guest(2), Start).Status);
        Assert.Equal(RelayStatus.ReservationRefused, rules.OnReserve(Guest(3), Start).Status);
        Assert.Equal(RelayStatus.Ok, rules.OnReserve(Guest(3), Start + TimeSpan.FromHours(1)).Status);
    }

    [Theory]
    [InlineData("192.0.1.1", "192.0.1.1", true)]
    [InlineData("192.0.1.1", "192.0.1.2", false)]
    [InlineData("192.0.1.1", "::ffff:192.0.1.1", true)]
    [InlineData("2a00:1:2:300::1", "2a00:1:2:3ff::2", true)]
    [InlineData("2a00:1:2:300::1", "2a00:1:2:400::1", false)]
    public void Reservations_are_bounded_per_address(string first, string second, bool same)
    {
        var rules = Rules(new RelayProfile { MaxReservationsPerAddress = 1 });
        Assert.Equal(RelayStatus.Ok, rules.OnReserve(Guest(1, ip: first), Start).Status);
        Assert.Equal(same ? RelayStatus.ReservationRefused : RelayStatus.Ok, rules.OnReserve(Guest(2, ip: second), Start).Status);
    }

    [Fact]
    public void A_place_that_was_given_up_is_free_again()
    {
        var rules = Rules(new RelayProfile { MaxReservationsPerAddress = 1 });
        rules.OnReserve(Guest(1, connection: 10), Start);
        rules.OnConnectionClosed(Peers.Id(1), 10, survivor: null);
        Assert.Equal(RelayStatus.Ok, rules.OnReserve(Guest(2), Start).Status);
    }

    [Fact]
    public void Nobody_is_served_through_another_relay()
    {
        var rules = Rules();
        rules.OnReserve(Guest(1), Start);
        Assert.Equal(RelayStatus.PermissionDenied, rules.OnReserve(Guest(2) with { Relayed = true }, Start).Status);
        Assert.Equal(RelayStatus.PermissionDenied, rules.OnConnect(Guest(2) with { Relayed = true }, Peers.Id(1), Start).Status);
    }

    [Fact]
    public void One_address_with_many_peer_ids_does_not_take_all_circuits_of_a_destination()
    {
        var rules = Rules(new RelayProfile { MaxCircuitsPerPeer = 4, MaxCircuitsPerAddress = 2 });
        rules.OnReserve(Guest(1), Start);
        rules.OnReserve(Guest(2), Start);
        var first = rules.OnConnect(Guest(3, ip: "192.0.1.66"), Peers.Id(1), Start);
        Assert.Equal(RelayStatus.Ok, rules.OnConnect(Guest(4, ip: "192.0.1.66"), Peers.Id(1), Start).Status);

        Assert.Equal(RelayStatus.ResourceLimitExceeded, rules.OnConnect(Guest(5, ip: "192.0.1.66"), Peers.Id(1), Start).Status);
        Assert.Equal(RelayStatus.Ok, rules.OnConnect(Guest(5, ip: "192.0.1.66"), Peers.Id(2), Start).Status);
        Assert.Equal(RelayStatus.Ok, rules.OnConnect(Guest(6, ip: "192.0.1.67"), Peers.Id(1), Start).Status);
        rules.OnCircuitEnded(first.Circuit);
        Assert.Equal(RelayStatus.Ok, rules.OnConnect(Guest(7, ip: "192.0.1.66"), Peers.Id(1), Start).Status);
    }

    [Fact]
    public void Circuits_are_bounded_per_source_per_destination_and_in_all()
    {
        var rules = Rules(new RelayProfile { MaxCircuits = 3, MaxCircuitsPerPeer = 2 });
        rules.OnReserve(Guest(1), Start);
        rules.OnReserve(Guest(2), Start);
        var first = rules.OnConnect(Guest(3), Peers.Id(1), Start);
        Assert.Equal(RelayStatus.Ok, first.Status);
        Assert.Equal(RelayStatus.Ok, rules.OnConnect(Guest(3), Peers.Id(2), Start).Status);
        Assert.Equal(RelayStatus.ResourceLimitExceeded, rules.OnConnect(Guest(3), Peers.Id(1), Start).Status);
        Assert.Equal(RelayStatus.Ok, rules.OnConnect(Guest(4), Peers.Id(1), Start).Status);
        Assert.Equal(RelayStatus.ResourceLimitExceeded, rules.OnConnect(Guest(5), Peers.Id(2), Start).Status);
        rules.OnCircuitEnded(first.Circuit);
        Assert.Equal(RelayStatus.Ok, rules.OnConnect(Guest(5), Peers.Id(1), Start).Status);
        Assert.Equal(RelayStatus.ResourceLimitExceeded, rules.OnConnect(Guest(6), Peers.Id(1), Start).Status);
    }

    [Fact]
    public void A_circuit_frees_its_place_once()
    {
        var rules = Rules();
        rules.OnReserve(Guest(1), Start);
        var circuit = rules.OnConnect(Guest(2), Peers.Id(1), Start).Circuit;
        rules.OnCircuitEnded(circuit);
        rules.OnCircuitEnded(circuit);
        Assert.Equal(0, rules.Circuits);
    }

    [Fact]
    public void The_owner_may_refuse_whom_it_likes()
    {
        var rules = new RelayServerRules(RelayProfile.Public, new Only(Peers.Id(1)));
        Assert.Equal(RelayStatus.Ok, rules.OnReserve(Guest(1), Start).Status);
        Assert.Equal(RelayStatus.PermissionDenied, rules.OnReserve(Guest(2), Start).Status);
        Assert.Equal(RelayStatus.PermissionDenied, rules.OnConnect(Guest(2), Peers.Id(1), Start).Status);
    }

    [Fact]
    public void A_peer_gets_no_circuit_to_itself()
    {
        var rules = Rules();
        rules.OnReserve(Guest(1), Start);
        Assert.Equal(RelayStatus.PermissionDenied, rules.OnConnect(Guest(1), Peers.Id(1), Start).Status);
    }

    [Fact]
    public void Who_asks_too_often_waits_and_the_other_question_has_a_rate_of_its_own()
    {
        var rules = Rules(new RelayProfile { AsksPerPeer = new RateLimit(1, 2) });
        Assert.Equal(RelayStatus.Ok, rules.OnReserve(Guest(1), Start).Status);
        Assert.Equal(RelayStatus.Ok, rules.OnReserve(Guest(1), Start).Status);
        Assert.Equal(RelayStatus.ReservationRefused, rules.OnReserve(Guest(1), Start).Status);
        Assert.Equal(1, rules.Reservations);

        Assert.Equal(RelayStatus.NoReservation, rules.OnConnect(Guest(1), Peers.Id(9), Start).Status);
        Assert.Equal(RelayStatus.NoReservation, rules.OnConnect(Guest(1), Peers.Id(9), Start).Status);
        Assert.Equal(RelayStatus.ResourceLimitExceeded, rules.OnConnect(Guest(1), Peers.Id(9), Start).Status);
        Assert.Equal(RelayStatus.Ok, rules.OnReserve(Guest(1), Start + TimeSpan.FromSeconds(1)).Status);
    }

    [Theory]
    [InlineData("192.0.1.1", RelayStatus.ReservationRefused)]
    [InlineData("192.0.1.2", RelayStatus.Ok)]
    public void Many_peers_of_one_address_ask_no_more_than_it_may(string last, RelayStatus expected)
    {
        var rules = Rules(new RelayProfile { AsksPerAddress = new RateLimit(1, 3) });
        for (var peer = 1; peer <= 3; peer++)
        {
            Assert.Equal(RelayStatus.Ok, rules.OnReserve(Guest(peer), Start).Status);
        }

        Assert.Equal(expected, rules.OnReserve(Guest(4, ip: last), Start).Status);
    }

    [Fact]
    public void The_profiles_have_the_numbers_they_promise()
    {
        Assert.Equal((128, 8, 16), (RelayProfile.Public.MaxReservations, RelayProfile.Public.MaxReservationsPerAddress, RelayProfile.Public.MaxCircuitsPerPeer));
        Assert.Equal((8, 256), (RelayProfile.Public.MaxCircuitsPerAddress, RelayProfile.Private.MaxCircuitsPerAddress));
        Assert.Equal(new RelayLimits(TimeSpan.FromMinutes(2), 131072), RelayProfile.Public.Limits);
        Assert.Equal((2048, 4096), (RelayProfile.Private.MaxReservations, RelayProfile.Private.MaxCircuits));
        Assert.Equal(new RelayLimits(TimeSpan.FromHours(1), 1073741824), RelayProfile.Private.Limits);
        Assert.Same(RelayProfile.Private, RelayProfile.Named("private"));
        Assert.Null(RelayProfile.Named("other"));
    }

    private static RelayServerRules Rules(RelayProfile? profile = null) => new(profile ?? RelayProfile.Public, OpenRelayAcl.Instance);

    private static RelayGuest Guest(int peer, long connection = 0, string ip = "192.0.1.1") => new(
        Peers.Id(peer), connection == 0 ? 100 + peer : connection, Multiaddr.Parse("/ip4/192.0.1.1/tcp/4001"), IPAddress.Parse(ip), false);

    private sealed class Only(PeerId peer) : IRelayAcl
    {
        public bool AllowReserve(PeerId who, Multiaddr address) => who == peer;

        public bool AllowConnect(PeerId source, Multiaddr address, PeerId destination) => source == peer;
    }
}
