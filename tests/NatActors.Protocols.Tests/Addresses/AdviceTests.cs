using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.PortMapping;
using static NatActors.Protocols.Addresses.AdviceTopic;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Addresses;

public sealed class AdviceTests
{
    private static readonly Multiaddr Inner = Address("/ip4/10.0.0.2/tcp/4001");
    private static readonly Multiaddr Outside = Address("/ip4/192.0.1.9/tcp/4001");
    private static readonly Multiaddr Six = Address("/ip6/2a00:9::9/tcp/4001");

    /// <summary>A node with nothing to complain of but what a test adds: two observers, servers, relays, IPv6.</summary>
    private static readonly AdviceFacts Fine = new()
    {
        Verdict = Verdict(Reachability.Private, Outside),
        Listening = [Inner, Six],
        Interfaces = [IPAddress.Parse("10.0.0.2"), IPAddress.Parse("2a00:9::9")],
        Peers = 3,
        Observed = [Outside],
        Observers = 2,
        Nat = [Nat(NatMapping.EndpointIndependent, NatFiltering.AddressAndPortDependent)],
        Servers = 2,
        Relays = 2,
    };

    // The router types of the laboratory, as the machines report them there.
    public static TheoryData<string, AdviceFacts, AdviceTopic?, string> Routers => new()
    {
        { "none", Fine with { Verdict = Proven, Nat = [Nat(NatMapping.None, NatFiltering.EndpointIndependent)] }, null, "" },
        {
            "firewall", Fine with { Nat = [Nat(NatMapping.None, NatFiltering.AddressAndPortDependent)] },
            Firewall, "allow TCP port 4001 to this machine"
        },
        {
            "fullcone", Fine with { Verdict = Proven, Nat = [Nat(NatMapping.EndpointIndependent, NatFiltering.EndpointIndependent)] },
            null, ""
        },
        {
            "addrrestricted", Fine with { Nat = [Nat(NatMapping.EndpointIndependent, NatFiltering.AddressDependent)] },
            RestrictedNat, "lets in only addresses that this node has contacted"
        },
        {
            "addrrestricted, no partner asked", Fine with { Verdict = Verdict(Reachability.Public, Outside) },
            FilteringUnproven, "whether strangers do is not proven"
        },
        { "portforward", Fine with { Verdict = Proven }, null, "" },
        { "portrestricted", Fine, RestrictedNat, "forward TCP port 4001 to this machine (10.0.0.2) in the router, or enable UPnP or NAT-PMP" },
        {
            "symmetric", Fine with { Nat = [Nat(NatMapping.Dependent, NatFiltering.AddressAndPortDependent)] },
            SymmetricNat, "forward TCP port 4001 to this machine (10.0.0.2) in the router, or enable UPnP or NAT-PMP"
        },
        { "cgnat, a silent router", Fine, RestrictedNat, "If the router's own internet address is not 192.0.1.9, your provider has a NAT too" },
        {
            "cgnat", Fine with
            {
                Nat = [Nat(NatMapping.EndpointIndependent, NatFiltering.AddressAndPortDependent) with { DoubleNat = Known.Yes }],
                Routers = [new("nat-pmp", IPAddress.Parse("100.64.0.5"), "its external address is not public")],
            },
            CarrierNat, "the router's external address 100.64.0.5 is a carrier's"
        },
        {
            "cgnatsym", Fine with
            {
                Nat = [Nat(NatMapping.AddressAndPortDependent, NatFiltering.AddressAndPortDependent) with { DoubleNat = Known.Yes }],
                Routers = [new("upnp-igd1", IPAddress.Parse("100.64.0.5"), "")],
            },
            CarrierNat, "ask the provider for a public IPv4 address or for IPv6"
        },
        {
            "straight at a carrier's", Fine with { Interfaces = [IPAddress.Parse("100.64.0.9"), IPAddress.Parse("2a00:9::9")] },
            CarrierNat, "this machine's address 100.64.0.9 is a carrier's"
        },
        {
            "a router behind a router", Fine with
            {
                Nat = [Nat(NatMapping.EndpointIndependent, NatFiltering.AddressAndPortDependent) with { DoubleNat = Known.Yes }],
                Routers = [new("pcp", IPAddress.Parse("192.168.1.2"), "")],
            },
            DoubleNat, "its external address is 192.168.1.2"
        },
    };

