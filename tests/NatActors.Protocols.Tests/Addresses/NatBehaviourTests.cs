using System.Net;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using static NatActors.Protocols.AutoNat.WitnessOutcome;

namespace NatActors.Protocols.Tests.Addresses;

public sealed class NatBehaviourTests
{
    private const string Kept = "192.0.1.9:4001";
    private const string R = "192.0.1.1:4001";
    private const string S = "192.0.1.2:4001";

    private readonly NatScene _scene = new();

    private NatReport Report => _scene.Report;

    [Fact]
    public void A_stranger_who_came_in_proves_that_nothing_is_filtered()
    {
        _scene.Sees(R, Kept).Sees(S, Kept).Verdict(Kept, Reachability.Public, (R, Reached), (S, ReachedByStranger));

        Assert.Equal(NatFiltering.EndpointIndependent, Report.Filtering);
    }

    [Fact]
    public void Dial_backs_from_contacted_addresses_alone_prove_no_filtering()
    {
        _scene.Sees(R, Kept).Sees(S, Kept).Verdict(Kept, Reachability.Public, (R, Reached), (S, Reached));

        Assert.Equal(NatFiltering.Unknown, Report.Filtering);
        Assert.Contains(Report.Reasons, r => r.EndsWith("filtering unproven", StringComparison.Ordinal));
    }

    [Fact]
    public void A_stranger_kept_out_where_the_contacted_came_in_shows_filtering_by_address()
    {
        _scene.Sees(R, Kept).Sees(S, Kept).Verdict(Kept, Reachability.Private, (R, ReachedByContactOnly));

        Assert.Equal(NatFiltering.AddressDependent, Report.Filtering);
    }

    [Fact]
    public void A_server_who_lies_about_strangers_is_refuted_by_one_who_came_in()
    {
        _scene.Sees(R, Kept).Sees(S, Kept).Verdict(Kept, Reachability.Public, (R, ReachedByContactOnly), (S, ReachedByStranger));

        Assert.Equal(NatFiltering.EndpointIndependent, Report.Filtering);
    }

    [Fact]
    public void Dial_backs_that_do_not_come_in_show_filtering_by_address_and_port()
    {
        _scene.Sees(R, Kept).Sees(S, Kept).Verdict(Kept, Reachability.Private, (R, NotReached), (S, NotReached));

        Assert.Equal(NatFiltering.AddressAndPortDependent, Report.Filtering);
    }

    [Fact]
    public void Refusals_show_nothing_and_neither_does_a_failure_without_a_verdict()
    {
        _scene.Sees(R, Kept).Sees(S, Kept).Verdict(Kept, Reachability.Private, (R, NoEvidence));
        Assert.Equal(NatFiltering.Unknown, Report.Filtering);

        _scene.Verdict(Kept, Reachability.Unknown, (R, NotReached));
        Assert.Equal(NatFiltering.Unknown, Report.Filtering);
    }

    [Fact]
    public void Behind_a_symmetric_nat_only_the_server_that_was_given_the_address_can_show_the_filter()
    {
        _scene.Sees(R, "192.0.1.9:20001").Sees(S, "192.0.1.9:30001");

        _scene.Verdict("192.0.1.9:20001", Reachability.Private, (S, NotReached));
        Assert.Equal(NatFiltering.Unknown, Report.Filtering);

        _scene.Verdict("192.0.1.9:20001", Reachability.Private, (R, NotReached));
        Assert.Equal(NatFiltering.AddressAndPortDependent, Report.Filtering);
    }

    [Fact]
    public void A_mapping_that_the_router_was_asked_for_shows_nothing_of_its_filter()
    {
        _scene.Take(_scene.Nat.OnMapped([NatScene.Tcp(Kept)], _scene.Now));

        _scene.Sees(R, Kept).Sees(S, Kept).Verdict(Kept, Reachability.Public, (R, ReachedByStranger));

        Assert.Equal(NatFiltering.Unknown, Report.Filtering);
    }

    [Theory]
    [InlineData("100.64.0.5", Known.Yes)]
    [InlineData("192.168.1.2", Known.Yes)]
    [InlineData("192.0.1.99", Known.Yes)]
    [InlineData("192.0.1.9", Known.No)]
    [InlineData("0.0.0.0", Known.Unknown)]
    public void What_the_router_says_of_itself_tells_a_second_nat(string external, Known doubleNat)
    {
        _scene.Sees(R, Kept).Sees(S, Kept);

        _scene.Take(_scene.Nat.OnRouterReports("nat-pmp", IPAddress.Parse(external), _scene.Now));
        Assert.Equal(doubleNat, Report.DoubleNat);

        _scene.Take(_scene.Nat.OnRouterReports("nat-pmp", null, _scene.Now));
        Assert.Equal(Known.Unknown, Report.DoubleNat);
    }

