using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Connections;

public sealed class ConnectionTableTests
{
    private static readonly PeerId Small = Numbered(1);
    private static readonly PeerId Large = Numbered(2);

    private readonly ConnectionRules _rules = new() { IdleTimeout = TimeSpan.FromMinutes(10) };

    [Fact]
    public void Tells_of_a_peer_with_its_first_connection_and_after_its_last()
    {
        var table = new ConnectionTable(Small, _rules);

        Assert.Equal([new ConnectionEffect.PeerUp(Large)], table.OnUp(Direct(1, Large, true), Seconds(0)));
        Assert.Empty(table.OnUp(Direct(2, Large, true), Seconds(1)));
        Assert.Empty(table.OnDown(1, Seconds(2)));
        Assert.Equal([new ConnectionEffect.PeerDown(Large)], table.OnDown(2, Seconds(3)));
        Assert.Empty(table.OnDown(2, Seconds(4)));
    }

    [Fact]
    public void Both_ends_of_a_simultaneous_dial_use_the_connection_dialed_by_the_smaller_peer()
    {
        var (small, large) = (new ConnectionTable(Small, _rules), new ConnectionTable(Large, _rules));

        // Connection 1 was dialed by Small, 2 by Large; the ends see them come up in different orders.
        small.OnUp(Direct(1, Large, initiator: true), Seconds(0));
        small.OnUp(Direct(2, Large, initiator: false), Seconds(0.1));
        large.OnUp(Direct(2, Small, initiator: true), Seconds(0));
        large.OnUp(Direct(1, Small, initiator: false), Seconds(0.1));

        Assert.Equal(1, small.Best(Large, allowLimited: false));
        Assert.Equal(1, large.Best(Small, allowLimited: false));
        Assert.Equal([new ConnectionEffect.Close(2, ConnectionCloseReason.Duplicate)], small.OnTick(Seconds(10.2)));
        Assert.Empty(large.OnTick(Seconds(100)));
    }

    [Fact]
    public void A_connection_that_somebody_closes_leaves_its_place_to_another_at_once()
    {
        var table = new ConnectionTable(Small, _rules);
        table.OnUp(Direct(1, Large, initiator: true), Seconds(0));
        table.OnUp(Direct(2, Large, initiator: true), Seconds(0));
        Assert.Equal(1, table.Best(Large, allowLimited: false));

        table.OnClosing(1, Seconds(1));
        table.OnClosing(1, Seconds(1));

        Assert.Equal(2, table.Best(Large, allowLimited: false));
        Assert.False(table.IsLesser(2));
        Assert.Empty(table.OnTick(Seconds(100)));
        table.OnClosing(2, Seconds(101));
        Assert.Null(table.Best(Large, allowLimited: false));
        Assert.Equal(2, table.Count);
    }

    [Fact]
    public void A_duplicate_stays_for_its_streams_until_the_longer_grace_is_over()
    {
        var table = new ConnectionTable(Small, _rules);
        table.OnUp(Direct(1, Large, initiator: true), Seconds(0));
        table.OnUp(Direct(2, Large, initiator: false), Seconds(0));
        table.OnStreams(2, 1, Seconds(1));

        Assert.Empty(table.OnTick(Seconds(59.9)));
        Assert.Equal([new ConnectionEffect.Close(2, ConnectionCloseReason.Duplicate)], table.OnTick(Seconds(60)));
        Assert.Empty(table.OnTick(Seconds(61)));
    }

    [Fact]
    public void A_duplicate_whose_streams_end_after_the_grace_closes_then()
    {
        var table = new ConnectionTable(Small, _rules);
        table.OnUp(Direct(1, Large, initiator: true), Seconds(0));
        table.OnUp(Direct(2, Large, initiator: false), Seconds(0));
        table.OnStreams(2, 1, Seconds(1));
        Assert.Empty(table.OnTick(Seconds(20)));

        table.OnStreams(2, 0, Seconds(21));

        Assert.Equal([new ConnectionEffect.Close(2, ConnectionCloseReason.Duplicate)], table.OnTick(Seconds(21)));
    }

