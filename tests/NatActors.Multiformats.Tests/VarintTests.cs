namespace NatActors.Multiformats.Tests;

/// <summary>Examples of multiformats/unsigned-varint and its limits.</summary>
public class VarintTests
{
    public static TheoryData<ulong, string> Examples => new()
    {
        { 0, "00" },
        { 1, "01" },
        { 127, "7f" },
        { 128, "8001" },
        { 255, "ff01" },
        { 300, "ac02" },
        { 16384, "808001" },
        { long.MaxValue, "ffffffffffffffff7f" },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public void Writes_the_examples_of_the_specification(ulong value, string hex)
    {
        var buffer = new byte[Varint.MaxLength + 1];
        var written = Varint.Write(buffer, value);
        Assert.Equal(hex, Convert.ToHexStringLower(buffer.AsSpan(0, written)));
        Assert.Equal(written, Varint.Length(value));
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Reads_the_examples_and_leaves_what_follows(ulong value, string hex)
    {
        byte[] bytes = [.. Convert.FromHexString(hex), 0xff, 0xff];
        Assert.Equal(DecodeStatus.Done, Varint.TryRead(bytes, out var read, out var length, out var failure));
        Assert.Equal(value, read);
        Assert.Equal(bytes.Length - 2, length);
        Assert.Equal(DecodeFailure.None, failure);
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void Asks_for_more_at_every_split(ulong value, string hex)
    {
        var bytes = Convert.FromHexString(hex);
        for (var split = 0; split < bytes.Length; split++)
        {
            Assert.Equal(DecodeStatus.NeedMoreData, Varint.TryRead(bytes.AsSpan(0, split), out var read, out var length, out _));
            Assert.Equal(0UL, read);
            Assert.Equal(0, length);
        }

        Assert.Equal(DecodeStatus.Done, Varint.TryRead(bytes, out var whole, out _, out _));
        Assert.Equal(value, whole);
    }

    [Theory]
    [InlineData("8000", DecodeFailure.NonMinimal)]
    [InlineData("ff00", DecodeFailure.NonMinimal)]
    [InlineData("808000", DecodeFailure.NonMinimal)]
    [InlineData("808080808080808000", DecodeFailure.NonMinimal)]
    [InlineData("ffffffffffffffffff", DecodeFailure.Overflow)]
    [InlineData("80808080808080808001", DecodeFailure.Overflow)]
    public void Refuses_with_a_reason(string hex, DecodeFailure reason)
    {
        Assert.Equal(DecodeStatus.Invalid, Varint.TryRead(Convert.FromHexString(hex), out var value, out var length, out var failure));
        Assert.Equal(reason, failure);
        Assert.Equal(0UL, value);
        Assert.Equal(0, length);
    }

    [Fact]
    public void Does_not_write_beyond_63_bits_or_into_too_little_room()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Varint.Length(Varint.MaxValue + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Varint.Write(new byte[20], ulong.MaxValue));
        Assert.Throws<ArgumentException>(() => Varint.Write(new byte[1], 128));
    }
}
