using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using static NatActors.Protocols.Tests.AutoNat.ServerHarness;

namespace NatActors.Protocols.Tests.AutoNat;

public sealed class ServerRulesTests
{
    private static readonly Multiaddr Own = Address("/ip4/12.0.0.1/tcp/4001");
    private static readonly Multiaddr Others = Address("/ip4/13.0.0.1/tcp/4001");

    [Fact]
    public void The_first_address_that_can_be_dialed_is_chosen_by_its_place_in_the_clients_list()
    {
        var choice = Rules().Choose([null, Address("/ip4/10.0.0.1/tcp/1"), Address("/ip4/12.0.0.1/udp/1/quic-v1"), Own, Others], Client(1), Start);
        Assert.Equal(new DialChoice(AutoNatV2Status.Ok, 3, Own, 0), choice);
    }

    [Fact]
    public void The_peer_id_behind_an_address_is_not_dialed() =>
        Assert.Equal(Own, Rules().Choose([Own.WithPeerId(Client(2).Peer)], Client(1), Start).Address);

    [Fact]
    public void Nothing_to_dial_is_a_refusal() => Assert.Equal(
        AutoNatV2Status.DialRefused, Rules().Choose([null, Address("/ip4/10.0.0.1/tcp/1")], Client(1), Start).Status);

    [Fact]
    public void The_fifty_first_address_is_not_looked_at()
    {
        Multiaddr?[] list = [.. Enumerable.Repeat<Multiaddr?>(null, AutoNatV2Codec.MaxAddresses), Own];
        Assert.Equal(AutoNatV2Status.DialRefused, Rules().Choose(list, Client(1), Start).Status);
        Assert.Equal(AutoNatV2Status.Ok, Rules().Choose(list[1..], Client(1), Start).Status);
    }

    [Theory]
    [InlineData("/ip4/13.0.0.1/tcp/4001", "/ip4/12.0.0.1/tcp/40001")]
    [InlineData("/ip6/2a00::2/tcp/4001", "/ip4/12.0.0.1/tcp/40001")]
    [InlineData("/ip4/12.0.0.2/tcp/4001", "/ip4/12.0.0.1/tcp/40001")]
    public void An_ip_address_that_the_client_does_not_come_from_costs_data(string address, string from)
    {
        var rules = Rules(new AutoNatServerOptions { DialDataPerMinute = 100 });
        var amounts = Enumerable.Range(0, 100).Select(_ => rules.Choose([Address(address)], Client(1, from), Start).DataBytes).ToArray();
        Assert.All(amounts, a => Assert.InRange(a, 30_000, 100_000));
        Assert.True(amounts.Distinct().Count() > 50, "the amounts are not random");
    }

    [Fact]
    public void A_name_costs_data_where_names_are_dialed_at_all()
    {
        var policy = new AutoNatServerPolicy(false, _ => true);
        Assert.InRange(Rules(policy: policy).Choose([Address("/dns4/example.org/tcp/1")], Client(1), Start).DataBytes, 30_000, 100_000);
    }

    [Fact]
    public void An_ipv4_client_on_an_ipv6_socket_does_not_pay_for_its_own_address() => Assert.Equal(
        0, Rules().Choose([Own], Client(1, "/ip6/::ffff:12.0.0.1/tcp/1"), Start).DataBytes);

    [Fact]
    public void The_thirteenth_request_in_a_minute_that_costs_data_is_rejected_and_others_are_not()
    {
        var rules = Rules();
        for (var i = 0; i < 12; i++)
        {
            Assert.Equal(AutoNatV2Status.Ok, rules.Choose([Others], Client(i), Start).Status);
        }

        Assert.Equal(new DialChoice(AutoNatV2Status.RequestRejected, 0, null, 0), rules.Choose([Others], Client(99), Start));
        Assert.Equal(AutoNatV2Status.Ok, rules.Choose([Own], Client(99), Start).Status);
        Assert.Equal(AutoNatV2Status.Ok, rules.Choose([Others], Client(99), Start + AutoNatServerWindow.Length).Status);
    }

    [Fact]
    public void One_peer_has_two_requests_under_way_and_gets_a_place_back_with_the_end_of_one()
    {
        var rules = Rules();
        Assert.True(rules.OnRequest(Client(1), isV2: true, Start));
        Assert.True(rules.OnRequest(Client(1), isV2: false, Start));
        Assert.False(rules.OnRequest(Client(1), isV2: true, Start));
        rules.OnEnded(Client(1).Peer);
        Assert.True(rules.OnRequest(Client(1), isV2: true, Start));
    }

    [Fact]
    public void A_request_over_a_relay_is_refused()
    {
        var relayed = Client(1, $"/ip4/13.0.0.1/tcp/4001/p2p/{Client(9).Peer}/p2p-circuit", relayed: true);
        Assert.False(Rules().OnRequest(relayed, isV2: true, Start));
        Assert.False(Rules().OnRequest(relayed, isV2: false, Start));
    }

    [Theory]
    [InlineData(true, 12)]
    [InlineData(false, 3)]
    public void Ten_thousand_requests_of_one_peer_leave_the_others_served(bool isV2, int itsShare)
    {
        var rules = Rules();
        Assert.Equal(itsShare, Flood(rules, isV2, _ => Client(1)));
        Assert.True(rules.OnRequest(Client(2, "/ip4/14.0.0.1/tcp/1"), isV2, Start + TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [InlineData(true, 12)]
    [InlineData(false, 3)]
    public void Ten_thousand_peer_ids_of_one_host_are_one_peer(bool isV2, int itsShare)
    {
        var rules = Rules();
        Assert.Equal(itsShare, Flood(rules, isV2, i => Client(i)));
        Assert.True(rules.OnRequest(Client(20_000, "/ip4/14.0.0.1/tcp/1"), isV2, Start + TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [InlineData(true, 60)]
    [InlineData(false, 30)]
    public void Ten_thousand_peers_of_ten_thousand_hosts_pass_the_limit_of_all_and_are_forgotten(bool isV2, int share)
    {
        var rules = Rules();
        Assert.Equal(share, Flood(rules, isV2, i => Client(i, $"/ip4/{20 + (i / 65536)}.{i / 256 % 256}.{i % 256}.1/tcp/1")));
        Assert.True(rules.Remembered <= 2 * share, $"{rules.Remembered} remembered");
        Assert.False(rules.OnRequest(Client(20_000), isV2, Start + AutoNatServerWindow.Length - TimeSpan.FromSeconds(2)));
        Assert.True(rules.OnRequest(Client(20_000), isV2, Start + AutoNatServerWindow.Length));
    }

    [Fact]
    public void A_household_of_ipv6_is_one_host()
    {
        var rules = Rules();
        Assert.Equal(12, Flood(rules, true, i => Client(i, $"/ip6/2a01:0:0:{i % 256:x}::1/tcp/1")));
    }

    /// <summary>10,000 requests within a second; how many passed. Each that passed is over at once.</summary>
    private static int Flood(AutoNatServerRules rules, bool isV2, Func<int, AutoNatClient> client)
    {
        var passed = 0;
        for (var i = 0; i < 10_000; i++)
        {
            var asking = client(i);
            if (rules.OnRequest(asking, isV2, Start + TimeSpan.FromMilliseconds(i * 0.1)))
            {
                passed++;
                rules.OnEnded(asking.Peer);
            }
        }

        return passed;
    }
}
