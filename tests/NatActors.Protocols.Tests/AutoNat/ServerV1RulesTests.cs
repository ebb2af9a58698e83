using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using static NatActors.Protocols.Tests.AutoNat.ServerHarness;

namespace NatActors.Protocols.Tests.AutoNat;

public sealed class ServerV1RulesTests
{
    [Fact]
    public void Every_address_is_moved_to_the_one_that_the_client_comes_from() => Assert.Equal(
        ["/ip4/12.0.0.1/tcp/4001", "/ip4/12.0.0.1/tcp/4002", "/ip4/12.0.0.1/tcp/4003", "/ip4/12.0.0.1/tcp/40001"],
        Targets(Client(1), "/ip4/12.0.0.1/tcp/4001", "/ip4/13.0.0.1/tcp/4002", "/ip4/192.168.0.1/tcp/4001", "/ip6/2a00::9/tcp/4003"));

    [Fact]
    public void An_ipv6_client_is_dialed_by_ipv6() => Assert.Equal(
        ["/ip6/2a00::9/tcp/4001", "/ip6/2a00::9/tcp/7"],
        Targets(Client(1, "/ip6/2a00::9/tcp/7"), "/ip4/192.168.0.1/tcp/4001"));

    [Fact]
    public void The_longest_address_that_is_taken_of_a_peer_fits_an_ipv6_host_too()
    {
        var head = "/ip4/192.168.0.1/tcp/4001" + string.Concat(Enumerable.Repeat("/dns/" + new string('a', 200), 3)) + "/dns/";
        var some = head + new string('b', 130);
        var longest = some + new string('b', Multiaddr.MaxForeignLength - Multiaddr.Parse(some).Bytes.Length);

        Assert.Equal(Multiaddr.MaxForeignLength, Multiaddr.Parse(longest).Bytes.Length);
        Assert.Equal(["/ip6/2a00::9/tcp/7"], Targets(Client(1, "/ip6/2a00::9/tcp/7"), longest));
    }

    [Fact]
    public void Relays_names_zones_and_foreign_transports_are_left_out() => Assert.Equal(
        ["/ip4/12.0.0.1/tcp/40001"],
        Targets(
            Client(1),
            $"/ip4/13.0.0.1/tcp/1/p2p/{Client(2).Peer}/p2p-circuit",
            "/dns4/example.org/tcp/1",
            "/ip6zone/eth0/ip6/fe80::1/tcp/1",
            "/ip4/12.0.0.1/udp/1/quic-v1",
            "/ip4/12.0.0.1/tcp/0"));

    [Theory]
    [InlineData("/ip4/192.168.0.9/tcp/1")]
    [InlineData("/ip4/127.0.0.1/tcp/1")]
    [InlineData("/ip4/11.0.0.1/tcp/1")]
    [InlineData("/ip6zone/1/ip6/fe80::9/tcp/1")]
    public void A_client_that_comes_from_a_private_or_from_our_own_address_is_not_dialed(string from) =>
        Assert.Empty(Targets(Client(1, from), "/ip4/12.0.0.1/tcp/4001"));

    [Fact]
    public void No_more_than_sixteen_are_dialed()
    {
        var many = Enumerable.Range(1, 100).Select(port => $"/ip4/12.0.0.1/tcp/{port}").ToArray();
        Assert.Equal(V1ServerRules.MaxTargets, Targets(Client(1), many).Count);
    }

    [Fact]
    public void A_request_for_somebody_else_or_of_another_kind_is_a_bad_one()
    {
        Assert.Null(V1ServerRules.Refusal(Decoded(new AutoNatV1Message.Dial(Client(1).Peer, [])), Client(1)));
        AutoNatV1Decoded[] bad =
        [
            Decoded(new AutoNatV1Message.Dial(Client(2).Peer, [])),
            Decoded(V1ServerRules.Answer(AutoNatV1Status.Ok, "")),
            new(null, AutoNatMessageFault.NoPeer),
            new(null, AutoNatMessageFault.NotProtobuf),
        ];
        Assert.All(bad, b => Assert.Equal(AutoNatV1Status.BadRequest, V1ServerRules.Refusal(b, Client(1))!.Status));
    }

    private static AutoNatV1Decoded Decoded(AutoNatV1Message message) => new(message, AutoNatMessageFault.None);

    private static List<string> Targets(AutoNatClient client, params string[] addresses) =>
        [.. V1ServerRules.Targets([.. addresses.Select(Multiaddr.Parse)], client, Policy()).Select(a => a.ToString())];
}
