using System.Net;

namespace NatActors.Multiformats.Tests;

public class MultiaddrPartsTests
{
    private const string IdA = "12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV";
    private const string IdB = "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";
    private const string Relay = "/ip4/192.0.2.1/tcp/4001/p2p/" + IdA;
    private const string Relayed = Relay + "/p2p-circuit/p2p/" + IdB;

    private static readonly PeerId A = PeerId.Parse(IdA);
    private static readonly PeerId B = PeerId.Parse(IdB);

    [Fact]
    public void A_zone_that_a_peer_names_is_no_interface_of_this_machine()
    {
        var name = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .First(i => i.NetworkInterfaceType == System.Net.NetworkInformation.NetworkInterfaceType.Loopback).Name;
        var own = Multiaddr.Parse($"/ip6zone/{name}/ip6/fe80::1/tcp/1");

        Assert.True(Multiaddr.TryDecodeForeign(own.Bytes.Span, out var foreign));
        Assert.True(Multiaddr.TryDecodeForeign(Multiaddr.Parse("/ip6zone/3/ip6/fe80::1/tcp/1").Bytes.Span, out var numbered));

        Assert.NotEqual(0, own.Host!.ScopeId);
        Assert.Equal(0, foreign.Host!.ScopeId);
        Assert.Equal(3, numbered.Host!.ScopeId);
        Assert.Equal(own, foreign);
    }

    [Theory]
    [InlineData("192.0.2.1:4001", "/ip4/192.0.2.1/tcp/4001")]
    [InlineData("[2001:db8::1]:1", "/ip6/2001:db8::1/tcp/1")]
    [InlineData("[::ffff:192.0.2.1]:1", "/ip4/192.0.2.1/tcp/1")]
    [InlineData("[fe80::1%3]:1", "/ip6zone/3/ip6/fe80::1/tcp/1")]
    public void Comes_from_an_end_point(string endPoint, string text) => Assert.Equal(text, Multiaddr.FromTcp(IPEndPoint.Parse(endPoint)).ToString());

    [Fact]
    public void Comes_from_an_end_point_under_each_transport()
    {
        var endPoint = IPEndPoint.Parse("192.0.2.1:4001");
        Assert.Equal("/ip4/192.0.2.1/udp/4001", Multiaddr.FromIPEndPoint(endPoint, MultiaddrTransport.Udp).ToString());
        Assert.Equal("/ip4/192.0.2.1/udp/4001/quic-v1", Multiaddr.FromIPEndPoint(endPoint, MultiaddrTransport.QuicV1).ToString());
    }

    [Theory]
    [InlineData("/ip4/192.0.2.1/tcp/4001", "192.0.2.1:4001")]
    [InlineData("/ip4/192.0.2.1/tcp/4001/p2p/" + IdA, "192.0.2.1:4001")]
    [InlineData("/ip6/2001:db8::1/tcp/1", "[2001:db8::1]:1")]
    [InlineData("/ip6zone/3/ip6/fe80::1/tcp/1/p2p/" + IdA, "[fe80::1%3]:1")]
    public void Gives_its_tcp_end_point(string text, string endPoint)
    {
        Assert.True(Multiaddr.Parse(text).TryGetTcpEndPoint(out var found));
        Assert.Equal(IPEndPoint.Parse(endPoint), found);
        Assert.True(Multiaddr.Parse(text).IsTcp);
    }

    [Theory]
    [InlineData(Relayed)]
    [InlineData("/ip4/192.0.2.1/udp/1")]
    [InlineData("/ip4/192.0.2.1/tcp/1/ws")]
    [InlineData("/ip4/192.0.2.1/tcp/1/tls/ws")]
    [InlineData("/ip4/192.0.2.1/udp/1/quic-v1")]
    [InlineData("/ip4/192.0.2.1")]
    [InlineData("/tcp/1")]
    [InlineData("/ip6zone/3/tcp/1")]
    [InlineData("/ip6zone/3")]
    [InlineData("/ip6zone/3/ip4/1.2.3.4/tcp/1")]
    [InlineData("/p2p/" + IdA)]
    [InlineData("/ip4/192.0.2.1/tcp/1/p2p/" + IdA + "/tcp/2")]
    public void Has_no_tcp_end_point(string text)
    {
        Assert.False(Multiaddr.Parse(text).TryGetTcpEndPoint(out _));
        Assert.False(Multiaddr.Parse(text).IsTcp);
    }

    [Fact]
    public void Names_are_tcp_but_have_no_end_point()
    {
        var address = Multiaddr.Parse("/dns4/example.org/tcp/1/p2p/" + IdA);
        Assert.True(address.IsTcp);
        Assert.True(address.UsesDns);
        Assert.False(address.TryGetTcpEndPoint(out _));
        Assert.Null(address.Host);
    }

