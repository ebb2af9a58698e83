using NatActors.Protocols.Addresses;

namespace NatActors.Protocols.Tests.Addresses;

/// <summary>Observers that listen on one port each and open a second one on request.</summary>
public sealed class SecondPortProbeTests
{
    private const string R = "192.0.1.1:4001";
    private const string S = "192.0.1.2:4001";
    private const string AtR = "192.0.1.9:20001";
    private const string AtS = "192.0.1.9:31477";

    private readonly NatScene _scene = new();

    private NatReport Report => _scene.Report;

    [Theory]
    [InlineData(AtR, NatMapping.AddressDependent)]
    [InlineData("192.0.1.9:47110", NatMapping.AddressAndPortDependent)]
    public void What_one_observer_sees_on_a_second_port_tells_whether_the_port_matters(string seen, NatMapping mapping)
    {
        Symmetric().Opens(1);
        Assert.Equal([1], _scene.SecondPorts);

        _scene.SecondPort(1, "192.0.1.1:40123", seen);

        Assert.Equal(mapping, Report.Mapping);
        Assert.Equal(mapping, Assert.IsType<NatEffect.Changed>(_scene.Effects[^1]).Report.Mapping);
        Assert.DoesNotContain(Report.Reasons, r => r.Contains("is not known", StringComparison.Ordinal));
    }

    [Fact]
    public void The_order_in_which_things_become_known_does_not_matter()
    {
        _scene.Opens(1).Opens(2);
        Assert.Empty(_scene.SecondPorts);

        Symmetric();

        Assert.Equal([1, 2], _scene.SecondPorts.Order());
    }

    [Fact]
    public void Nobody_is_asked_where_nothing_is_to_be_learnt()
    {
        // One observer alone; then two who see the same.
        _scene.Opens(1).Opens(2).Sees(R, AtR);
        Assert.Equal(NatMapping.Unknown, Report.Mapping);
        _scene.Sees(S, AtR);
        Assert.Equal(NatMapping.EndpointIndependent, Report.Mapping);
        _scene.After(TimeSpan.FromHours(0.9));

        // No translation.
        const string Own = "192.0.1.77:4001";
        var open = new NatScene().Opens(1).Opens(2).Sees(R, Own, local: Own).Sees(S, Own, local: Own);
        Assert.Equal(NatMapping.None, open.Report.Mapping);

        // One who has been contacted on two ports already.
        var known = new NatScene().Opens(1).Opens(2).Opens(3).Sees(R, AtR).Sees("192.0.1.1:4002", "192.0.1.9:5").Sees(S, AtS);
        Assert.Equal(NatMapping.AddressAndPortDependent, known.Report.Mapping);

        Assert.Empty(_scene.SecondPorts.Concat(open.SecondPorts).Concat(known.SecondPorts));
    }

    [Fact]
    public void Nobody_is_asked_who_dialed_in_or_does_not_speak_the_protocol_or_speaks_over_udp()
    {
        Symmetric().Sees("192.0.1.3:1", "192.0.1.9:7", outbound: false).Opens(3);
        _scene.Sees(R, AtR, isUdp: true).Sees(S, AtS, isUdp: true).Opens(4).Opens(5);

        Assert.Empty(_scene.SecondPorts);
    }

    [Fact]
    public void Two_observers_are_asked_and_no_third_in_half_an_hour()
    {
        Symmetric().Sees("192.0.1.3:1", "192.0.1.9:777").Opens(1).Opens(2).Opens(3);
        Assert.Equal([1, 2], _scene.SecondPorts);
        _scene.SecondPort(1, "192.0.1.1:40123", null).SecondPort(2, "192.0.1.2:40123", null);

        _scene.After(TimeSpan.FromMinutes(29));
        Assert.Equal([1, 2], _scene.SecondPorts);
        Assert.Equal(NatMapping.Dependent, Report.Mapping);

        _scene.After(TimeSpan.FromMinutes(1));
        Assert.Equal([1, 2, 1, 2], _scene.SecondPorts);
    }

    [Fact]
    public void One_host_is_asked_once_however_many_connections_there_are()
    {
        Symmetric().Sees(R, "192.0.1.9:20001").Opens(1).Opens(3);

        Assert.Equal([1], _scene.SecondPorts);
    }

