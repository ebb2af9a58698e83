namespace NatActors.Multiformats.Tests;

/// <summary>
/// Text and bytes. The pairs and the lists of good and bad texts marked "go" are from multiformats/go-multiaddr, multiaddr_test.go
/// (TestStringToBytes, TestConstructSucceeds, TestConstructFails), for the protocols known here.
/// </summary>
public class MultiaddrTests
{
    private const string Id = "12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV";

    [Theory]
    [InlineData("/ip4/127.0.0.1/udp/1234", "047f000001910204d2")]
    [InlineData("/ip4/127.0.0.1/tcp/4321", "047f0000010610e1")]
    [InlineData("/ip4/127.0.0.1/udp/1234/ip4/127.0.0.1/tcp/4321", "047f000001910204d2047f0000010610e1")]
    public void Agrees_with_go_on_bytes(string text, string hex)
    {
        Assert.Equal(hex, Convert.ToHexStringLower(Multiaddr.Parse(text).ToByteArray()));
        Assert.True(Multiaddr.TryDecode(Convert.FromHexString(hex), out var address, out var failure));
        Assert.Equal(DecodeFailure.None, failure);
        Assert.Equal(text, address.ToString());
    }

    /// <summary>The codes of the multicodec table, as varints.</summary>
    [Theory]
    [InlineData("/ip6zone/x/ip6/::1", "2a01782900000000000000000000000000000001")]
    [InlineData("/dns/a.b", "3503612e62")]
    [InlineData("/dns4/a.b", "3603612e62")]
    [InlineData("/dns6/a.b", "3703612e62")]
    [InlineData("/dnsaddr/a.b", "3803612e62")]
    [InlineData("/webrtc-direct", "9802")]
    [InlineData("/webrtc", "9902")]
    [InlineData("/p2p-circuit", "a202")]
    [InlineData("/tls/sni/a.b", "c003c10303612e62")]
    [InlineData("/noise", "c603")]
    [InlineData("/quic", "cc03")]
    [InlineData("/quic-v1", "cd03")]
    [InlineData("/webtransport", "d103")]
    [InlineData("/ws", "dd03")]
    [InlineData("/wss", "de03")]
    [InlineData("/memory/4", "89060000000000000004")]
    public void Has_the_codes_of_the_multicodec_table(string text, string hex)
    {
        Assert.Equal(hex, Convert.ToHexStringLower(Multiaddr.Parse(text).ToByteArray()));
        Assert.Equal(text, Multiaddr.Parse(text).ToString());
    }

    [Theory]
    [InlineData("/ip4/1.2.3.4")]
    [InlineData("/ip4/0.0.0.0")]
    [InlineData("/ip6/::1")]
    [InlineData("/ip6/2601:9:4f81:9700:803e:ca65:66e8:c21")]
    [InlineData("/ip6/2601:9:4f81:9700:803e:ca65:66e8:c21/udp/1234/quic")]
    [InlineData("/ip6/2601:9:4f81:9700:803e:ca65:66e8:c21/udp/1234/quic-v1")]
    [InlineData("/ip6zone/x/ip6/fe80::1")]
    [InlineData("/ip6zone/x%y/ip6/fe80::1")]
    [InlineData("/ip6zone/x%y/ip6/::")]
    [InlineData("/udp/0")]
    [InlineData("/tcp/65535")]
    [InlineData("/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC")]
    [InlineData("/p2p/" + Id)]
    [InlineData("/ip4/127.0.0.1/udp/1234/quic-v1/webtransport")]
    [InlineData("/ip4/127.0.0.1/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC/tcp/1234")]
    [InlineData("/ip4/127.0.0.1/tcp/127/tls/ws")]
    [InlineData("/ip4/127.0.0.1/tcp/127/noise")]
    [InlineData("/ip4/127.0.0.1/tcp/127/wss")]
    [InlineData("/ip4/127.0.0.1/tcp/127/webrtc-direct")]
    [InlineData("/memory/4")]
    public void Keeps_the_good_texts_of_go(string text)
    {
        var address = Multiaddr.Parse(text);
        Assert.Equal(text, address.ToString());
        Assert.True(Multiaddr.TryDecode(address.ToByteArray(), out var again));
        Assert.Equal(address, again);
    }

    [Theory]
    [InlineData("/ip4/127.0.0.1/tcp/1234/", "/ip4/127.0.0.1/tcp/1234")]
    [InlineData("/ipfs/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC", "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC")]
    [InlineData("/ipfs/k2k4r8oqamigqdo6o7hsbfwd45y70oyynp98usk7zmyfrzpqxh1pohl7", "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC")]
    [InlineData("/ip6/2001:DB8:0:0:1:0:0:1", "/ip6/2001:db8::1:0:0:1")]
    [InlineData("/ip6/::ffff:c000:201", "/ip6/::ffff:192.0.2.1")]
    [InlineData("/ip6/1:0:2:3:4:5:6:7", "/ip6/1:0:2:3:4:5:6:7")]
    [InlineData("/ip6/fe80:0:0:0:0:5efe:102:304", "/ip6/fe80::5efe:102:304")]
    [InlineData("/ip6/0:0:0:0:0:0:0:0", "/ip6/::")]
    [InlineData("/ip6/1:0:0:0:0:0:0:0", "/ip6/1::")]
    public void Normalises(string text, string canonical) => Assert.Equal(canonical, Multiaddr.Parse(text).ToString());