    [Theory]
    [InlineData("/ip4/192.0.2.1/udp/1/quic-v1", true)]
    [InlineData("/dns/a.b/udp/1/quic-v1/p2p/" + IdA, true)]
    [InlineData("/ip4/192.0.2.1/udp/1/quic-v1/webtransport", false)]
    [InlineData("/ip4/192.0.2.1/udp/1/quic", false)]
    [InlineData("/ip4/192.0.2.1/udp/1/quic-v1/p2p/" + IdA + "/p2p-circuit", false)]
    [InlineData(Relay, false)]
    public void Knows_quic(string text, bool isQuic) => Assert.Equal(isQuic, Multiaddr.Parse(text).IsQuic);

    [Fact]
    public void The_peer_is_the_last_one_and_never_the_relay()
    {
        Assert.Equal(A, Multiaddr.Parse(Relay).PeerId);
        Assert.Equal(B, Multiaddr.Parse(Relayed).PeerId);
        Assert.Null(Multiaddr.Parse(Relay + "/p2p-circuit").PeerId);
        Assert.Null(Multiaddr.Parse("/ip4/1.2.3.4/tcp/1").PeerId);
    }

    [Fact]
    public void Splits_a_relayed_address()
    {
        Assert.True(Multiaddr.Parse(Relayed).TrySplitCircuit(out var relay, out var relayPeer, out var target));
        Assert.Equal((Relay, A, B), (relay.ToString(), relayPeer, target));
        Assert.True(Multiaddr.Parse(Relay + "/p2p-circuit").TrySplitCircuit(out relay, out relayPeer, out target));
        Assert.Equal((Relay, A, (PeerId?)null), (relay.ToString(), relayPeer, target));
        Assert.True(Multiaddr.Parse(Relayed).IsRelayed);
    }

    [Theory]
    [InlineData(Relay)]
    [InlineData("/p2p-circuit/p2p/" + IdA)]
    [InlineData("/ip4/192.0.2.1/tcp/4001/p2p-circuit/p2p/" + IdA)]
    [InlineData(Relayed + "/p2p-circuit/p2p/" + IdA)]
    public void Does_not_split_what_names_no_single_relay(string text) =>
        Assert.False(Multiaddr.Parse(text).TrySplitCircuit(out _, out _, out _));

    [Fact]
    public void A_peer_id_is_added_once_replaced_and_stripped()
    {
        var plain = Multiaddr.Parse("/ip4/192.0.2.1/tcp/4001");
        Assert.Equal(Relay, plain.WithPeerId(A).ToString());
        Assert.Equal(Relay, plain.WithPeerId(A).WithPeerId(A).ToString());
        Assert.Equal("/ip4/192.0.2.1/tcp/4001/p2p/" + IdB, plain.WithPeerId(A).WithPeerId(B).ToString());
        Assert.Equal(plain, plain.WithPeerId(A).WithoutPeerId());
        Assert.Equal(plain, plain.WithoutPeerId());
        Assert.Equal(Relay + "/p2p-circuit", Multiaddr.Parse(Relayed).WithoutPeerId().ToString());
        Assert.Equal(Relayed, Multiaddr.Parse(Relay + "/p2p-circuit").WithPeerId(B).ToString());
        Assert.Equal("/p2p/" + IdA, Multiaddr.Parse("/p2p/" + IdA).WithoutPeerId().ToString());
    }

    [Fact]
    public void Appends()
    {
        Assert.Equal(Relay + "/p2p-circuit", Multiaddr.Parse(Relay).Append("/p2p-circuit").ToString());
        var half = Multiaddr.Parse("/dns/" + new string('a', 250) + "/dns/" + new string('b', 250) + "/dns/" + new string('c', 250));
        Assert.Throws<ArgumentException>(() => half.Append(half));
    }

    [Fact]
    public void Whatever_a_peer_says_has_room_for_two_peer_ids_and_a_circuit()
    {
        var names = string.Concat(Enumerable.Repeat("/dns/" + new string('a', 200), 3)) + "/dns/";
        var some = new string('b', 150);
        var longest = Multiaddr.Parse(names + some + new string('b', Multiaddr.MaxForeignLength - Multiaddr.Parse(names + some).Bytes.Length));

        Assert.Equal(Multiaddr.MaxForeignLength, longest.Bytes.Length);
        Assert.True(Multiaddr.TryDecodeForeign(longest.Bytes.Span, out var taken));
        Assert.EndsWith("/p2p-circuit/p2p/" + IdB, taken.WithPeerId(A).Append("/p2p-circuit").WithPeerId(B).ToString(), StringComparison.Ordinal);
        Assert.False(Multiaddr.TryDecodeForeign(longest.Append("/ws").Bytes.Span, out _));
    }

    [Fact]
    public void Equal_means_equal_bytes()
    {
        var one = Multiaddr.Parse("/ip4/1.2.3.4/tcp/1");
        var same = Multiaddr.Parse("/ip4/1.2.3.4/tcp/1/");
        var other = Multiaddr.Parse("/ip4/1.2.3.4/tcp/2");
        Assert.True(one == same && one.Equals((object)same) && one.GetHashCode() == same.GetHashCode());
        Assert.True(one != other && !one.Equals(null));
    }
}
