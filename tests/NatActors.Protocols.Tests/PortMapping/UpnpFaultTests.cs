using NatActors.Protocols.PortMapping;

namespace NatActors.Protocols.Tests.PortMapping;

/// <summary>What UPnP routers refuse, and what comes of it.</summary>
public sealed class UpnpFaultTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(1, "AddPortMapping", UpnpFault.ConflictInMappingEntry)]
    [InlineData(2, "AddAnyPortMapping", UpnpFault.ConflictInMappingEntry)]
    [InlineData(2, "AddAnyPortMapping", UpnpFault.ConflictWithOtherMechanisms)]
    public void A_taken_port_is_mapped_elsewhere(int version, string action, int fault)
    {
        var home = Home(version, (port, _) => port == 4001 ? fault : 0);
        home.Router.Mappings["TCP 4001"] = "10.0.0.77 4001 0";
        home.Run(3 * Second);

        Assert.InRange(home.Mapping.External.Port, 1024, 65_535);
        Assert.NotEqual(4001, home.Mapping.External.Port);
        Assert.Equal("10.0.0.77 4001 0", home.Router.Mappings["TCP 4001"]);
        Assert.Contains(action, home.Router.Actions.SkipWhile(a => a != "GetSpecificPortMappingEntry"));
    }

    [Fact]
    public void A_port_that_an_earlier_life_of_this_node_holds_is_taken_over()
    {
        var home = new KeeperHarness();
        home.Router.Upnp = 1;
        home.Router.Mappings["TCP 4001"] = "10.0.0.2 4001 0";
        home.Router.UpnpFault = (_, _) => home.Router.Mappings.ContainsKey("TCP 4001") ? UpnpFault.ConflictInMappingEntry : 0;
        home.Start();
        home.Run(3 * Second);

        Assert.Equal(4001, home.Mapping.External.Port);
        Assert.Equal("10.0.0.2 4001 3600", home.Router.Mappings["TCP 4001"]);
    }

    [Fact]
    public void A_router_where_every_port_is_taken_is_given_up_after_some_tries()
    {
        var home = Home(1, (_, _) => UpnpFault.ConflictInMappingEntry);
        home.Run(10 * Second);

        Assert.Empty(home.Keeper.Mappings);
        Assert.Equal(6, home.Router.Actions.Count(a => a == "AddPortMapping"));
        Assert.Contains("taken", Assert.Single(home.Keeper.Protocols).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UpnpFault.OnlyPermanentLeases)]
    [InlineData(UpnpFault.InvalidArgs)]
    [InlineData(UpnpFault.ActionFailed)]
    public void A_router_without_leases_is_asked_for_a_permanent_mapping_that_is_deleted_at_the_end(int fault)
    {
        var home = Home(1, (_, lease) => lease > 0 ? fault : 0);
        home.Run(3 * Second);
        Assert.Equal("10.0.0.2 4001 0", home.Router.Mappings["TCP 4001"]);
        Assert.Equal(TimeSpan.FromHours(1), home.Mapping.Lease);

        home.Shutdown();
        home.Run(Second);
        Assert.Empty(home.Router.Mappings);
    }

    [Theory]
    [InlineData(UpnpFault.NotAuthorized)]
    [InlineData(UpnpFault.SamePortValuesRequired)]
    [InlineData(UpnpFault.NoPortMapsAvailable)]
    [InlineData(999)]
    public void Another_refusal_is_told_and_not_asked_again_soon(int fault)
    {
        var home = Home(2, (_, _) => fault);
        home.Run(TimeSpan.FromMinutes(29));

        Assert.Equal(1, home.Router.Actions.Count(a => a == "AddPortMapping"));
        Assert.Equal($"refused with UPnP error {fault}", Assert.Single(home.Keeper.Protocols).Problem);
    }

    [Fact]
    public void A_mapping_that_is_confirmed_but_not_made_is_a_lie()
    {
        var home = new KeeperHarness();
        (home.Router.Upnp, home.Router.Lies) = (1, true);
        home.Start();
        home.Run(3 * Second);

        Assert.Empty(home.Keeper.Mappings);
        Assert.Empty(home.Confirmed);
        Assert.Contains("its own list does not have", Assert.Single(home.Keeper.Protocols).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mapping_that_cannot_be_looked_up_for_once_is_taken_on_the_routers_word_and_renewed()
    {
        var home = new KeeperHarness();
        home.Router.Upnp = 1;
        home.Router.Silences = action => action == "GetSpecificPortMappingEntry";
        home.Start();
        home.Run(3 * Second);
        Assert.Equal(4001, home.Mapping.External.Port);

        home.Router.Silences = _ => false;
        home.Run(TimeSpan.FromMinutes(40));
        Assert.Equal(2, home.Router.Actions.Count(a => a == "AddPortMapping"));
        Assert.Empty(home.Losses);
    }

    [Fact]
    public void A_renewal_that_is_not_answered_for_once_is_made_again_and_the_mapping_stands_meanwhile()
    {
        var home = Home(1, (_, _) => 0);
        home.Run(TimeSpan.FromMinutes(29));
        var silent = 1;
        home.Router.Silences = action => action == "AddPortMapping" && silent-- > 0;

        home.Run(TimeSpan.FromMinutes(3));

        Assert.Equal(3, home.Router.Actions.Count(a => a == "AddPortMapping"));
        Assert.Empty(home.Losses);
    }

    [Fact]
    public void More_ports_than_stand_in_line_are_mapped_one_after_the_other()
    {
        var home = new KeeperHarness(new PortMappingOptions { MaxPorts = 4 * UpnpClient.MaxJobs });
        home.Router.Upnp = 1;
        var ports = Enumerable.Range(5001, 2 * UpnpClient.MaxJobs).Select(port => KeeperHarness.Port with { Port = port }).ToList();
        home.Start(ports);

        home.Run(TimeSpan.FromMinutes(5));

        Assert.Equal(ports.Count, home.Keeper.Mappings.Count);
    }

    [Fact]
    public void A_renewal_that_finds_the_line_full_is_made_later()
    {
        var home = new KeeperHarness(new PortMappingOptions { MaxPorts = 4 * UpnpClient.MaxJobs });
        home.Router.Upnp = 1;
        var ports = Enumerable.Range(5001, 2 * UpnpClient.MaxJobs).Select(port => KeeperHarness.Port with { Port = port }).ToList();
        home.Start(ports);

        home.Run(TimeSpan.FromHours(2));

        // Half an hour is half a lease: each was made, and renewed three times since at least, whatever else stood in line.
        Assert.Equal(ports.Count, home.Keeper.Mappings.Count);
        Assert.Empty(home.Losses);
        Assert.True(home.Router.Actions.Count(a => a == "AddPortMapping") >= 4 * ports.Count);
    }

    [Fact]
    public void A_mapping_that_leads_elsewhere_is_a_lie()
    {
        var home = new KeeperHarness();
        (home.Router.Upnp, home.Router.Lies) = (1, true);
        home.Router.Mappings["TCP 4001"] = "10.0.0.66 4001 3600";
        home.Start();
        home.Run(3 * Second);

        Assert.Empty(home.Confirmed);
    }

    [Fact]
    public void A_router_that_goes_and_comes_back_says_so_and_is_found_at_once()
    {
        var home = Home(1, (_, _) => 0);
        home.Run(TimeSpan.FromMinutes(5));

        home.Router.IsOn = false;
        home.Announce(GatewayChannel.Notices, "NOTIFY * HTTP/1.1\r\nNTS: ssdp:byebye\r\n\r\n"u8.ToArray());
        home.Run(4 * Second);
        Assert.Single(home.Losses);

        home.Router.IsOn = true;
        home.Router.Restart(home.Now);
        home.Run(4 * Second);
        home.Announce(GatewayChannel.Notices, "NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nLOCATION: http://10.0.0.1:5000/rootDesc.xml\r\n\r\n"u8.ToArray());
        home.Run(Second);
        Assert.Single(home.Router.Mappings);
        Assert.NotNull(home.Mapping);
    }

    [Fact]
    public void What_a_known_router_says_every_few_minutes_costs_nothing()
    {
        var home = Home(1, (_, _) => 0);
        home.Run(TimeSpan.FromMinutes(5) + (10 * Second));
        var actions = home.Router.Actions.Count;

        home.Announce(GatewayChannel.Notices, "NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nLOCATION: http://10.0.0.1:5000/rootDesc.xml\r\n\r\n"u8.ToArray());
        home.Run(Second);

        Assert.Equal(actions, home.Router.Actions.Count);
    }

    private static KeeperHarness Home(int version, Func<int, int, int> fault)
    {
        var home = new KeeperHarness();
        (home.Router.Upnp, home.Router.UpnpFault) = (version, fault);
        return home.Start();
    }
}
