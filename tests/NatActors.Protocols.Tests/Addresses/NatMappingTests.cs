using NatActors.Protocols.Addresses;

namespace NatActors.Protocols.Tests.Addresses;

public sealed class NatMappingTests
{
    private const string Kept = "192.0.1.9:4001";

    private readonly NatScene _scene = new();

    private NatReport Report => _scene.Report;

    [Fact]
    public void Nobody_has_said_anything()
    {
        Assert.Equal((NatMapping.Unknown, Known.Unknown), (Report.Mapping, Report.PortPreserved));
        Assert.Contains("no peer has said where it sees this node", Report.Reasons);
        Assert.Empty(_scene.Effects);
    }

    [Fact]
    public void One_observer_who_sees_the_interface_shows_that_there_is_no_translation()
    {
        _scene.Sees("192.0.1.1:4001", NatScene.Inside.Replace("10.0.0.2", "192.0.1.77"), local: "192.0.1.77:4001");

        Assert.Equal((NatMapping.None, Known.Yes), (Report.Mapping, Report.PortPreserved));
    }

    [Fact]
    public void One_observer_behind_a_nat_shows_the_port_and_nothing_else()
    {
        _scene.Sees("192.0.1.1:4001", Kept);

        Assert.Equal((NatMapping.Unknown, Known.Yes), (Report.Mapping, Report.PortPreserved));
        Assert.Contains(Report.Reasons, r => r.StartsWith("only one observer on the internet (192.0.1.1)", StringComparison.Ordinal));
    }

    [Fact]
    public void Many_connections_to_one_observer_are_one_observer()
    {
        _scene.Sees("192.0.1.1:4001", Kept).Sees("192.0.1.1:4002", Kept).Sees("192.0.1.1:4003", "192.0.1.9:7");

        Assert.Equal(NatMapping.Unknown, Report.Mapping);
    }

    [Fact]
    public void Two_observers_who_see_the_same_show_an_endpoint_independent_mapping()
    {
        _scene.Sees("192.0.1.1:4001", "192.0.1.9:20001").Sees("192.0.1.2:4001", "192.0.1.9:20001");

        Assert.Equal((NatMapping.EndpointIndependent, Known.No), (Report.Mapping, Report.PortPreserved));
        var event_ = Assert.IsType<NatEffect.Changed>(_scene.Effects.Last(e => e is NatEffect.Changed));
        Assert.Equal(NatMapping.EndpointIndependent, event_.Report.Mapping);
    }

    [Fact]
    public void A_symmetric_nat_takes_two_observers_to_be_seen()
    {
        _scene.Sees("192.0.1.1:4001", "192.0.1.9:20001");
        Assert.Equal(NatMapping.Unknown, Report.Mapping);

        _scene.Sees("192.0.1.2:4001", "192.0.1.9:31477");

        Assert.Equal((NatMapping.Dependent, Known.No, true), (Report.Mapping, Report.PortPreserved, Report.IsSymmetric));
        Assert.Contains(Report.Reasons, r => r.Contains("whether the destination's port matters too is not known", StringComparison.Ordinal));
        Assert.Null(Report.PortStep);
    }

    [Theory]
    [InlineData("192.0.1.9:20001", NatMapping.AddressDependent)]
    [InlineData("192.0.1.9:47110", NatMapping.AddressAndPortDependent)]
    public void An_observer_contacted_on_two_ports_tells_whether_the_port_matters(string second, NatMapping mapping)
    {
        _scene.Sees("192.0.1.1:4001", "192.0.1.9:20001").Sees("192.0.1.1:4002", second).Sees("192.0.1.2:4001", "192.0.1.9:31477");

        Assert.Equal(mapping, Report.Mapping);
    }

