using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Multiformats.Tests;

public class PeerIdTests
{
    private static readonly VectorFile Keys = new("keys.txt");

    /// <summary>The examples of libp2p/specs peer-ids, "String representation" and "Decoding".</summary>
    [Fact]
    public void Reads_both_text_forms_of_the_specification()
    {
        var hashed = PeerId.Parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
        Assert.Equal(hashed, PeerId.Parse("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe"));
        Assert.Equal("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe", hashed.ToCid());
        Assert.Equal("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", hashed.ToString());
        Assert.False(hashed.TryExtractKey(out _));
        var inlined = PeerId.Parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
        Assert.True(inlined.TryExtractKey(out var key));
        Assert.Equal(KeyType.Ed25519, key.Type);
        Assert.True(inlined.Matches(key));
        Assert.Equal(inlined, PeerId.Parse(inlined.ToCid()));
    }

    /// <summary>Pairs of texts from multiformats/go-multiaddr, multiaddr_test.go: base32 and base36 of the same peers.</summary>
    [Theory]
    [InlineData("k2k4r8oqamigqdo6o7hsbfwd45y70oyynp98usk7zmyfrzpqxh1pohl7", "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC")]
    [InlineData("bafzbeigvf25ytwc3akrijfecaotc74udrhcxzh2cx3we5qqnw5vgrei4bm", "QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC")]
    [InlineData(
        "k51qzi5uqu5dhb6l8spkdx7yxafegfkee5by8h7lmjh2ehc2sgg34z7c15vzqs", "12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV")]
    [InlineData(
        "bafzaajaiaejcalj543iwv2d7pkjt7ykvefrkfu7qjfi6sduakhso4lay6abn2d5u", "12D3KooWCryG7Mon9orvQxcS1rYZjotPgpwoJNHHKcLLfE4Hf5mV")]
    public void Reads_the_bases_that_go_reads(string text, string base58) => Assert.Equal(base58, PeerId.Parse(text).ToString());

    [Fact]
    public void Writes_every_length_as_the_library_does()
    {
        var random = new SeededRandom(58);
        for (var length = 1; length <= Multihash.MaxIdentityLength; length++)
        {
            var digest = new byte[length];
            random.Fill(digest);
            foreach (var bytes in new[] { digest, new byte[length], [.. Enumerable.Repeat((byte)0xff, length)] })
            {
                byte[] multihash = [0, (byte)length, .. bytes];
                Assert.True(PeerId.TryDecode(multihash, out var id));
                Assert.Equal(SimpleBase.Base58.Bitcoin.Encode(multihash), id.ToString());
                Assert.Equal(id, PeerId.Parse(id.ToString()));
            }
        }
    }

    /// <summary>libp2p/specs peer-ids: keys of at most 42 bytes are inlined.</summary>
    [Theory]
    [InlineData("ed25519", "0024")]
    [InlineData("secp256k1", "0025")]
    [InlineData("ecdsa", "1220")]
    [InlineData("rsa", "1220")]
    public void Inlines_short_keys_and_hashes_long_ones(string name, string prefix)
    {
        Assert.True(PublicKey.TryFromProtobuf(Keys[name + ".public"], out var key, out _));
        var id = PeerId.FromPublicKey(key);
        Assert.StartsWith(prefix, Convert.ToHexStringLower(id.Bytes.Span), StringComparison.Ordinal);
        Assert.Equal(prefix == "0024" || prefix == "0025", id.TryExtractKey(out var extracted));
        Assert.True(extracted is null || extracted.Equals(key));
        Assert.Equal(id, PeerId.Parse(id.ToString()));
        Assert.Equal(id, PeerId.Parse(id.ToCid()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5S")]
    [InlineData("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5S0")]
    [InlineData("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5")]
    [InlineData("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N1")]
    [InlineData("bafzbeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqx")]
    [InlineData("bafybeie5745rpv2m6tjyuugywy4d5ewrqgqqhfnf445he3omzpjbx5xqxe")]
    [InlineData("zdj7WWeQ43G6JJvLWQWZpyHuAMq6uYWRjkBXFad11vE2LHhQ7")]
    [InlineData("hello world")]
    [InlineData("é")]
    public void Refuses_bad_texts_with_one_line(string? text)
    {
        Assert.False(PeerId.TryParse(text, out var id, out var error));
        Assert.Null(id);
        Assert.False(string.IsNullOrWhiteSpace(error));
        Assert.DoesNotContain('\n', error);
    }

    [Fact]
    public void Refuses_endless_texts_without_decoding_them()
    {
        Assert.False(PeerId.TryParse(new string('1', 1_000_000), out _, out var error));
        Assert.True(error.Length < 200);
    }

    [Fact]
    public void Is_refused_at_every_split()
    {
        var bytes = PeerId.Parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA").Bytes.ToArray();
        for (var split = 0; split < bytes.Length; split++)
        {
            Assert.False(PeerId.TryDecode(bytes.AsSpan(0, split), out _, out var failure));
            Assert.Equal(DecodeFailure.Truncated, failure);
        }

        Assert.False(PeerId.TryDecode([.. bytes, 0], out _, out var trailing));
        Assert.Equal(DecodeFailure.TrailingBytes, trailing);
        Assert.False(PeerId.TryDecode([0, 0], out _, out var empty));
        Assert.Equal(DecodeFailure.Malformed, empty);
    }

    [Fact]
    public void Equality_and_order_are_those_of_the_bytes()
    {
        var one = PeerId.Parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
        var same = PeerId.Parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA");
        var other = PeerId.Parse("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N");
        Assert.True(one == same && one.GetHashCode() == same.GetHashCode() && one.CompareTo(same) == 0);
        Assert.True(one != other && one.CompareTo(other) < 0 && other.CompareTo(one) > 0 && one.CompareTo(null) > 0);
    }

    [Fact]
    public void Random_texts_never_throw()
    {
        var random = new SeededRandom(11);
        const string Letters = "fbkzu1Qm0OIl-_+/=ABCabc2349éß\0 ";
        for (var round = 0; round < 20_000; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.NextInt(140)).Select(_ => Letters[random.NextInt(Letters.Length)])]);
            Assert.Equal(PeerId.TryParse(text, out _, out var error), error is null);
        }
    }
}