    [Theory]
    [MemberData(nameof(Routers))]
    public void Each_router_type_has_its_one_line(string router, AdviceFacts facts, AdviceTopic? topic, string words)
    {
        var lines = Advice.For(facts);

        Assert.True(topic is null == (lines.Count == 0), $"{router}: {string.Join(" | ", lines)}");
        if (topic is not null)
        {
            var line = Assert.Single(lines);
            Assert.Equal(topic, line.Topic);
            Assert.Contains(words, line.Text, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', line.Text);
        }
    }

    public static TheoryData<AdviceTopic, AdviceFacts, string> Faults => new()
    {
        { Offline, Fine with { Peers = 0, HasGateway = false }, "no default gateway" },
        { NoPeers, Fine with { Peers = 0 }, "--bootstrap" },
        { NotListening, Fine with { Verdict = Proven, Listening = [] }, "listens nowhere" },
        { NotListening, Fine with { Verdict = Proven, Listening = [Address("/ip4/127.0.0.1/tcp/1")] }, "on loopback only" },
        { PortNotReused, Fine with { Verdict = Proven, LeavesFromOtherPorts = true }, "from another port than 4001" },
        { MappingBroken, Fine with { Mapped = [Outside] }, "/ip4/192.0.1.9/tcp/4001" },
        { MappingRefused, Fine with { Routers = [new("nat-pmp", null, "not authorized")] }, "nat-pmp: not authorized" },
        { NoObserver, Fine with { Observers = 0 }, "connect to peers outside this network" },
        { OneObserver, Fine with { Observers = 1, Nat = [] }, "add another bootstrap peer" },
        { NoServers, Fine with { Servers = 0, Verdict = NodeVerdict.None }, "add a bootstrap peer that serves AutoNAT" },
        { ServersSilent, Fine with { Verdict = Verdict(Reachability.Unknown, Outside) }, "2 peers could test" },
        { NoIpv6, Fine with { Interfaces = [IPAddress.Parse("10.0.0.2"), IPAddress.Parse("fe80::1")] }, "no IPv6 address" },
        { Ipv6NotUsed, Fine with { Listening = [Inner] }, "add --listen /ip6/::/tcp/4001" },
        { Ipv6Firewall, Fine with { Verdict = Verdict(Reachability.Private, Outside, Six) }, "IPv6 firewall" },
        { NoRelay, Fine with { Relays = 0 }, "no connected peer offers it" },
        { NoRelay, Fine with { Relays = 0, RelayProblems = ["S refuses: no slot free"] }, "S refuses: no slot free" },
        { NoRelay, Fine with { Relays = 0, RelaysWanted = 0 }, "switched off" },
        { StaysRelayed, Fine with { Verdict = Proven, Relayed = [(Numbered(1), "both NATs are symmetric")] }, "both NATs are symmetric" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Each_thing_that_is_wrong_has_its_line(AdviceTopic topic, AdviceFacts facts, string words) =>
        Assert.Contains(words, Assert.Single(Advice.For(facts), l => l.Topic == topic).Text, StringComparison.Ordinal);

    /// <summary>As a real miniupnpd behind a carrier's NAT answers: PCP complains of something else.</summary>
    [Fact]
    public void A_router_without_an_internet_address_of_its_own_shows_a_second_nat_and_is_not_called_unwilling()
    {
        var lines = Advice.For(Fine with
        {
            Routers = [new("pcp", null, "it can hold no more mappings"), new("nat-pmp", null, GatewayText.NoExternal + " (network failure)")],
        });

        Assert.Contains("no internet address of its own", Assert.Single(lines, l => l.Topic == DoubleNat).Text, StringComparison.Ordinal);
        Assert.DoesNotContain(lines, l => l.Topic is MappingRefused or RestrictedNat);
    }

    [Fact]
    public void One_failed_test_is_not_called_silence()
    {
        var verdict = Verdict(Reachability.Unknown, Outside);
        var witness = new VerdictWitness(Numbered(1), Address("/ip4/77.0.1.2/tcp/4001"), WitnessOutcome.NotReached, "", TimeSpan.Zero);
        verdict = verdict with { Addresses = [verdict.Addresses[0] with { Witnesses = [witness] }] };

        var line = Assert.Single(Advice.For(Fine with { Servers = 1, Verdict = verdict }), l => l.Topic == ServersSilent);

        Assert.Contains("a test has failed", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_known_of_one_address_is_told_while_another_is_still_tested()
    {
        var verdict = Verdict(Reachability.Unknown, Outside, Six);
        verdict = verdict with { Addresses = [verdict.Addresses[0] with { Verdict = Reachability.Private }, verdict.Addresses[1]] };

        var lines = Advice.For(Fine with { Verdict = verdict });

        Assert.DoesNotContain(lines, l => l.Topic is ServersSilent or NoServers);
        Assert.Contains(lines, l => l.Topic is RestrictedNat);
    }

    [Fact]
    public void Nothing_is_wrong_with_a_node_that_strangers_reach()
    {
        Assert.Empty(Advice.For(Fine with { Verdict = Proven, Relays = 0, Servers = 0, Interfaces = [], Observers = 0 }));
    }

    [Fact]
    public void Where_a_router_answers_nobody_is_told_to_enable_what_is_enabled()
    {
        var line = Assert.Single(Advice.For(Fine with { Routers = [new("pcp", IPAddress.Parse("192.0.1.9"), "")] }));

        Assert.DoesNotContain("enable", line.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("your provider", line.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_port_mapping_is_switched_off_it_says_so()
    {
        Assert.Contains("switch port mapping on", Assert.Single(Advice.For(Fine with { AsksRouters = false })).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Relayed_peers_are_named_three_at_most()
    {
        var facts = Fine with { Verdict = Proven, Relayed = [.. Enumerable.Range(1, 9).Select(i => (Numbered((byte)i), "no answer"))] };

        Assert.Equal(Advice.MaxRelayedNamed, Advice.For(facts).Count);
    }

    private static NodeVerdict Proven => Verdict(Reachability.Public, Outside) with { FilteringProven = true };

    private static NodeVerdict Verdict(Reachability verdict, params Multiaddr[] addresses) => new()
    {
        Verdict = verdict,
        Addresses = [.. addresses.Select(a => new AddressVerdict { Address = a, Verdict = verdict })],
    };

    private static NatReport Nat(NatMapping mapping, NatFiltering filtering) =>
        new() { Family = IpFamily.Ip4, Protocol = IpProtocol.Tcp, Mapping = mapping, Filtering = filtering };
}
