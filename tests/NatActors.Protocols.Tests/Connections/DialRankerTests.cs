using NatActors.Multiformats;
using NatActors.Protocols.Connections;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Connections;

public sealed class DialRankerTests
{
    private static readonly PeerId Self = Numbered(1);
    private static readonly PeerId Peer = Numbered(2);
    private static readonly PeerId Relay = Numbered(3);
    private static readonly DialTarget Target = new(Self, Peer, [], a => a.IsTcp, DirectOnly: false);

    [Fact]
    public void Takes_the_families_in_turn_IPv6_first_a_step_apart()
    {
        Assert.Equal(
            ["/ip6/2a00::1/tcp/1 0", "/ip4/192.0.1.1/tcp/1 250", "/ip6/2a00::2/tcp/1 500", "/ip4/192.0.1.2/tcp/1 750"],
            Rank("/ip4/192.0.1.1/tcp/1", "/ip6/2a00::1/tcp/1", "/ip6/2a00::2/tcp/1", "/ip4/192.0.1.2/tcp/1"));
    }

    [Fact]
    public void Local_addresses_do_not_wait_for_public_ones()
    {
        Assert.Equal(
            ["/ip4/192.0.1.1/tcp/1 0", "/ip4/10.0.0.1/tcp/1 0", "/ip4/127.0.0.1/tcp/1 30", "/ip4/192.0.1.2/tcp/1 250"],
            Rank("/ip4/10.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/1", "/ip4/192.0.1.1/tcp/1", "/ip4/192.0.1.2/tcp/1"));
    }

    [Fact]
    public void Relayed_addresses_come_last_with_a_delay()
    {
        Assert.Equal(
            ["/ip4/192.0.1.1/tcp/1 0", $"/ip4/192.0.1.9/tcp/1/p2p/{Relay}/p2p-circuit 500"],
            Rank($"/ip4/192.0.1.9/tcp/1/p2p/{Relay}/p2p-circuit", "/ip4/192.0.1.1/tcp/1"));
    }

    [Fact]
    public void Relayed_addresses_do_not_wait_when_there_is_no_other()
    {
        Assert.Equal(
            [$"/ip4/192.0.1.9/tcp/1/p2p/{Relay}/p2p-circuit/p2p/{Peer} 0"],
            Rank($"/ip4/192.0.1.9/tcp/1/p2p/{Relay}/p2p-circuit/p2p/{Peer}"));
    }

    [Fact]
    public void Quic_goes_before_tcp()
    {
        var target = Target with { CanDial = _ => true };

        Assert.Equal(
            ["/ip4/192.0.1.1/udp/1/quic-v1 0", "/ip6/2a00::1/tcp/1 250"],
            Rank(target, "/ip6/2a00::1/tcp/1", "/ip4/192.0.1.1/udp/1/quic-v1"));
    }

    [Theory]
    [InlineData("/ip4/192.0.1.7/tcp/7")]
    [InlineData("/ip4/192.0.1.1/tcp/0")]
    [InlineData("/ip4/0.0.0.0/tcp/1")]
    [InlineData("/ip6/::/tcp/1")]
    [InlineData("/ip4/224.0.0.1/tcp/1")]
    [InlineData("/ip6/fe80::1/tcp/1")]
    [InlineData("/ip4/192.0.1.1/udp/1/quic-v1")]
    [InlineData("/ip4/192.0.1.1/tcp/1/ws")]
    [InlineData("/ip4/192.0.1.9/tcp/1/p2p-circuit")]
    public void Leaves_out_what_cannot_be_dialed(string address)
    {
        var target = Target with { OwnAddresses = [Address("/ip4/192.0.1.7/tcp/7")] };

        Assert.Empty(Rank(target, address));
    }

    [Fact]
    public void Leaves_out_addresses_of_other_peers_and_circuits_through_either_end()
    {
        Assert.Empty(Rank(
            $"/ip4/192.0.1.1/tcp/1/p2p/{Relay}",
            $"/ip4/192.0.1.9/tcp/1/p2p/{Self}/p2p-circuit",
            $"/ip4/192.0.1.9/tcp/1/p2p/{Peer}/p2p-circuit",
            $"/ip4/192.0.1.9/tcp/1/p2p/{Relay}/p2p-circuit/p2p/{Relay}"));
    }

    [Fact]
    public void An_address_with_and_without_its_peer_is_dialed_once()
    {
        Assert.Equal(["/ip4/192.0.1.1/tcp/1 0"], Rank("/ip4/192.0.1.1/tcp/1", $"/ip4/192.0.1.1/tcp/1/p2p/{Peer}", "/ip4/192.0.1.1/tcp/1"));
    }

    [Fact]
    public void A_direct_only_dial_leaves_relays_out()
    {
        Assert.Empty(Rank(Target with { DirectOnly = true }, $"/ip4/192.0.1.9/tcp/1/p2p/{Relay}/p2p-circuit"));
    }

    [Fact]
    public void The_number_of_addresses_is_bounded()
    {
        var many = Enumerable.Range(1, 100).Select(i => Address($"/ip4/192.0.1.1/tcp/{i}"));

        var ranked = DialRanker.Rank(many, Target, new DialRankRules { MaxAddresses = 3 });

        Assert.Equal([1, 2, 3], ranked.Select(r => r.Address.TryGetTcpEndPoint(out var e) ? e.Port : 0));
    }

    private static IEnumerable<string> Rank(params string[] addresses) => Rank(Target, addresses);

    private static IEnumerable<string> Rank(DialTarget target, params string[] addresses) =>
        DialRanker.Rank(addresses.Select(Address), target, new DialRankRules()).Select(r => $"{r.Address} {r.Delay.TotalMilliseconds}");
}
