using NatActors.Protocols.HolePunch;

namespace NatActors.Protocols.Tests.HolePunch;

public sealed class PunchRulesTests
{
    [Fact]
    public void The_side_that_made_the_relayed_connection_is_the_dialer()
    {
        Assert.Equal(PunchRole.Dialer, PunchRoles.For(initiator: false, round: 1, failedUpgrades: 0, agent: null));
        Assert.Equal(PunchRole.Listener, PunchRoles.For(initiator: true, round: 1, failedUpgrades: 0, agent: "js-libp2p/3.3.11"));
    }

    [Fact]
    public void A_failed_upgrade_turns_the_roles_round()
    {
        Assert.Equal(PunchRole.Listener, PunchRoles.For(initiator: false, round: 2, failedUpgrades: 1, agent: null));
        Assert.Equal(PunchRole.Dialer, PunchRoles.For(initiator: false, round: 3, failedUpgrades: 2, agent: null));
    }

    [Theory]
    [InlineData("go-libp2p/0.40.0", PunchRole.Listener)]
    [InlineData("go-libp2p/0.9", PunchRole.Listener)]
    [InlineData("go-libp2p/0.41.1", PunchRole.Dialer)]
    [InlineData("go-libp2p/0.", PunchRole.Dialer)]
    [InlineData("go-libp2p/0.99999999999999999999", PunchRole.Dialer)]
    public void Go_before_0_41_has_the_roles_the_other_way_round(string agent, PunchRole ours) =>
        Assert.Equal(ours, PunchRoles.For(initiator: false, round: 1, failedUpgrades: 0, agent));

    [Fact]
    public void On_the_third_connect_of_a_go_peer_its_dialer_is_met_by_a_listener()
    {
        Assert.Equal(PunchRole.Dialer, PunchRoles.For(initiator: false, round: 2, failedUpgrades: 0, agent: "go-libp2p/0.43"));
        Assert.Equal(PunchRole.Listener, PunchRoles.For(initiator: false, round: 3, failedUpgrades: 0, agent: "go-libp2p/0.43"));
        Assert.Equal(PunchRole.Dialer, PunchRoles.For(initiator: false, round: 3, failedUpgrades: 0, agent: "js-libp2p/3"));
    }

    [Fact]
    public void A_window_outlasts_the_kernels_first_retransmission_and_the_way_there_and_back()
    {
        var roundTrip = TimeSpan.FromMilliseconds(40);
        Assert.True(PunchWindow.For(roundTrip) > PunchWindow.SynRetransmission + roundTrip);
        Assert.Equal(PunchWindow.Longest, PunchWindow.For(TimeSpan.FromMinutes(1)));
    }

    [Theory]
    [InlineData(NatHint.PortChanged, NatHint.PortChanged, "both NATs are symmetric")]
    [InlineData(NatHint.PortPerDestination, NatHint.PortKept, "this side's NAT is symmetric (each observer sees another port)")]
    [InlineData(NatHint.PortKept, NatHint.PortChanged, "the peer's NAT is symmetric")]
    [InlineData(NatHint.PortKept, NatHint.PortKept, "no answer from the peer's addresses in 3 rounds")]
    public void The_reason_names_the_nat(NatHint own, NatHint peer, string words) =>
        Assert.StartsWith(
            words,
            PunchReasons.Classify(new PunchEvidence(own, peer, PunchDialFailure.NoAnswer, 3, 1, 1, 1)),
            StringComparison.Ordinal);

    [Theory]
    [InlineData(0, 0, 0, "neither side knows")]
    [InlineData(0, 1, 1, "this node knows no public address")]
    [InlineData(1, 0, 0, "the peer knows no public address")]
    [InlineData(1, 0, null, "the peer did not answer")]
    [InlineData(1, 0, 2, "none of the peer's addresses can be punched to")]
    public void The_reason_names_what_is_missing(int own, int peer, int? sent, string words) =>
        Assert.StartsWith(
            words,
            PunchReasons.Classify(new PunchEvidence(NatHint.Unknown, NatHint.Unknown, null, 1, own, peer, sent)),
            StringComparison.Ordinal);

    [Theory]
    [InlineData(PunchDialFailure.Refused)]
    [InlineData(PunchDialFailure.NoAnswer)]
    [InlineData(PunchDialFailure.Unreachable)]
    [InlineData(PunchDialFailure.TupleInUse)]
    [InlineData(PunchDialFailure.NotPermitted)]
    [InlineData(PunchDialFailure.Other)]
    public void Every_cause_has_words_of_its_own(PunchDialFailure cause)
    {
        var all = Enum.GetValues<PunchDialFailure>().Select(Words).ToList();
        Assert.Single(all, w => w == Words(cause));
    }

    private static string Words(PunchDialFailure cause) =>
        PunchReasons.Classify(new PunchEvidence(NatHint.PortKept, NatHint.PortKept, cause, 1, 1, 1, 1));
}