    [Fact]
    public void Reads_certificate_hashes_in_the_bases_that_go_takes()
    {
        var address = Multiaddr.Parse("/ip4/127.0.0.1/udp/1/quic-v1/webtransport/certhash/zQmbWTwYGcmdyK9CYfNBcfs9nhZs17a6FQ4Y8oea278xx41");
        Assert.Equal(MultiaddrProtocol.CertHash, address.Components[4].Protocol);
        Assert.Equal(address, Multiaddr.Parse(address.ToString()));
        Assert.StartsWith("uEi", address.Components[4].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData(" ")]
    [InlineData("ip4/1.2.3.4")]
    [InlineData("/ip4")]
    [InlineData("/ip4/::1")]
    [InlineData("/ip4/fdpsofodsajfdoisa")]
    [InlineData("/ip4/010.0.0.1")]
    [InlineData("/ip4/1")]
    [InlineData("/ip4/0x7f.0.0.1")]
    [InlineData("/ip6")]
    [InlineData("/ip6/1.2.3.4")]
    [InlineData("/ip6/[::1]")]
    [InlineData("/ip6/fe80::1%1")]
    [InlineData("/ip6zone")]
    [InlineData("/ip6zone/")]
    [InlineData("/ip6zone//ip6/fe80::1")]
    [InlineData("/udp")]
    [InlineData("/udp/65536")]
    [InlineData("/tcp/65536")]
    [InlineData("/tcp/+1")]
    [InlineData("/tcp/ 1")]
    [InlineData("/tcp/01")]
    [InlineData("/quic/65536")]
    [InlineData("/ip4/127.0.0.1/udp")]
    [InlineData("/ip4/127.0.0.1/tcp/jfodsajfidosajfoidsa")]
    [InlineData("/ip4/127.0.0.1/quic-v1/1234")]
    [InlineData("/ip4/127.0.0.1/udp/1234/quic-v1/webtransport/certhash")]
    [InlineData("/ip4/127.0.0.1/udp/1234/quic-v1/webtransport/certhash/b2uaraocy6yrdblb4sfptaddgimjmmp")]
    [InlineData("/ip4/127.0.0.1/ipfs")]
    [InlineData("/ip4/127.0.0.1/p2p/tcp")]
    [InlineData("/ip4/1.2.3.4/tcp/-1")]
    [InlineData("/memory/92233720368547758081")]
    [InlineData("/p2p/QmxoHT6iViN5xAjoz1VZ553cL31U9F94ht3QvWR1FrEbZY")]
    [InlineData("/dns4/a b/tcp/1")]
    [InlineData("/dns4//tcp/1")]
    [InlineData("/ip4/1.2.3.4//tcp/1")]
    [InlineData("/nosuch/1")]
    public void Refuses_bad_texts_with_one_line(string text)
    {
        Assert.False(Multiaddr.TryParse(text, out var address, out var error));
        Assert.Null(address);
        Assert.False(string.IsNullOrWhiteSpace(error));
        Assert.DoesNotContain('\n', error);
        Assert.Throws<FormatException>(() => Multiaddr.Parse(text));
    }

    [Theory]
    [InlineData("/ip4/1.2.3", "four numbers")]
    [InlineData("/ip4/1.2.3.4/tcp", "a port from 0 to 65535")]
    [InlineData("1.2.3.4:4001", "starts with a slash")]
    [InlineData("/ip4/1.2.3.4/tpc/1", "'tpc' is not a protocol known here")]
    [InlineData("/ip4/1.2.3.4/tcp/1/p2p/12D3", "not a peer id")]
    public void Says_what_to_write(string text, string words)
    {
        Assert.False(Multiaddr.TryParse(text, out _, out var error));
        Assert.Contains(words, error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_line_stays_one_short_line_whatever_was_written()
    {
        Assert.False(Multiaddr.TryParse("/ip4/1.2.3.4\n/tcp/1" + new string('x', 3000), out _, out var error));
        Assert.DoesNotContain('\n', error);
        Assert.True(error.Length < 500);
    }

    [Fact]
    public void Refuses_null_and_endless_texts()
    {
        Assert.False(Multiaddr.TryParse(null, out _, out _));
        Assert.False(Multiaddr.TryParse(new string('/', Multiaddr.MaxTextLength + 1), out _, out var error));
        Assert.Contains("characters", error, StringComparison.Ordinal);
        var tooManyBytes = string.Concat(Enumerable.Repeat("/p2p-circuit", (Multiaddr.MaxLength / 2) + 1));
        Assert.False(Multiaddr.TryParse(tooManyBytes[..(tooManyBytes.Length / 12 * 12)], out _, out _));
    }
}