    [Theory]
    [InlineData(20001, 20002, 20003, 1)]
    [InlineData(20005, 20001, 20003, 2)]
    [InlineData(20001, 20002, 20004, null)]
    [InlineData(20001, 20101, 20201, null)]
    public void Ports_that_step_evenly_are_told(int first, int second, int third, int? step)
    {
        _scene.Sees("192.0.1.1:1", $"192.0.1.9:{first}").Sees("192.0.1.2:1", $"192.0.1.9:{second}");
        Assert.Null(Report.PortStep);

        _scene.Sees("192.0.1.3:1", $"192.0.1.9:{third}");

        Assert.Equal((NatMapping.Dependent, step), (Report.Mapping, Report.PortStep));
    }

    [Fact]
    public void A_liar_among_three_observers_moves_nothing()
    {
        _scene.Sees("192.0.1.66:1", "11.1.1.1:666").Sees("192.0.1.1:1", Kept).Sees("192.0.1.2:1", Kept);

        Assert.Equal((NatMapping.EndpointIndependent, Known.Yes), (Report.Mapping, Report.PortPreserved));
    }

    [Fact]
    public void A_liar_who_claims_that_there_is_no_nat_is_outvoted()
    {
        _scene.Sees("192.0.1.1:1", Kept).Sees("192.0.1.2:1", Kept).Sees("192.0.1.66:1", "10.0.0.2:4001");

        Assert.Equal(NatMapping.EndpointIndependent, Report.Mapping);
    }

    [Fact]
    public void As_many_liars_as_honest_observers_leave_the_claim_as_it_was()
    {
        _scene.Sees("192.0.1.1:1", Kept).Sees("192.0.1.2:1", Kept);

        _scene.Sees("192.0.1.66:1", "192.0.1.9:666").Sees("192.0.1.67:1", "192.0.1.9:666");

        Assert.Equal(NatMapping.EndpointIndependent, Report.Mapping);
        Assert.Contains(Report.Reasons, r => r.Contains("contradict each other", StringComparison.Ordinal));
    }

    [Fact]
    public void Two_liars_do_not_overturn_what_three_have_shown()
    {
        _scene.Sees("192.0.1.1:1", Kept).Sees("192.0.1.2:1", Kept).Sees("192.0.1.3:1", Kept);
        _scene.Leaves("192.0.1.1:1").Leaves("192.0.1.2:1").Leaves("192.0.1.3:1");

        _scene.Sees("192.0.1.66:1", "192.0.1.9:666").Sees("192.0.1.67:1", "192.0.1.9:667");

        Assert.Equal(NatMapping.EndpointIndependent, Report.Mapping);
    }

    [Fact]
    public void As_many_new_observers_as_the_old_claim_stood_on_overturn_it()
    {
        _scene.Sees("192.0.1.1:1", Kept).Sees("192.0.1.2:1", Kept).Leaves("192.0.1.1:1").Leaves("192.0.1.2:1");

        _scene.Sees("192.0.1.1:1", "192.0.1.9:20001").Sees("192.0.1.2:1", "192.0.1.9:30001");

        Assert.Equal(NatMapping.Dependent, Report.Mapping);
    }

    [Fact]
    public void A_claim_outlives_its_witnesses_for_an_hour()
    {
        _scene.Sees("192.0.1.1:1", Kept).Sees("192.0.1.2:1", Kept).Leaves("192.0.1.2:1");
        Assert.Equal(NatMapping.EndpointIndependent, Report.Mapping);
        Assert.Contains(Report.Reasons, r => r.StartsWith("this was seen earlier", StringComparison.Ordinal));

        _scene.Now += TimeSpan.FromHours(1.1);
        _scene.Take(_scene.Nat.OnTick(_scene.Now));

        Assert.Equal(NatMapping.Unknown, Report.Mapping);
        Assert.Equal(NatMapping.Unknown, Assert.IsType<NatEffect.Changed>(_scene.Effects[^1]).Report.Mapping);
    }

