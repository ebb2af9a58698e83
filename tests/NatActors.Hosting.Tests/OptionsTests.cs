using System.Text;
using Microsoft.Extensions.Configuration;
using NatActors.Node;
using NatActors.Node.Connections;
using NatActors.Node.KeepAlive;

namespace NatActors.Hosting.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void The_configuration_that_is_shipped_says_the_defaults()
    {
        var read = new NatActorsOptions();
        Assert.Empty(read.Read(Shipped("natactors")));
        Assert.Empty(read.TryBuild(out var shipped));
        Assert.Empty(new NatActorsOptions().TryBuild(out var defaults));

        Assert.Equal(defaults.Listen, shipped.Listen);
        Assert.Equal(NodeOptions.DefaultListen, shipped.Listen);
        Assert.Equal(defaults.Connections, shipped.Connections);
        Assert.Equal((defaults.Echo, defaults.Perf, defaults.HolePunching), (shipped.Echo, shipped.Perf, shipped.HolePunching));
        Assert.Empty(shipped.Relays);
        Assert.Empty(shipped.Bootstrap);
        Assert.Empty(shipped.NameServers);
        Assert.True(shipped.PortMapping);
        Assert.Equal((defaults.AutoNat.Serve, defaults.AutoRelay.Relays), (shipped.AutoNat.Serve, shipped.AutoRelay.Relays));
        Assert.Null(read.Control);
        Assert.Null(shipped.RelayServer);
    }

    [Theory]
    [InlineData("behind-nat", null, true)]
    [InlineData("public-relay", "public", false)]
    public void The_profiles_that_are_shipped_can_be_used(string profile, string? relayServer, bool punches)
    {
        var read = new NatActorsOptions();
        Assert.Empty(read.Read(Shipped("natactors")));
        Assert.Empty(read.Read(Shipped(profile)));
        Assert.Empty(read.TryBuild(out var options));

        Assert.Equal((relayServer, punches), (options.RelayServer, options.HolePunching));
        Assert.Equal(NodeOptions.DefaultListen, options.Listen);
    }

    [Fact]
    public void Each_option_is_read()
    {
        var read = new NatActorsOptions();
        Assert.Empty(read.Read(Section("""
            {
              "Identity": "me.key", "listen": [ "/ip4/127.0.0.1/tcp/0" ], "RelayServer": "private", "Echo": true, "Perf": false, "HolePunching": false,
              "Bootstrap": [ "/dnsaddr/example.org", "/ip4/192.0.1.1/tcp/1/p2p/12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo" ],
              "AutoNat": {
                "Serve": "never", "AllowPrivateAddresses": true,
                "Partners": [ "/ip4/192.0.1.2/tcp/1/p2p/12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo" ]
              },
              "AutoRelay": { "Relays": 0, "Candidates": [ "/ip4/192.0.1.3/tcp/1/p2p/12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo" ] },
              "PortMapping": false, "NameServers": [ "192.0.2.53", "192.0.2.54:5353", "2001:db8::1", "[2001:db8::2]:54" ], "Control": "none",
              "KeepAlive": { "Measure": false, "Longest": "00:00:40" },
              "Abuse": { "LimitLoopback": true, "AcceptsPerSecond": 2.5, "StreamBurst": 9, "StallTimeout": "00:00:09" },
              "Connections": { "MaxConnections": 7, "IdleTimeout": "00:00:30", "RelayedGrace": "00:00:05" },
              "Logging": { "Level": "debug", "Console": "json", "File": "log.json" }
            }
            """)));
        Assert.Empty(read.TryBuild(out var options));

        Assert.Equal("/ip4/127.0.0.1/tcp/0", Assert.Single(options.Listen).ToString());
        Assert.Equal(("private", true, false, false), (options.RelayServer, options.Echo, options.Perf, options.HolePunching));
        Assert.Equal(["/dnsaddr/example.org", "/ip4/192.0.1.1"], options.Bootstrap.Select(a => a.ToString().Split("/tcp")[0]));
        Assert.Equal((AutoNatServing.Never, true), (options.AutoNat.Serve, options.AutoNat.AllowPrivateAddresses));
        Assert.Single(options.AutoNat.Partners);
        Assert.Equal(0, options.AutoRelay.Relays);
        Assert.Single(options.AutoRelay.Candidates);
        Assert.False(options.PortMapping);
        Assert.Equal(["192.0.2.53:53", "192.0.2.54:5353", "[2001:db8::1]:53", "[2001:db8::2]:54"], options.NameServers.Select(s => s.ToString()));
        Assert.Equal("none", read.Control);
        Assert.Equal(new KeepAliveOptions { Measure = false, Longest = TimeSpan.FromSeconds(40) }, options.KeepAlive);
        Assert.Equal(
            new AbuseOptions { LimitLoopback = true, AcceptsPerSecond = 2.5, StreamBurst = 9, StallTimeout = TimeSpan.FromSeconds(9) }, options.Abuse);
        Assert.Equal(7, options.Connections.MaxConnections);
        Assert.Equal(TimeSpan.FromSeconds(30), options.Connections.IdleTimeout);
        Assert.Equal(new ConnectionOptions().DialTimeout, options.Connections.DialTimeout);
        Assert.Equal(("me.key", "debug", "json", "log.json"), (read.Identity, read.Logging.Level, read.Logging.Console, read.Logging.File));
    }

    [Theory]
    [InlineData("""{ "Ech": true }""", "Ech is no option")]
    [InlineData("""{ "Echo": "perhaps" }""", "Echo: 'perhaps' is not true or false")]
    [InlineData("""{ "Echo": [ true ] }""", "Echo takes one value")]
    [InlineData("""{ "Listen": "/ip4/127.0.0.1/tcp/0" }""", "Listen takes a list")]
    [InlineData("""{ "Relays": { "a": "b" } }""", "Relays takes a list")]
    [InlineData("""{ "Connections": 5 }""", "Connections: '5' is one value")]
    [InlineData("""{ "Connections": { "MaxConnection": 5 } }""", "Connections.MaxConnection is no option")]
    [InlineData("""{ "Connections": { "MaxConnections": 5.5 } }""", "Connections.MaxConnections: '5.5' is not a whole number")]
    [InlineData("""{ "Connections": { "IdleTimeout": "a minute" } }""", "Connections.IdleTimeout: 'a minute' is not a time")]
    public void What_cannot_be_read_is_a_mistake_with_its_name(string json, string mistake) =>
        Assert.StartsWith(mistake, Assert.Single(new NatActorsOptions().Read(Section(json))));

    [Theory]
    [InlineData("""{ "Listen": [ "here" ] }""", "Listen: ")]
    [InlineData("""{ "Listen": [ "/ip4/1.2.3.4/udp/1" ] }""", "Listen: ")]
    [InlineData("""{ "Relays": [ "/ip4/1.2.3.4/tcp/1" ] }""", "Relays: ")]
    [InlineData("""{ "Dial": [ "/ip4/1.2.3.4/tcp/1" ] }""", "Dial: ")]
    [InlineData("""{ "Bootstrap": [ "/ip4/1.2.3.4/tcp/1" ] }""", "Bootstrap: ")]
    [InlineData("""{ "AutoNat": { "Serve": "Sometimes" } }""", "AutoNat.Serve: 'Sometimes'")]
    [InlineData("""{ "AutoNat": { "Serve": "1" } }""", "AutoNat.Serve: '1'")]
    [InlineData("""{ "AutoNat": { "Partners": [ "/ip4/1.2.3.4/tcp/1" ] } }""", "AutoNat.Partners: ")]
    [InlineData("""{ "AutoRelay": { "Relays": 17 } }""", "AutoRelay.Relays: 17")]
    [InlineData("""{ "AutoRelay": { "Relays": -1 } }""", "AutoRelay.Relays: -1")]
    [InlineData("""{ "AutoRelay": { "Candidates": [ "here" ] } }""", "AutoRelay.Candidates: ")]
    [InlineData("""{ "KeepAlive": { "Longest": "02:00:00" } }""", "KeepAlive.Longest: ")]
    [InlineData("""{ "NameServers": [ "dns.example" ] }""", "NameServers: 'dns.example'")]
    [InlineData("""{ "NameServers": [ "192.0.2.1:0" ] }""", "NameServers: 192.0.2.1:0")]
    [InlineData("""{ "RelayServer": "generous" }""", "RelayServer: 'generous'")]
    [InlineData("""{ "Connections": { "MaxConnections": 0 } }""", "Connections.MaxConnections: 0")]
    [InlineData("""{ "Connections": { "DialTimeout": "00:00:00" } }""", "Connections.DialTimeout: ")]
    [InlineData("""{ "Logging": { "Level": "3" } }""", "Logging.Level: '3'")]
    [InlineData("""{ "Logging": { "Console": "xml" } }""", "Logging.Console: 'xml'")]
    [InlineData("""{ "Logging": { "File": "/proc/no-such-folder/log.json" } }""", "Logging.File: '/proc/no-such-folder/log.json' cannot be written")]
    public void What_makes_no_sense_is_a_mistake_with_its_name(string json, string mistake)
    {
        var options = new NatActorsOptions();
        Assert.Empty(options.Read(Section(json)));
        Assert.StartsWith(mistake, Assert.Single(options.TryBuild(out _)));
    }

    [Fact]
    public void A_section_that_is_one_value_is_a_mistake()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("NatActors", "5")]).Build();

        Assert.StartsWith("NatActors: '5' is one value", Assert.Single(new NatActorsOptions().Read(configuration.GetSection("NatActors"))));
    }

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        var options = new NatActorsOptions();
        var read = options.Read(Section("""{ "A": 1, "Echo": "x", "Connections": { "B": 1, "MaxConnections": 0 }, "RelayServer": "z", "Dial": [ "q" ] }"""));

        Assert.Equal(3, read.Count);
        Assert.Equal(3, options.TryBuild(out _).Count);
    }

    [Fact]
    public void A_null_leaves_the_default_and_an_empty_list_is_none()
    {
        var options = new NatActorsOptions();
        Assert.Empty(options.Read(Section("""{ "Listen": [], "Relays": null, "Connections": { "MaxConnections": null }, "Logging": { "File": null } }""")));

        Assert.Empty(options.TryBuild(out var built));
        Assert.Empty(built.Listen);
        Assert.Equal(new ConnectionOptions(), built.Connections);
        Assert.Null(options.Logging.File);
    }

    private static IConfiguration Section(string json) =>
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build();

    private static IConfigurationSection Shipped(string name) => new ConfigurationBuilder()
        .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "config", $"{name}.json"))
        .Build().GetSection(NatActorsOptions.SectionName);
}
