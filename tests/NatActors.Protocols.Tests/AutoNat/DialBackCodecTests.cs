using NatActors.Protocols.AutoNat;

namespace NatActors.Protocols.Tests.AutoNat;

public sealed class DialBackCodecTests
{
    [Theory]
    [InlineData(0UL, "")]
    [InlineData(1UL, "090100000000000000")]
    [InlineData(ulong.MaxValue, "09FFFFFFFFFFFFFFFF")]
    public void The_nonce_is_eight_bytes_little_endian_and_nothing_when_zero(ulong nonce, string hex)
    {
        Assert.Equal(hex, Convert.ToHexString(DialBackCodec.Encode(nonce)));
        Assert.Equal(new DialBackDecoded(nonce, AutoNatMessageFault.None), DialBackCodec.Decode(Convert.FromHexString(hex)));
    }

    [Fact]
    public void A_nonce_is_at_most_ten_bytes_with_its_length_as_rust_wants_it() =>
        Assert.True(DialBackCodec.Encode(ulong.MaxValue).Length + 1 <= 10);

    [Fact]
    public void A_receipt_is_empty()
    {
        Assert.Empty(DialBackCodec.EncodeReceipt());
        Assert.Equal(AutoNatMessageFault.None, DialBackCodec.DecodeReceipt([]));
        Assert.Equal(AutoNatMessageFault.None, DialBackCodec.DecodeReceipt([0x08, 0x05]));
    }

    [Theory]
    [InlineData("09")]
    [InlineData("0901020304")]
    [InlineData("FFFF")]
    public void Bad_messages_are_refused_by_name(string hex)
    {
        Assert.Equal(AutoNatMessageFault.NotProtobuf, DialBackCodec.Decode(Convert.FromHexString(hex)).Fault);
        Assert.Equal(AutoNatMessageFault.NotProtobuf, DialBackCodec.DecodeReceipt(Convert.FromHexString(hex)));
    }

    [Fact]
    public void A_message_over_a_kibibyte_is_refused_before_it_is_read()
    {
        var tooLong = new byte[DialBackCodec.MaxMessageSize + 1];
        Assert.Equal(AutoNatMessageFault.TooLong, DialBackCodec.Decode(tooLong).Fault);
        Assert.Equal(AutoNatMessageFault.TooLong, DialBackCodec.DecodeReceipt(tooLong));
    }
}