    [Fact]
    public void Without_an_observer_a_public_router_address_proves_nothing_and_a_carriers_does()
    {
        _scene.Take(_scene.Nat.OnRouterReports("pcp", IPAddress.Parse("192.0.1.9"), _scene.Now));
        Assert.Equal(Known.Unknown, Report.DoubleNat);

        _scene.Take(_scene.Nat.OnRouterReports("upnp-igd1", IPAddress.Parse("100.70.0.1"), _scene.Now));
        Assert.Equal(Known.Yes, Report.DoubleNat);
    }

    [Fact]
    public void Router_reports_are_bounded()
    {
        var scene = new NatScene(new NatBehaviourRules { MaxRouters = 1 });
        scene.Take(scene.Nat.OnRouterReports("pcp", IPAddress.Parse("192.0.1.9"), scene.Now));
        scene.Take(scene.Nat.OnRouterReports("nat-pmp", IPAddress.Parse("10.0.0.9"), scene.Now));

        Assert.Equal(Known.Unknown, scene.Report.DoubleNat);
    }

    [Fact]
    public void The_hairpin_is_tried_at_the_address_that_every_destination_sees()
    {
        _scene.Sees(R, Kept);
        Assert.Empty(_scene.Hairpins);

        _scene.Sees(S, Kept);

        Assert.Equal([NatScene.Tcp(Kept)], _scene.Hairpins);
        _scene.Take(_scene.Nat.OnHairpin(NatScene.Tcp(Kept), HairpinOutcome.Reached, _scene.Now));
        Assert.Equal(Known.Yes, Report.Hairpin);
    }

    [Fact]
    public void Silence_at_an_address_that_strangers_may_not_reach_either_shows_nothing()
    {
        _scene.Sees(R, Kept).Sees(S, Kept);

        _scene.Take(_scene.Nat.OnHairpin(NatScene.Tcp(Kept), HairpinOutcome.NotReached, _scene.Now));

        Assert.Equal(Known.Unknown, Report.Hairpin);
    }

    [Fact]
    public void Silence_at_a_confirmed_address_shows_that_the_router_does_not_turn_packets_back()
    {
        _scene.Sees(R, Kept).Verdict(Kept, Reachability.Public, (R, Reached));
        Assert.Equal([NatScene.Tcp(Kept)], _scene.Hairpins);

        _scene.Take(_scene.Nat.OnHairpin(NatScene.Tcp(Kept), HairpinOutcome.NotReached, _scene.Now));

        Assert.Equal(Known.No, Report.Hairpin);
    }

    [Fact]
    public void A_confirmed_address_is_tried_again_but_no_sooner_than_a_minute_later()
    {
        _scene.Sees(R, Kept).Sees(S, Kept);
        _scene.Take(_scene.Nat.OnHairpin(NatScene.Tcp(Kept), HairpinOutcome.NotReached, _scene.Now));

        _scene.Verdict(Kept, Reachability.Public, (R, Reached));
        Assert.Single(_scene.Hairpins);
        _scene.Now += TimeSpan.FromMinutes(1);
        _scene.Take(_scene.Nat.OnTick(_scene.Now));
        Assert.Equal(2, _scene.Hairpins.Count());

        _scene.Take(_scene.Nat.OnHairpin(NatScene.Tcp(Kept), HairpinOutcome.NotReached, _scene.Now));
        _scene.Now += TimeSpan.FromHours(1);
        _scene.Take(_scene.Nat.OnTick(_scene.Now));
        Assert.Equal(2, _scene.Hairpins.Count());
    }

    [Fact]
    public void Without_translation_there_is_no_hairpin_to_try()
    {
        _scene.Take(_scene.Nat.OnListening([NatScene.Tcp("192.0.1.77:4001")], _scene.Now));
        _scene.Sees(R, "192.0.1.77:4001", local: "192.0.1.77:4001").Verdict("192.0.1.77:4001", Reachability.Public, (R, Reached));

        Assert.Empty(_scene.Hairpins);
    }

    [Fact]
    public void Another_network_forgets_the_hairpin_and_tries_again()
    {
        _scene.Sees(R, Kept).Sees(S, Kept);
        _scene.Take(_scene.Nat.OnHairpin(NatScene.Tcp(Kept), HairpinOutcome.Reached, _scene.Now));

        _scene.Take(_scene.Nat.OnNetworkChanged(_scene.Now));

        Assert.Equal(Known.Unknown, Report.Hairpin);
        Assert.Equal(2, _scene.Hairpins.Count());
    }

    [Fact]
    public void A_change_is_told_once_and_other_reasons_for_the_same_are_not()
    {
        _scene.Sees(R, Kept).Sees(S, Kept);
        var told = _scene.Effects.OfType<NatEffect.Changed>().Count();

        _scene.Sees("192.0.1.3:1", Kept);

        Assert.Contains(Report.Reasons, r => r.StartsWith("3 of 3 observers", StringComparison.Ordinal));
        Assert.Equal(2, told);
        Assert.Equal(told, _scene.Effects.OfType<NatEffect.Changed>().Count());
    }
}