    [Fact]
    public void A_single_observer_who_sees_the_port_treated_otherwise_ends_an_old_claim()
    {
        _scene.Sees("192.0.1.1:1", Kept).Sees("192.0.1.2:1", Kept).Leaves("192.0.1.1:1").Leaves("192.0.1.2:1");

        _scene.Sees("192.0.1.1:1", "192.0.1.9:20001");

        Assert.Equal((NatMapping.Unknown, Known.No), (Report.Mapping, Report.PortPreserved));
    }

    [Fact]
    public void Another_network_forgets_what_the_old_router_did()
    {
        _scene.Sees("192.0.1.1:1", Kept).Sees("192.0.1.2:1", Kept).Leaves("192.0.1.1:1").Leaves("192.0.1.2:1");

        _scene.Take(_scene.Nat.OnNetworkChanged(_scene.Now));

        Assert.Equal((NatMapping.Unknown, Known.Unknown), (Report.Mapping, Report.PortPreserved));
    }

    [Fact]
    public void Peers_that_dialed_in_do_not_show_the_mapping()
    {
        _scene.Sees("192.0.1.1:1", Kept, outbound: false).Sees("192.0.1.2:1", Kept, outbound: false);

        Assert.Equal(NatMapping.Unknown, Report.Mapping);
        Assert.Contains(Report.Reasons, r => r.StartsWith("only peers that dialed this node", StringComparison.Ordinal));
    }

    [Fact]
    public void Peers_in_private_networks_do_not_show_what_stands_before_the_internet()
    {
        _scene.Sees("10.0.0.8:1", NatScene.Inside).Sees("10.0.0.9:1", NatScene.Inside);

        Assert.Equal(NatMapping.Unknown, Report.Mapping);
        Assert.Contains("only peers in private networks (2) have said where they see this node", Report.Reasons);
    }

    [Fact]
    public void Of_two_interfaces_the_better_witnessed_speaks()
    {
        _scene.Sees("192.0.1.1:1", "192.0.1.8:20001", local: "10.9.0.2:4001")
            .Sees("192.0.1.1:2", Kept)
            .Sees("192.0.1.2:1", Kept);

        Assert.Equal(NatMapping.EndpointIndependent, Report.Mapping);
    }

    [Fact]
    public void Tcp_and_udp_and_the_two_families_are_kept_apart()
    {
        _scene.Sees("192.0.1.1:1", Kept).Sees("192.0.1.2:1", Kept)
            .Sees("192.0.1.1:1", "192.0.1.9:20001", isUdp: true)
            .Sees("192.0.1.2:1", "192.0.1.9:20777", isUdp: true)
            .Sees("[2a00:1::1]:1", "[2a00:9::9]:4001", local: "[2a00:9::9]:4001");

        Assert.Equal(
            [
                (IpFamily.Ip4, IpProtocol.Tcp, NatMapping.EndpointIndependent),
                (IpFamily.Ip4, IpProtocol.Udp, NatMapping.Dependent),
                (IpFamily.Ip6, IpProtocol.Tcp, NatMapping.None),
            ],
            _scene.Nat.Reports.Select(r => (r.Family, r.Protocol, r.Mapping)));
    }

    [Fact]
    public void Observers_in_one_IPv6_household_are_one()
    {
        _scene.Sees("[2a00:1::1]:1", "[2a00:9::9]:20001", local: "[fd00::2]:4001")
            .Sees("[2a00:1::2]:1", "[2a00:9::9]:20001", local: "[fd00::2]:4001");
        Assert.Equal(NatMapping.Unknown, _scene.Nat.Reports.Single(r => r.Family == IpFamily.Ip6).Mapping);

        _scene.Sees("[2a00:2::1]:1", "[2a00:9::9]:20001", local: "[fd00::2]:4001");

        Assert.Equal(NatMapping.EndpointIndependent, _scene.Nat.Reports.Single(r => r.Family == IpFamily.Ip6).Mapping);
    }
}