    [Fact]
    public void A_duplicate_is_kept_when_the_better_one_ends_in_the_grace()
    {
        var table = new ConnectionTable(Small, _rules);
        table.OnUp(Direct(1, Large, initiator: true), Seconds(0));
        table.OnUp(Direct(2, Large, initiator: false), Seconds(0));

        table.OnDown(1, Seconds(5));

        Assert.False(table.IsLesser(2));
        Assert.Equal(2, table.Best(Large, allowLimited: false));
        Assert.Empty(table.OnTick(Seconds(100)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_connection_much_newer_than_the_other_is_preferred_whoever_dialed(bool olderIsMine)
    {
        var table = new ConnectionTable(Small, _rules);
        table.OnUp(Direct(1, Large, olderIsMine), Seconds(0));
        table.OnUp(Direct(2, Large, !olderIsMine), Seconds(11));

        Assert.Equal(2, table.Best(Large, allowLimited: false));
    }

    [Fact]
    public void Of_two_that_one_end_dialed_at_once_the_older_is_preferred()
    {
        var table = new ConnectionTable(Small, _rules);
        table.OnUp(Direct(1, Large, true), Seconds(0));
        table.OnUp(Direct(2, Large, true), Seconds(1));

        Assert.Equal(1, table.Best(Large, allowLimited: false));
    }

    [Fact]
    public void A_relayed_connection_closes_after_its_grace_once_a_direct_one_is_up_at_either_end()
    {
        foreach (var (self, peer) in new[] { (Small, Large), (Large, Small) })
        {
            var table = new ConnectionTable(self, _rules);
            table.OnUp(Relayed(1, peer), Seconds(0));
            Assert.Equal(1, table.Best(peer, allowLimited: true));
            table.OnUp(Direct(2, peer, true), Seconds(100));

            Assert.Equal(2, table.Best(peer, allowLimited: true));
            Assert.Empty(table.OnTick(Seconds(109.9)));
            Assert.Equal([new ConnectionEffect.Close(1, ConnectionCloseReason.DirectExists)], table.OnTick(Seconds(110)));
        }
    }

    [Fact]
    public void A_protected_connection_is_not_closed_until_the_last_tag_is_off()
    {
        var table = new ConnectionTable(Small, _rules);
        table.OnUp(Relayed(1, Large), Seconds(0));
        table.OnProtect(1, "punch");
        table.OnProtect(1, "punch");
        table.OnProtect(1, "reservation");
        table.OnUp(Direct(2, Large, true), Seconds(0));
        Assert.Empty(table.OnTick(Seconds(500)));

        table.OnUnprotect(1, "punch", Seconds(500));
        Assert.Empty(table.OnTick(Seconds(500)));
        table.OnUnprotect(1, "reservation", Seconds(500));

        Assert.Equal([new ConnectionEffect.Close(1, ConnectionCloseReason.DirectExists)], table.OnTick(Seconds(500)));
    }

    [Fact]
    public void Protection_of_the_peer_holds_against_idle_closing_but_not_against_a_direct_connection()
    {
        var table = new ConnectionTable(Small, _rules);
        table.OnUp(Relayed(1, Large), Seconds(0));
        table.OnProtect(1, "wanted", idleOnly: true);
        Assert.Empty(table.OnTick(Seconds(10_000)));

        table.OnUp(Direct(2, Large, true), Seconds(10_000));
        table.OnProtect(2, "wanted", idleOnly: true);

        Assert.Equal([new ConnectionEffect.Close(1, ConnectionCloseReason.DirectExists)], table.OnTick(Seconds(10_010)));
        Assert.Empty(table.OnTick(Seconds(20_000)));
    }

    [Fact]
    public void Limited_connections_are_offered_only_to_those_who_opt_in()
    {
        var table = new ConnectionTable(Small, _rules);
        table.OnUp(Relayed(1, Large), Seconds(0));

        Assert.Null(table.Best(Large, allowLimited: false));
        Assert.Equal(1, table.Best(Large, allowLimited: true));
        Assert.Null(table.Best(Large, allowLimited: true, directOnly: true));
    }

    [Fact]
    public void An_unlimited_relayed_connection_is_preferred_to_a_limited_one()
    {
        var table = new ConnectionTable(Small, _rules);
        table.OnUp(new ConnectionFacts(1, Large, true, Relayed: true, Limited: false), Seconds(0));
        table.OnUp(Relayed(2, Large), Seconds(50));

        Assert.Equal(1, table.Best(Large, allowLimited: true));
    }

    [Fact]
    public void An_idle_connection_closes_after_the_idle_time_counted_from_its_last_stream()
    {
        var table = new ConnectionTable(Small, new ConnectionRules { IdleTimeout = Seconds(60) });
        table.OnUp(Direct(1, Large, true), Seconds(0));
        table.OnStreams(1, 1, Seconds(10));
        Assert.Empty(table.OnTick(Seconds(100)));
        table.OnStreams(1, 0, Seconds(100));

        Assert.Empty(table.OnTick(Seconds(159)));
        Assert.Equal([new ConnectionEffect.Close(1, ConnectionCloseReason.Idle)], table.OnTick(Seconds(160)));
        Assert.Null(table.Best(Large, allowLimited: true));
    }

    [Fact]
    public void Refuses_a_connection_over_the_limit_of_its_peer()
    {
        var table = new ConnectionTable(Small, _rules with { MaxConnectionsPerPeer = 2 });
        table.OnUp(Direct(1, Large, true), Seconds(0));
        table.OnUp(Direct(2, Large, true), Seconds(0));

        Assert.Equal([new ConnectionEffect.Refuse(3, ConnectionRefusal.TooManyToPeer)], table.OnUp(Direct(3, Large, true), Seconds(0)));
        Assert.Equal(2, table.Count);
    }

    [Fact]
    public void Refuses_a_connection_over_the_limit_of_all_while_the_others_are_in_use()
    {
        var table = new ConnectionTable(Small, _rules with { MaxConnections = 1 });
        table.OnUp(Direct(1, Large, true), Seconds(0));
        table.OnStreams(1, 1, Seconds(0));

        Assert.Equal(
            [new ConnectionEffect.Refuse(2, ConnectionRefusal.TooManyConnections)],
            table.OnUp(Direct(2, Numbered(3), true), Seconds(60)));
    }

    [Fact]
    public void At_the_limit_the_longest_idle_connection_makes_room()
    {
        var table = new ConnectionTable(Small, _rules with { MaxConnections = 2 });
        table.OnUp(Direct(1, Large, true), Seconds(0));
        table.OnUp(Direct(2, Numbered(3), true), Seconds(1));

        var effects = table.OnUp(Direct(3, Numbered(4), true), Seconds(12));

        Assert.Equal(
            [new ConnectionEffect.Close(1, ConnectionCloseReason.MadeRoom), new ConnectionEffect.PeerUp(Numbered(4))],
            effects);
    }

    [Fact]
    public void Handshakes_are_bounded_and_a_failed_one_gives_its_place_back()
    {
        var table = new ConnectionTable(Small, _rules with { MaxPendingInbound = 2 });
        Assert.Equal(ConnectionRefusal.None, table.OnInbound(1, IPAddress.Parse("192.0.1.1"), Seconds(0)).Refusal);
        Assert.Equal(ConnectionRefusal.None, table.OnInbound(2, null, Seconds(0)).Refusal);
        Assert.Equal(ConnectionRefusal.TooManyPending, table.OnInbound(3, null, Seconds(0)).Refusal);

        table.OnInboundFailed(1);
        table.OnInboundFailed(1);
        Assert.Equal(ConnectionRefusal.None, table.OnInbound(4, null, Seconds(0)).Refusal);
        Assert.Equal(ConnectionRefusal.TooManyPending, table.OnInbound(5, null, Seconds(0)).Refusal);

        table.OnUp(Direct(2, Large, false), Seconds(0));
        Assert.Equal(ConnectionRefusal.None, table.OnInbound(6, null, Seconds(0)).Refusal);
    }

    [Theory]
    [InlineData("192.0.1.1", "192.0.1.1", ConnectionRefusal.TooManyFromNetwork)]
    [InlineData("192.0.1.1", "192.0.1.2", ConnectionRefusal.None)]
    [InlineData("2a00:1:2:3::1", "2a00:1:2:ff::9", ConnectionRefusal.TooManyFromNetwork)]
    [InlineData("2a00:1:2:3::1", "2a00:1:2:100::1", ConnectionRefusal.None)]
    [InlineData("127.0.0.1", "127.0.0.1", ConnectionRefusal.None)]
    public void Inbound_connections_are_bounded_by_network(string first, string second, ConnectionRefusal expected)
    {
        var table = new ConnectionTable(Small, _rules with { MaxInboundPerNetwork = 1 });
        table.OnInbound(1, IPAddress.Parse(first), Seconds(0));

        Assert.Equal(expected, table.OnInbound(2, IPAddress.Parse(second), Seconds(0)).Refusal);
    }

    [Fact]
    public void A_connection_that_ends_gives_its_place_in_the_network_back()
    {
        var table = new ConnectionTable(Small, _rules with { MaxInboundPerNetwork = 1 });
        var address = IPAddress.Parse("192.0.1.1");
        table.OnInbound(1, address, Seconds(0));
        table.OnUp(Direct(1, Large, false), Seconds(0));
        Assert.Equal(ConnectionRefusal.TooManyFromNetwork, table.OnInbound(2, address, Seconds(0)).Refusal);

        table.OnDown(1, Seconds(1));

        Assert.Equal(ConnectionRefusal.None, table.OnInbound(3, address, Seconds(0)).Refusal);
    }

    private static ConnectionFacts Direct(long id, PeerId peer, bool initiator) => new(id, peer, initiator, Relayed: false, Limited: false);

    private static ConnectionFacts Relayed(long id, PeerId peer) => new(id, peer, Initiator: true, Relayed: true, Limited: true);
}
