namespace NatActors.Multiformats.Tests;

public class MultihashTests
{
    private static readonly byte[] Sha256OfAbc =
        Convert.FromHexString("1220ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

    [Fact]
    public void Hashes_abc_as_FIPS_180_does()
    {
        Assert.Equal(Sha256OfAbc, Multihash.Of(MultihashCode.Sha256, "abc"u8));
        Assert.Equal("0003616263", Convert.ToHexStringLower(Multihash.Of(MultihashCode.Identity, "abc"u8)));
    }

    [Fact]
    public void Reads_both_kinds()
    {
        Assert.True(Multihash.TryRead(Sha256OfAbc, out var hash, out _));
        Assert.Equal((MultihashCode.Sha256, 2, 34), (hash.Code, hash.DigestOffset, hash.Length));
        Assert.True(Multihash.TryRead(Convert.FromHexString("0003616263"), out hash, out _));
        Assert.Equal((MultihashCode.Identity, 2, 5), (hash.Code, hash.DigestOffset, hash.Length));
    }

    [Fact]
    public void Is_truncated_at_every_split()
    {
        for (var split = 0; split < Sha256OfAbc.Length; split++)
        {
            Assert.False(Multihash.TryRead(Sha256OfAbc.AsSpan(0, split), out _, out var failure));
            Assert.Equal(DecodeFailure.Truncated, failure);
        }
    }

    [Theory]
    [InlineData("000361626364", DecodeFailure.TrailingBytes)]
    [InlineData("800003616263", DecodeFailure.NonMinimal)]
    [InlineData("00830061626300", DecodeFailure.NonMinimal)]
    [InlineData("1114ba7816bf8f01cfea414140de5dae2223b00361a3", DecodeFailure.Unsupported)]
    [InlineData("121fba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015", DecodeFailure.Malformed)]
    [InlineData("002b00", DecodeFailure.TooLarge)]
    [InlineData("00ffffffffffffffff7f", DecodeFailure.TooLarge)]
    [InlineData("12ffffffffffffffffff", DecodeFailure.Overflow)]
    public void Refuses_with_a_reason(string hex, DecodeFailure reason)
    {
        Assert.False(Multihash.TryRead(Convert.FromHexString(hex), out _, out var failure));
        Assert.Equal(reason, failure);
    }

    [Fact]
    public void Refuses_what_is_longer_than_any()
    {
        Assert.False(Multihash.TryRead(new byte[Multihash.MaxLength + 1], out _, out var failure));
        Assert.Equal(DecodeFailure.TooLarge, failure);
        Assert.Throws<ArgumentException>(() => Multihash.Of(MultihashCode.Identity, new byte[Multihash.MaxIdentityLength + 1]));
    }
}