    [Fact]
    public void A_change_of_the_network_asks_anew_and_takes_no_answer_of_before()
    {
        Symmetric().Opens(1);

        _scene.Take(_scene.Nat.OnNetworkChanged(_scene.Now));
        Assert.Equal([1, 1], _scene.SecondPorts);
        _scene.SecondPort(1, "192.0.1.1:40123", AtR);
        Assert.Equal(NatMapping.AddressDependent, Report.Mapping);
        _scene.Take(_scene.Nat.OnNetworkChanged(_scene.Now));

        Assert.Equal(NatMapping.Dependent, Report.Mapping);
        Assert.Equal([1, 1, 1], _scene.SecondPorts);
    }

    [Theory]
    [InlineData("192.0.1.1:4001", AtR, NatScene.Inside)]
    [InlineData("192.0.1.7:40123", AtR, NatScene.Inside)]
    [InlineData("192.0.1.1:40123", "10.0.0.9:5", NatScene.Inside)]
    [InlineData("192.0.1.1:40123", "[2a00::1]:5", NatScene.Inside)]
    [InlineData("192.0.1.1:40123", AtR, "10.0.0.2:50000")]
    [InlineData("192.0.1.1:40123", AtR, "10.9.0.2:4001")]
    public void A_sighting_that_compares_with_nothing_is_worth_nothing(string server, string seen, string local)
    {
        Symmetric().Opens(1);

        _scene.SecondPort(1, server, seen, local);

        Assert.Equal(NatMapping.Dependent, Report.Mapping);
    }

    [Fact]
    public void Nobody_is_believed_who_was_not_asked()
    {
        Symmetric().SecondPort(1, "192.0.1.1:40123", AtR);

        Assert.Equal(NatMapping.Dependent, Report.Mapping);
    }

    [Fact]
    public void Two_who_contradict_each_other_decide_nothing()
    {
        Symmetric().Opens(1).Opens(2);

        _scene.SecondPort(1, "192.0.1.1:40123", AtR);
        Assert.Equal(NatMapping.AddressDependent, Report.Mapping);
        _scene.SecondPort(2, "192.0.1.2:40123", "192.0.1.9:6");

        Assert.Contains(Report.Reasons, r => r.Contains("2 observers contacted on several ports contradict each other", StringComparison.Ordinal));
    }

    [Fact]
    public void What_was_learnt_outlives_its_observer_for_an_hour_and_is_asked_for_again_when_it_can_be()
    {
        Symmetric().Sees("192.0.1.3:1", "192.0.1.9:777").Opens(1).SecondPort(1, "192.0.1.1:40123", "192.0.1.9:6");
        _scene.Leaves(R).Take(_scene.Nat.OnSecondPortServer(1, Connections.Peers.Numbered(1), false, _scene.Now));
        Assert.Equal(NatMapping.AddressAndPortDependent, Report.Mapping);
        Assert.Contains(Report.Reasons, r => r.EndsWith("was seen earlier", StringComparison.Ordinal));

        _scene.After(TimeSpan.FromHours(1.1));
        Assert.Equal(NatMapping.Dependent, Report.Mapping);

        _scene.Opens(2);
        Assert.Equal([1, 2], _scene.SecondPorts);
        _scene.SecondPort(2, "192.0.1.2:40123", "192.0.1.9:8");
        Assert.Equal(NatMapping.AddressAndPortDependent, Report.Mapping);
    }

    [Fact]
    public void A_sighting_goes_with_what_it_was_compared_with()
    {
        Symmetric().Opens(1).SecondPort(1, "192.0.1.1:40123", AtR);

        // The observer comes back by another connection, through another mapping: its old second port compares with nothing now.
        _scene.Leaves(R).Sees(R, "192.0.1.9:20999");

        Assert.Equal(NatMapping.AddressDependent, Report.Mapping);
        Assert.Contains(Report.Reasons, r => r.EndsWith("was seen earlier", StringComparison.Ordinal));
    }

    [Fact]
    public void Ports_that_step_evenly_are_told_by_two_observers_and_their_second_ports()
    {
        _scene.Sees(R, "192.0.1.9:20001").Sees(S, "192.0.1.9:20002").Opens(1).SecondPort(1, "192.0.1.1:40123", "192.0.1.9:20003");

        Assert.Equal((NatMapping.AddressAndPortDependent, 1), (Report.Mapping, Report.PortStep));
    }

    [Fact]
    public void Servers_that_are_remembered_are_bounded()
    {
        var scene = new NatScene(new NatBehaviourRules { MaxSecondPortServers = 1 });

        scene.Opens(7).Opens(1).Sees(R, AtR).Sees(S, AtS);

        Assert.Empty(scene.SecondPorts);
    }

    private NatScene Symmetric() => _scene.Sees(R, AtR).Sees(S, AtS);
}
