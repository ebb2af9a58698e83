using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Multiformats.Tests;

public class MultiaddrBytesTests
{
    private const string Relayed =
        "/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV/p2p-circuit/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC";

    [Fact]
    public void Reads_a_right_sized_buffer_and_a_slice_of_a_larger_one()
    {
        var bytes = Multiaddr.Parse(Relayed).ToByteArray();
        byte[] larger = [0xff, .. bytes, 0xff];
        Assert.True(Multiaddr.TryDecode(larger.AsSpan(1, bytes.Length), out var address));
        Assert.Equal(Relayed, address.ToString());
        larger.AsSpan().Clear();
        Assert.Equal(Relayed, Multiaddr.Parse(address.ToString()).ToString());
        Assert.Equal(bytes, address.ToByteArray());
    }

    [Fact]
    public void Is_whole_or_truncated_at_every_split()
    {
        var whole = Multiaddr.Parse(Relayed);
        var bytes = whole.ToByteArray();
        var ends = new HashSet<int>();
        for (var count = 1; count <= whole.Components.Count; count++)
        {
            ends.Add(Multiaddr.Parse(string.Concat(whole.Components.Take(count))).Bytes.Length);
        }

        for (var split = 0; split < bytes.Length; split++)
        {
            var decoded = Multiaddr.TryDecode(bytes.AsSpan(0, split), out _, out var failure);
            Assert.Equal(ends.Contains(split), decoded);
            Assert.Equal(decoded ? DecodeFailure.None : DecodeFailure.Truncated, failure);
        }
    }

    [Theory]
    [InlineData("", DecodeFailure.Truncated)]
    [InlineData("8400c0000201", DecodeFailure.NonMinimal)]
    [InlineData("ffffffffffffffffffff", DecodeFailure.Overflow)]
    [InlineData("05c0000201", DecodeFailure.Unsupported)]
    [InlineData("04c0000201ff7f", DecodeFailure.Unsupported)]
    [InlineData("04c000", DecodeFailure.Truncated)]
    [InlineData("3500", DecodeFailure.Malformed)]
    [InlineData("3503612f62", DecodeFailure.Malformed)]
    [InlineData("3503610062", DecodeFailure.Malformed)]
    [InlineData("3502c328", DecodeFailure.Malformed)]
    [InlineData("35fe01", DecodeFailure.TooLarge)]
    [InlineData("35ffffffffffffffff7f", DecodeFailure.TooLarge)]
    [InlineData("358100610000", DecodeFailure.NonMinimal)]
    [InlineData("a5032d", DecodeFailure.TooLarge)]
    [InlineData("a50300", DecodeFailure.Truncated)]
    [InlineData("a503020000", DecodeFailure.Malformed)]
    [InlineData("a503021101", DecodeFailure.Unsupported)]
    [InlineData("a5030500036162", DecodeFailure.Truncated)]
    [InlineData("a503050001616263", DecodeFailure.TrailingBytes)]
    public void Refuses_with_a_reason(string hex, DecodeFailure reason)
    {
        Assert.False(Multiaddr.TryDecode(Convert.FromHexString(hex), out var address, out var failure));
        Assert.Null(address);
        Assert.Equal(reason, failure);
    }

    [Fact]
    public void Refuses_more_than_the_limit_before_looking_at_it()
    {
        var endless = new byte[Multiaddr.MaxLength + 2];
        for (var i = 0; i < endless.Length; i += 2)
        {
            (endless[i], endless[i + 1]) = (0xa2, 0x02);
        }

        Assert.False(Multiaddr.TryDecode(endless, out _, out var failure));
        Assert.Equal(DecodeFailure.TooLarge, failure);
        Assert.True(Multiaddr.TryDecode(endless.AsSpan(0, Multiaddr.MaxLength), out var longest));
        Assert.True(Multiaddr.TryParse(longest.ToString(), out _) == (longest.ToString().Length <= Multiaddr.MaxTextLength));
    }

    [Fact]
    public void Whatever_decodes_has_a_text_that_parses_to_the_same_bytes()
    {
        var random = new SeededRandom(7);
        var seeds = new[] { Relayed, "/ip6zone/x/ip6/fe80::1/udp/1/quic-v1", "/dns4/a.b/tcp/443/tls/sni/a.b/ws", "/memory/7" }
            .Select(t => Multiaddr.Parse(t).ToByteArray()).ToArray();
        var decoded = 0;
        for (var round = 0; round < 20_000; round++)
        {
            byte[] bytes = [.. seeds[random.NextInt(seeds.Length)]];
            for (var flips = random.NextInt(4); flips >= 0; flips--)
            {
                bytes[random.NextInt(bytes.Length)] = (byte)random.NextInt(256);
            }

            if (Multiaddr.TryDecode(bytes, out var address, out var failure))
            {
                decoded++;
                Assert.True(Multiaddr.TryParse(address.ToString(), out var again, out var error), error);
                Assert.Equal(bytes, again.ToByteArray());
            }
            else
            {
                Assert.NotEqual(DecodeFailure.None, failure);
            }
        }

        Assert.True(decoded > 1000);
    }
}
