using NatActors.Multiformats;
using NatActors.Protocols.HolePunch;

namespace NatActors.Protocols.Tests.HolePunch;

public sealed class PunchPairTests
{
    private static readonly NatKind[] OpenToUnknownPorts = [NatKind.None, NatKind.FullCone, NatKind.AddrRestricted, NatKind.PortForward];

    public static TheoryData<NatKind, NatKind, bool> AllPairs()
    {
        var pairs = new TheoryData<NatKind, NatKind, bool>();
        foreach (var a in Enum.GetValues<NatKind>())
        {
            foreach (var b in Enum.GetValues<NatKind>())
            {
                pairs.Add(a, b, false);
                pairs.Add(a, b, true);
            }
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(AllPairs))]
    public void Every_pair_that_can_be_direct_is_direct_in_round_one_and_the_others_say_why(NatKind a, NatKind b, bool reset)
    {
        var pair = new PunchPair(a, b, reset);
        pair.Run();
        if (Possible(a, b))
        {
            Assert.True(pair.IsDirect, $"A: {pair.A.Ended}, B: {pair.B.Ended}");
            Assert.True(pair.A.Ended!.Round <= 1 && pair.B.Ended!.Round <= 1);
            Assert.True(pair.B.EndedAt - pair.StartedAt < TimeSpan.FromSeconds(1), "before any retransmission of a SYN");
        }
        else
        {
            Assert.Equal(PunchEnd.Relayed, pair.A.Ended!.End);
            Assert.Equal(PunchEnd.Relayed, pair.B.Ended!.End);
            Assert.Contains("symmetric", pair.A.Ended.Reason, StringComparison.Ordinal);
            Assert.Contains("symmetric", pair.B.Ended.Reason, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(AllPairs))]
    public void Nobody_needs_to_be_identified_first(NatKind a, NatKind b, bool reset)
    {
        var pair = new PunchPair(a, b, reset, identify: false);
        pair.Run();
        Assert.Equal(Possible(a, b), pair.IsDirect);
        Assert.True(!pair.IsDirect || pair.B.Ended!.Round == 1);
    }

    [Fact]
    public void Both_sides_connect_in_the_same_instant()
    {
        var pair = new PunchPair(NatKind.PortRestricted, NatKind.PortRestricted);
        pair.Run();

        // The stream is not waited for; CONNECT and CONNECT are a round trip over the relay; SYNC arrives half a one later.
        var expected = pair.StartedAt + (3 * PunchPair.RelayOneWay);
        Assert.Equal([expected], pair.A.DialedAt);
        Assert.Equal([expected], pair.B.DialedAt);
    }

    [Fact]
    public void The_relayed_connections_own_round_trip_beats_one_that_contains_a_hold()
    {
        var pair = new PunchPair(NatKind.PortRestricted, NatKind.PortRestricted);
        Unobserve(pair.A, pair.OwnA, TimeSpan.FromSeconds(1.5), pair);
        pair.B.Attempt.OnRelayRoundTrip(2 * PunchPair.RelayOneWay);
        pair.Run();
        Assert.True(pair.IsDirect);
        Assert.Equal(pair.A.DialedAt, pair.B.DialedAt);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void A_side_without_an_observation_holds_its_connect_for_it(bool aWaits, bool reset)
    {
        var pair = new PunchPair(NatKind.PortRestricted, NatKind.PortRestricted, reset);
        var (side, own) = aWaits ? (pair.A, pair.OwnA) : (pair.B, pair.OwnB);
        Unobserve(side, own, TimeSpan.FromSeconds(1.5), pair);
        pair.Run();
        Assert.True(pair.IsDirect);
        Assert.Equal(1, pair.B.Ended!.Round);
        Assert.True(pair.B.EndedAt - pair.StartedAt > TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public void Without_any_observation_the_hold_ends_after_two_seconds_and_the_reason_says_so()
    {
        var pair = new PunchPair(NatKind.PortRestricted, NatKind.PortRestricted);
        Unobserve(pair.A, pair.OwnA, TimeSpan.FromHours(1), pair);
        Unobserve(pair.B, pair.OwnB, TimeSpan.FromHours(1), pair);
        pair.Run();
        Assert.Equal(PunchEnd.Relayed, pair.B.Ended!.End);
        Assert.Equal(PunchReasons.NoAddress, pair.B.Ended.Reason);
        Assert.Equal(1, pair.B.Ended.Round);

        // Each side has held its CONNECT for two seconds; with no address on either there is no window to wait for.
        Assert.InRange(pair.B.EndedAt - pair.StartedAt, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(4.5));
        Assert.InRange(pair.A.EndedAt - pair.B.EndedAt, TimeSpan.Zero, TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public void An_open_side_is_reached_even_by_one_that_nobody_has_observed()
    {
        var pair = new PunchPair(NatKind.FullCone, NatKind.PortRestricted, identify: false);
        Unobserve(pair.B, pair.OwnB, TimeSpan.FromHours(1), pair);
        pair.Run();
        Assert.True(pair.IsDirect, $"A: {pair.A.Ended}, B: {pair.B.Ended}");
    }

    [Theory]
    [InlineData(NatKind.PortRestricted, NatKind.PortRestricted)]
    [InlineData(NatKind.None, NatKind.PortRestricted)]
    [InlineData(NatKind.Firewall, NatKind.FullCone)]
    public void A_peer_that_is_listener_where_the_spec_says_dialer_is_met_in_round_one(NatKind a, NatKind b)
    {
        var pair = new PunchPair(a, b, identify: false);
        pair.A.SwapsRoles = true;
        pair.Run();
        Assert.True(pair.IsDirect, $"A: {pair.A.Ended}, B: {pair.B.Ended}");
        Assert.Equal(1, pair.B.Ended!.Round);
    }

    [Fact]
    public void A_peer_that_is_dialer_where_the_spec_says_listener_is_met_in_a_later_round()
    {
        var pair = new PunchPair(NatKind.PortRestricted, NatKind.PortRestricted, identify: false);
        pair.B.SwapsRoles = true;
        pair.Run();
        Assert.Contains(pair.A.Done, e => e is PunchEffect.Punch { Role: PunchRole.Listener });
        Assert.Contains(pair.A.Done, e => e is PunchEffect.Punch { Role: PunchRole.Dialer });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_lost_message_costs_a_round_and_not_the_attempt(int number)
    {
        var pair = new PunchPair(NatKind.PortRestricted, NatKind.PortRestricted);
        pair.Relay.Lost.Add(number);
        pair.Run();
        Assert.True(pair.IsDirect, $"A: {pair.A.Ended}, B: {pair.B.Ended}");
        Assert.True(pair.B.Ended!.Round <= 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_stream_that_dies_is_followed_by_another(int after)
    {
        var pair = new PunchPair(NatKind.PortRestricted, NatKind.PortRestricted);
        pair.Relay.DiesAfter = after;
        pair.Run();
        Assert.True(pair.IsDirect, $"A: {pair.A.Ended}, B: {pair.B.Ended}");
        Assert.True(pair.B.Ended!.Round <= 2);
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(60, false)]
    [InlineData(400, false)]
    [InlineData(10, true)]
    [InlineData(60, true)]
    [InlineData(400, true)]
    public void A_late_sync_is_made_good_inside_the_window(int milliseconds, bool reset)
    {
        var pair = new PunchPair(NatKind.PortRestricted, NatKind.PortRestricted, reset);
        pair.Relay.SyncDelay = TimeSpan.FromMilliseconds(milliseconds);
        pair.Run();
        Assert.True(pair.IsDirect, $"A: {pair.A.Ended}, B: {pair.B.Ended}");
        Assert.Equal(1, pair.B.Ended!.Round);
    }

    [Fact]
    public void Two_symmetric_sides_stop_after_one_round()
    {
        var pair = new PunchPair(NatKind.Symmetric, NatKind.Symmetric);
        pair.Run();
        Assert.Equal(1, pair.B.Ended!.Round);
        Assert.Contains("both NATs are symmetric", pair.B.Ended.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hopeless_pair_knows_it_after_three_windows()
    {
        var pair = new PunchPair(NatKind.Symmetric, NatKind.PortRestricted);
        pair.Run();
        Assert.Equal(3, pair.B.Ended!.Round);
        Assert.True(pair.B.Ended.Elapsed < TimeSpan.FromSeconds(6), $"{pair.B.Ended.Elapsed}");
    }

    [Fact]
    public void A_relay_lost_before_sync_cancels_and_one_lost_after_it_does_not()
    {
        var early = new PunchPair(NatKind.PortRestricted, NatKind.PortRestricted);
        early.Network.At(3 * PunchPair.RelayOneWay, () => LoseRelay(early));
        early.Run();
        Assert.Equal((PunchEnd.Cancelled, PunchReasons.RelayLost), (early.B.Ended!.End, early.B.Ended.Reason));
        Assert.Equal(PunchEnd.Cancelled, early.A.Ended!.End);

        var late = new PunchPair(NatKind.PortRestricted, NatKind.PortRestricted);
        late.Network.At((5 * PunchPair.RelayOneWay) + TimeSpan.FromMilliseconds(1), () => LoseRelay(late));
        late.Run();
        Assert.True(late.IsDirect);
    }

    [Fact]
    public void A_punch_that_fails_after_its_relay_was_lost_is_cancelled()
    {
        var pair = new PunchPair(NatKind.Symmetric, NatKind.PortRestricted);
        pair.Network.At((5 * PunchPair.RelayOneWay) + TimeSpan.FromMilliseconds(1), () => LoseRelay(pair));
        pair.Run();
        Assert.Equal(PunchEnd.Cancelled, pair.A.Ended!.End);
        Assert.Equal(PunchEnd.Cancelled, pair.B.Ended!.End);
    }

    private static bool Possible(NatKind a, NatKind b) =>
        (a != NatKind.Symmetric && b != NatKind.Symmetric)
        || (a == NatKind.Symmetric && OpenToUnknownPorts.Contains(b))
        || (b == NatKind.Symmetric && OpenToUnknownPorts.Contains(a));

    private static void LoseRelay(PunchPair pair)
    {
        pair.A.Apply(pair.A.Attempt.OnRelayLost(pair.Network.Now));
        pair.B.Apply(pair.B.Attempt.OnRelayLost(pair.Network.Now));
    }

    private static void Unobserve(PunchSide side, OwnAddresses own, TimeSpan until, PunchPair pair)
    {
        side.Apply(side.Attempt.OnOwnAddresses(own with { Observed = [] }, pair.Network.Now));
        pair.Network.At(until, () => side.Apply(side.Attempt.OnOwnAddresses(own, pair.Network.Now)));
    }
}
