using System.Net;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.PortMapping;

namespace NatActors.Protocols.Tests.PortMapping;

public sealed class PortMapKeeperTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Every_protocol_is_found_and_the_port_is_mapped_once_by_the_best()
    {
        var home = Home(r => (r.SpeaksPcp, r.SpeaksNatPmp, r.Upnp) = (true, true, 2));
        home.Run(3 * Second);

        Assert.Equal(["nat-pmp", "pcp", "upnp-igd2"], home.Keeper.Protocols.Select(p => p.Protocol).Order());
        Assert.Equal(("pcp", new IPEndPoint(home.Router.External, 4001), TimeSpan.FromHours(2)), (home.Mapping.Protocol, home.Mapping.External, home.Mapping.Lease));
        Assert.Single(home.Router.Mappings);
        Assert.DoesNotContain("AddPortMapping", home.Router.Actions);
    }

    [Theory]
    [InlineData(false, true, 2, "nat-pmp")]
    [InlineData(false, false, 2, "upnp-igd2")]
    [InlineData(false, false, 1, "upnp-igd1")]
    [InlineData(true, false, 1, "pcp")]
    public void Whatever_a_router_speaks_maps_the_port(bool pcp, bool natPmp, int upnp, string protocol)
    {
        var home = Home(r => (r.SpeaksPcp, r.SpeaksNatPmp, r.Upnp) = (pcp, natPmp, upnp));
        home.Run(2 * Second);

        Assert.Equal(protocol, home.Mapping.Protocol);
        Assert.Single(home.Router.Mappings);
        Assert.Contains(home.Told.OfType<PortMapEffect.Reported>(), r => r.Protocol == protocol && Equals(r.External, home.Router.External));
    }

    [Theory]
    [InlineData("pcp", 7200)]
    [InlineData("nat-pmp", 7200)]
    [InlineData("upnp-igd2", 3600)]
    public void A_mapping_is_renewed_at_half_its_lease_and_never_lost(string protocol, int lease)
    {
        var home = Home(r => Speak(r, protocol));
        home.Run(TimeSpan.FromHours(9) + Minute);

        Assert.Empty(home.Losses);
        Assert.Equal(TimeSpan.FromSeconds(lease), home.Mapping.Lease);
        Assert.Equal(1 + (int)(TimeSpan.FromHours(9) / TimeSpan.FromSeconds(lease / 2)), home.Confirmed.Count());
        Assert.All(home.Confirmed.Skip(1), c => Assert.True(c.IsRenewal));
    }

    [Fact]
    public void A_short_lease_that_the_router_grants_is_kept_up()
    {
        var home = Home(r => (r.SpeaksPcp, r.Lease) = (true, TimeSpan.FromMinutes(2)));
        home.Run(TimeSpan.FromMinutes(10.5));

        Assert.Equal(11, home.Confirmed.Count());
        Assert.Empty(home.Losses);
    }

    [Fact]
    public void The_nonce_of_a_mapping_stays_the_same_for_renewal_removal_and_another_life_of_the_node()
    {
        var home = Home(r => r.SpeaksPcp = true);
        home.Run(TimeSpan.FromHours(3));
        var crashed = home.Router;
        var next = new KeeperHarness { Router = crashed };
        next.Start();
        next.Run(Second);
        next.Shutdown();
        next.Run(Second);

        Assert.True(crashed.PcpMaps.Count >= 5);
        Assert.Single(crashed.PcpMaps.Select(m => Convert.ToHexString(m.Nonce)).Distinct());
        Assert.Equal(TimeSpan.Zero, crashed.PcpMaps[^1].Lifetime);
        Assert.Empty(crashed.Mappings);
    }

    [Theory]
    [InlineData("pcp")]
    [InlineData("nat-pmp")]
    public void A_restart_shows_in_the_epoch_and_the_mapping_is_made_again(string protocol)
    {
        var home = Home(r => Speak(r, protocol));
        home.Run(10 * Minute);

        home.Router.Restart(home.Now);
        Assert.Empty(home.Router.Mappings);
        home.Run(Minute + Second);

        Assert.Single(home.Router.Mappings);
        Assert.Empty(home.Losses);
    }

    [Theory]
    [InlineData("pcp")]
    [InlineData("nat-pmp")]
    public void A_restart_that_the_router_announces_is_mended_at_once(string protocol)
    {
        var home = Home(r => Speak(r, protocol));
        home.Run(10 * Minute);

        home.Router.Restart(home.Now);
        home.Announce(GatewayChannel.Announcements, [2, 128, 0, 0]);
        home.Run(TimeSpan.FromMilliseconds(10));

        Assert.Single(home.Router.Mappings);
    }

    [Fact]
    public void Announcements_of_others_are_not_heard_and_a_storm_of_them_costs_little()
    {
        var home = Home(r => r.SpeaksPcp = true);
        home.Run(9 * Minute);
        var before = home.Sent.Count;

        home.Announce(GatewayChannel.Announcements, [2, 128, 0, 0], IPAddress.Parse("10.0.0.9"));
        Assert.Equal(before, home.Sent.Count);
        for (var i = 0; i < 1000; i++)
        {
            home.Announce(GatewayChannel.Announcements, [2, 128, 0, 0]);
            home.Run(TimeSpan.FromMilliseconds(10));
        }

        Assert.InRange(home.Sent.Count - before, 2, 20);
    }

    [Fact]
    public void A_upnp_router_that_forgot_the_mapping_is_asked_again_within_a_minute()
    {
        var home = Home(r => r.Upnp = 1);
        home.Run(10 * Minute);

        home.Router.Mappings.Clear();
        home.Run(Minute + Second);

        Assert.Single(home.Router.Mappings);
        Assert.Equal("the router has forgotten it", Assert.Single(home.Losses).Reason);
        Assert.NotNull(home.Mapping);
    }

    [Theory]
    [InlineData("pcp")]
    [InlineData("nat-pmp")]
    [InlineData("upnp-igd1")]
    public void A_router_that_falls_silent_loses_the_mapping_and_one_that_comes_back_maps_again(string protocol)
    {
        var home = Home(r => Speak(r, protocol));
        home.Run(10 * Minute);

        home.Router.IsOn = false;
        home.Run(Minute + (10 * Second));
        Assert.Contains("no longer answers", Assert.Single(home.Losses).Reason, StringComparison.Ordinal);
        Assert.Empty(home.Keeper.Protocols);

        home.Router.IsOn = true;
        home.Router.Restart(home.Now);
        home.Run(3 * Minute);
        Assert.Equal(protocol, home.Mapping.Protocol);
        Assert.Single(home.Router.Mappings);
    }

    [Theory]
    [InlineData("pcp", true)]
    [InlineData("nat-pmp", true)]
    [InlineData("upnp-igd1", true)]
    public void Another_external_address_moves_the_mapping(string protocol, bool restarts)
    {
        var home = Home(r => Speak(r, protocol));
        home.Run(10 * Minute);

        home.Router.External = IPAddress.Parse("29.0.1.3");
        if (restarts)
        {
            home.Router.Restart(home.Now);
        }

        home.Run(2 * Minute);

        Assert.Equal(IPAddress.Parse("29.0.1.2"), home.Losses.First().External.Address);
        Assert.Equal(new IPEndPoint(IPAddress.Parse("29.0.1.3"), 4001), home.Mapping.External);
        Assert.False(home.Confirmed.Last().IsRenewal);
    }

    [Fact]
    public void One_protocol_that_sees_another_external_address_makes_the_other_look()
    {
        // PCP alone would see it with the next renewal, in an hour.
        var home = Home(r => (r.SpeaksPcp, r.SpeaksNatPmp) = (true, true));
        home.Run(10 * Minute);

        home.Router.External = IPAddress.Parse("29.0.1.3");
        home.Run(Minute + Second);

        Assert.Equal(("pcp", IPAddress.Parse("29.0.1.3")), (home.Mapping.Protocol, home.Mapping.External.Address));
    }

    [Theory]
    [InlineData(PcpResult.NotAuthorized)]
    [InlineData(PcpResult.NoResources)]
    [InlineData(PcpResult.UnsupportedProtocol)]
    public void Where_pcp_refuses_nat_pmp_is_asked_and_the_refusal_is_told(PcpResult refusal)
    {
        var home = Home(r => (r.SpeaksPcp, r.SpeaksNatPmp, r.PcpResult) = (true, true, refusal));
        home.Run(2 * Second);

        Assert.Equal("nat-pmp", home.Mapping.Protocol);
        Assert.Equal(PcpCodec.Describe(refusal), home.Keeper.Protocols.Single(p => p.Protocol == "pcp").Problem);
    }

    [Fact]
    public void A_router_that_refuses_everything_is_asked_again_in_its_time_and_not_before()
    {
        var home = Home(r => (r.SpeaksPcp, r.SpeaksNatPmp, r.PcpResult, r.NatPmpResult) =
            (true, true, PcpResult.NotAuthorized, NatPmpResult.NotAuthorized));
        home.Run(29 * Minute);
        Assert.Single(home.Router.PcpMaps);
        Assert.Empty(home.Keeper.Mappings);
        Assert.Empty(home.Losses);

        home.Router.PcpResult = PcpResult.Success;
        home.Run(2 * Minute);
        Assert.Equal("pcp", home.Mapping.Protocol);
    }

    [Fact]
    public void A_refusal_that_passes_is_tried_again_after_half_a_minute()
    {
        var home = Home(r => (r.SpeaksPcp, r.PcpResult) = (true, PcpResult.NetworkFailure));
        home.Run(2 * Second);
        home.Router.PcpResult = PcpResult.Success;
        home.Run(30 * Second);

        Assert.Equal("pcp", home.Mapping.Protocol);
        Assert.Equal("", Assert.Single(home.Keeper.Protocols).Problem);
    }

    [Fact]
    public void A_renewal_that_is_refused_loses_the_mapping_to_another_protocol()
    {
        var home = Home(r => (r.SpeaksPcp, r.SpeaksNatPmp) = (true, true));
        home.Run(Minute);
        home.Router.PcpResult = PcpResult.UserExceededQuota;
        home.Run(TimeSpan.FromHours(1));

        Assert.Equal("nat-pmp", home.Mapping.Protocol);
        Assert.Equal(PcpCodec.Describe(PcpResult.UserExceededQuota), Assert.Single(home.Losses).Reason);
    }

    [Fact]
    public void A_private_external_address_is_a_problem_that_is_told()
    {
        var home = Home(r => (r.SpeaksNatPmp, r.External) = (true, IPAddress.Parse("100.64.3.4")));
        home.Run(2 * Second);

        Assert.Contains("CGNAT", Assert.Single(home.Keeper.Protocols).Problem, StringComparison.Ordinal);
        home.Router.External = IPAddress.Parse("192.168.1.5");
        home.Run(2 * Minute);
        Assert.Contains("private", Assert.Single(home.Keeper.Protocols).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_gateway_takes_the_mapping_over()
    {
        var home = Home(r => r.SpeaksPcp = true);
        home.Run(Minute);
        home.Router = new FakeRouter(IPAddress.Parse("10.0.9.1")) { SpeaksNatPmp = true, External = IPAddress.Parse("30.0.1.2") };
        var port = KeeperHarness.Port with { Internal = IPAddress.Parse("10.0.9.2") };

        home.Change([port], new GatewayLink(home.Router.Address, port.Internal));
        home.Run(2 * Second);

        Assert.Equal(IPAddress.Parse("29.0.1.2"), Assert.Single(home.Losses).External.Address);
        Assert.Equal(("nat-pmp", port), (home.Mapping.Protocol, home.Mapping.Port));
        Assert.Contains(home.Told.OfType<PortMapEffect.Reported>(), r => r is { Protocol: "pcp", External: null });
    }

    [Fact]
    public void A_port_that_is_no_longer_listened_at_is_given_back()
    {
        var home = Home(r => r.SpeaksPcp = true);
        home.Run(Second);
        home.Change([], new GatewayLink(KeeperHarness.RouterAddress, KeeperHarness.Local));
        home.Run(Second);

        Assert.Empty(home.Router.Mappings);
        Assert.Single(home.Losses);
    }

    [Theory]
    [InlineData("pcp")]
    [InlineData("nat-pmp")]
    [InlineData("upnp-igd1")]
    [InlineData("upnp-igd2")]
    public void At_the_end_everything_is_given_back(string protocol)
    {
        var home = Home(r => Speak(r, protocol));
        home.Run(3 * Second);
        Assert.Single(home.Router.Mappings);
        home.Shutdown();
        Assert.DoesNotContain(home.Told, e => e is PortMapEffect.Released);
        home.Run(TimeSpan.FromMilliseconds(100));

        Assert.Empty(home.Router.Mappings);
        Assert.Equal("given back", Assert.Single(home.Losses).Reason);
        Assert.IsType<PortMapEffect.Released>(home.Told[^1]);
        Assert.Null(home.Keeper.NextDeadline);
    }

    [Fact]
    public void A_router_that_does_not_answer_at_the_end_is_not_waited_for_longer_than_a_second()
    {
        var home = Home(r => r.SpeaksPcp = true);
        home.Run(Second);
        home.Router.IsOn = false;
        var began = home.Now;
        home.Shutdown();
        home.Run(10 * Second);

        Assert.Single(home.Told.OfType<PortMapEffect.Released>());
        Assert.True(home.Sent[^1].At - began <= Second);
    }

    [Fact]
    public void Without_a_router_nothing_is_held_and_asking_dies_down()
    {
        var home = Home(_ => { });
        home.Run(3 * Minute);
        var sent = home.Sent.Count;
        home.Run(7 * Minute);

        Assert.Equal(sent, home.Sent.Count);
        home.Shutdown();
        Assert.Single(home.Told.OfType<PortMapEffect.Released>());
    }

    [Fact]
    public void Requests_without_an_answer_are_sent_again_at_doubling_intervals()
    {
        var home = Home(_ => { });
        home.Run(2 * Minute + (10 * Second));

        var times = home.Sent.Where(s => s.Datagram is [0, 0]).Select(s => (s.At - TimeSpan.FromHours(5)).TotalMilliseconds);
        Assert.Equal([0, 250, 750, 1750, 3750, 7750, 15750, 31750, 63750], times);
    }

    [Fact]
    public void Garbage_and_strangers_change_nothing()
    {
        var home = Home(r => r.SpeaksPcp = true);
        home.Run(Second);
        var random = new Random(5);
        for (var i = 0; i < 5000; i++)
        {
            var datagram = new byte[random.Next(1, 80)];
            random.NextBytes(datagram);
            datagram[0] = (byte)random.Next(3);
            home.Announce(GatewayChannel.Control, datagram, IPAddress.Parse("10.0.0.66"));
            home.Announce(GatewayChannel.Search, datagram, IPAddress.Parse("10.0.0.66"));
        }

        home.Run(Minute);
        Assert.Empty(home.Losses);
        Assert.Equal("pcp", home.Mapping.Protocol);
    }

    [Fact]
    public void Pcp_opens_the_firewall_for_ip6()
    {
        var local = IPAddress.Parse("2d01:1::2");
        var home = new KeeperHarness { Router = new FakeRouter(IPAddress.Parse("fe80::1%3")) { SpeaksPcp = true } };
        home.Start([new PortToMap(IpProtocol.Tcp, local, 4001)], new GatewayLink(home.Router.Address, local));
        home.Run(Second);

        Assert.Equal(("pcp", new IPEndPoint(local, 4001)), (home.Mapping.Protocol, home.Mapping.External));
    }

    [Fact]
    public void Upnp_opens_the_firewall_for_ip6_and_notices_what_was_forgotten()
    {
        var local = IPAddress.Parse("2d01:1::2");
        var home = new KeeperHarness { Router = new FakeRouter(IPAddress.Parse("fe80::1%3")) { Upnp = 2, HasFirewall = true } };
        home.Start([new PortToMap(IpProtocol.Tcp, local, 4001)], new GatewayLink(home.Router.Address, local));
        home.Run(2 * Second);
        Assert.Equal(("upnp-igd2", new IPEndPoint(local, 4001)), (home.Mapping.Protocol, home.Mapping.External));
        Assert.Equal("2d01:1::2 4001", Assert.Single(home.Router.Mappings).Value);

        home.Run(TimeSpan.FromHours(2));
        Assert.Equal(4, home.Router.Actions.Count(a => a == "UpdatePinhole"));
        home.Router.Mappings.Clear();
        home.Run(Minute + Second);
        Assert.Single(home.Router.Mappings);

        home.Shutdown();
        home.Run(Second);
        Assert.Empty(home.Router.Mappings);
    }

    private static KeeperHarness Home(Action<FakeRouter> make)
    {
        var home = new KeeperHarness();
        make(home.Router);
        return home.Start();
    }

    private static void Speak(FakeRouter router, string protocol) =>
        (router.SpeaksPcp, router.SpeaksNatPmp, router.Upnp) = protocol switch
        {
            "pcp" => (true, false, 0),
            "nat-pmp" => (false, true, 0),
            "upnp-igd1" => (false, false, 1),
            _ => (false, false, 2),
        };
}
