using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Connections;

/// <summary>Who gets a place for a handshake, and who loses his for it.</summary>
public sealed class PendingInboundTests
{
    private static readonly ConnectionRules Rules = new()
    {
        MaxPendingInbound = 8,
        MaxPendingPerNetwork = 4,
        HandshakeGrace = Seconds(3),
        AcceptRate = new RateLimit(1000, 1000),
    };

    [Fact]
    public void One_network_never_takes_more_than_its_share_of_the_handshakes()
    {
        var table = Table(Rules);
        Come(table, "192.0.1.1", first: 1, count: 4);

        Assert.Equal(ConnectionRefusal.TooManyPending, Come(table, 5, "192.0.1.1").Refusal);
        Assert.Equal(new InboundDecision(ConnectionRefusal.None, null), Come(table, 6, "192.0.1.2"));
    }

    [Fact]
    public void A_network_at_its_share_gives_up_its_own_handshakes_once_they_had_their_time()
    {
        var table = Table(Rules);
        Come(table, "192.0.1.1", first: 1, count: 4);
        Assert.Equal(ConnectionRefusal.TooManyPending, Come(table, 5, "192.0.1.1", at: 2.9).Refusal);

        Assert.Equal(new InboundDecision(ConnectionRefusal.None, Displaced: 1), Come(table, 6, "192.0.1.1", at: 3));
        Assert.Equal(new InboundDecision(ConnectionRefusal.None, Displaced: 2), Come(table, 7, "192.0.1.1", at: 3));
    }

    [Fact]
    public void A_network_at_its_share_takes_no_place_of_another_when_all_are_taken()
    {
        var table = Table(Rules with { MaxPendingInbound = 6 });
        Come(table, "192.0.1.1", first: 1, count: 2);
        for (var id = 11; id < 15; id++)
        {
            Come(table, id, "192.0.1.2", at: 4);
        }

        // The others have had their time, so a newcomer of a third network takes one of their places, but none of the second does.
        Assert.Equal(ConnectionRefusal.TooManyPending, Come(table, 21, "192.0.1.2", at: 5).Refusal);
        Assert.Equal(11, Come(table, 22, "192.0.1.3", at: 5).Displaced);
    }

    [Fact]
    public void When_all_places_are_taken_a_newcomer_displaces_the_oldest_of_the_network_that_holds_most()
    {
        var table = Table(Rules);
        Come(table, "192.0.1.1", first: 1, count: 3);
        Come(table, "192.0.1.2", first: 11, count: 4);
        Come(table, "192.0.1.3", first: 21, count: 1);

        Assert.Equal(new InboundDecision(ConnectionRefusal.None, Displaced: 11), Come(table, 31, "192.0.1.4"));
        Assert.Equal(new InboundDecision(ConnectionRefusal.None, Displaced: 1), Come(table, 32, "192.0.1.4"));
    }

    [Fact]
    public void A_displaced_handshake_holds_no_place_and_its_end_frees_none()
    {
        var table = Table(Rules with { MaxPendingInbound = 3 });
        Come(table, "192.0.1.1", first: 1, count: 3);
        Assert.Equal(1, Come(table, 4, "192.0.1.2").Displaced);

        table.OnInboundFailed(1);

        Assert.Equal(ConnectionRefusal.TooManyPending, Come(table, 5, "192.0.1.2").Refusal);
    }

    [Fact]
    public void Among_equals_whoever_came_first_goes_on_until_his_grace_is_over()
    {
        var table = Table(Rules with { MaxPendingInbound = 2 });
        Come(table, 1, "192.0.1.1", at: 0);
        Come(table, 2, "192.0.1.2", at: 1);

        Assert.Equal(ConnectionRefusal.TooManyPending, Come(table, 3, "192.0.1.3", at: 2.9).Refusal);
        Assert.Equal(1, Come(table, 4, "192.0.1.4", at: 3).Displaced);
        Assert.Equal(ConnectionRefusal.TooManyPending, Come(table, 5, "192.0.1.5", at: 3).Refusal);
        Assert.Equal(2, Come(table, 6, "192.0.1.6", at: 4).Displaced);
    }

    [Fact]
    public void A_handshake_that_is_over_gives_its_place_back_and_is_never_displaced()
    {
        var table = Table(Rules with { MaxPendingInbound = 1 });
        Come(table, 1, "192.0.1.1");
        table.OnUp(new ConnectionFacts(1, Numbered(2), Initiator: false, Relayed: false, Limited: false), Seconds(1));

        Assert.Equal(new InboundDecision(ConnectionRefusal.None, null), Come(table, 2, "192.0.1.1", at: 10));
        Assert.Equal(2, Come(table, 3, "192.0.1.1", at: 20).Displaced);
    }

    [Fact]
    public void Relayed_connections_count_as_one_network()
    {
        var table = Table(Rules with { MaxPendingInbound = 4 });
        for (var id = 1; id <= 4; id++)
        {
            Assert.Equal(ConnectionRefusal.None, table.OnInbound(id, null, Seconds(0)).Refusal);
        }

        Assert.Equal(1, Come(table, 5, "192.0.1.1").Displaced);
    }

    [Fact]
    public void Connections_come_from_a_network_as_fast_as_its_rate_and_burst_allow()
    {
        var table = Table(Rules with { AcceptRate = new RateLimit(2, 3) });
        for (var id = 1; id <= 3; id++)
        {
            Assert.Equal(ConnectionRefusal.None, Come(table, id, "2a00::1").Refusal);
            table.OnInboundFailed(id);
        }

        Assert.Equal(ConnectionRefusal.TooFastFromNetwork, Come(table, 4, "2a00:0:0:ff::1").Refusal);
        Assert.Equal(ConnectionRefusal.None, Come(table, 5, "2a00:0:0:100::1").Refusal);
        Assert.Equal(ConnectionRefusal.None, Come(table, 6, "2a00::1", at: 0.5).Refusal);
        Assert.Equal(ConnectionRefusal.TooFastFromNetwork, Come(table, 7, "2a00::1", at: 0.5).Refusal);
    }

    [Theory]
    [InlineData(false, ConnectionRefusal.None)]
    [InlineData(true, ConnectionRefusal.TooFastFromNetwork)]
    public void Loopback_is_bounded_by_network_only_where_that_is_asked_for(bool limited, ConnectionRefusal expected)
    {
        var table = Table(Rules with { AcceptRate = new RateLimit(1, 1), LimitLoopback = limited });
        Come(table, 1, "127.0.0.3");

        Assert.Equal(expected, Come(table, 2, "127.0.0.3").Refusal);
        Assert.Equal(ConnectionRefusal.None, Come(table, 3, "127.0.0.2").Refusal);
    }

    [Fact]
    public void More_networks_than_are_remembered_refuse_nobody()
    {
        var table = Table(Rules with { AcceptRate = new RateLimit(0.001, 1) });
        for (var i = 0; i < KeyedRateLimiter<AddressPrefix>.MaxBuckets; i++)
        {
            table.OnInbound(i, new IPAddress([11, 0, (byte)(i >> 8), (byte)i]), Seconds(0));
            table.OnInboundFailed(i);
        }

        Assert.Equal(ConnectionRefusal.None, Come(table, 5000, "192.0.1.1").Refusal);
        Assert.Equal(ConnectionRefusal.TooFastFromNetwork, Come(table, 5001, "11.0.0.0").Refusal);
    }

    [Fact]
    public void A_crowd_that_keeps_its_connections_busy_makes_room_for_a_newcomer_from_elsewhere()
    {
        var table = Table(Rules with { MaxConnections = 4 });
        Up(table, 1, "192.0.1.1", at: 1);
        Up(table, 2, "192.0.1.1", at: 2);
        Up(table, 3, "192.0.1.1", at: 3);
        Up(table, 4, "192.0.1.2", at: 4);

        Assert.Equal(new ConnectionEffect.Close(3, ConnectionCloseReason.MadeRoom), Up(table, 5, "192.0.1.3", at: 5)[0]);
        Assert.Equal(new ConnectionEffect.Refuse(6, ConnectionRefusal.TooManyConnections), Up(table, 6, "192.0.1.4", at: 6)[0]);
    }

    [Fact]
    public void Of_a_crowd_that_has_to_make_room_what_is_protected_stays()
    {
        var table = Table(Rules with { MaxConnections = 3 });
        for (var id = 1; id <= 3; id++)
        {
            Up(table, id, "192.0.1.1", at: id);
            table.OnProtect(id, "relay-reservation");
        }

        table.OnUnprotect(2, "relay-reservation", Seconds(3));
        table.OnStreams(2, 1, Seconds(3));

        Assert.Equal(new ConnectionEffect.Close(2, ConnectionCloseReason.MadeRoom), Up(table, 4, "192.0.1.3", at: 5)[0]);
        Assert.Equal(new ConnectionEffect.Refuse(5, ConnectionRefusal.TooManyConnections), Up(table, 5, "192.0.1.4", at: 6)[0]);
    }

    private static IReadOnlyList<ConnectionEffect> Up(ConnectionTable table, long id, string source, double at)
    {
        Assert.Equal(ConnectionRefusal.None, Come(table, id, source, at).Refusal);
        var effects = table.OnUp(new ConnectionFacts(id, Numbered((int)id + 100), Initiator: false, Relayed: false, Limited: false), Seconds(at));
        table.OnStreams(id, 1, Seconds(at));
        return effects;
    }

    private static ConnectionTable Table(ConnectionRules rules) => new(Numbered(1), rules);

    private static void Come(ConnectionTable table, string source, long first, int count)
    {
        for (var id = first; id < first + count; id++)
        {
            Assert.Equal(ConnectionRefusal.None, Come(table, id, source).Refusal);
        }
    }

    private static InboundDecision Come(ConnectionTable table, long id, string source, double at = 0) =>
        table.OnInbound(id, IPAddress.Parse(source), Seconds(at));
}
