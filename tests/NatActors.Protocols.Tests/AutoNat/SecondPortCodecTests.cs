using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using NatActors.Wire.Framing;

namespace NatActors.Protocols.Tests.AutoNat;

public sealed class SecondPortCodecTests
{
    private static readonly Multiaddr Four = Multiaddr.Parse("/ip4/11.0.0.1/tcp/4001");
    private static readonly Multiaddr Six = Multiaddr.Parse("/ip6/2a00::1/tcp/65535");

    public static TheoryData<SecondPortReply, string> Replies => new()
    {
        { new SecondPortReply(SecondPortStatus.Open, 40001), "0801" + "10C1B802" },
        { new SecondPortReply(SecondPortStatus.Seen, Seen: Four), "0802" + "1A08040B000001060FA1" },
        { new SecondPortReply(SecondPortStatus.Seen, Seen: Six), "0802" + "1A14292A00000000000000000000000000000106FFFF" },
        { new SecondPortReply(SecondPortStatus.Refused), "0864" },
        { new SecondPortReply(SecondPortStatus.Failed), "0865" },
        { new SecondPortReply(SecondPortStatus.NotSeen), "0866" },
        { new SecondPortReply((SecondPortStatus)77), "084D" },
    };

    [Fact]
    public void An_ask_is_its_nonce_in_the_order_of_the_second_port()
    {
        const ulong Nonce = 0x0102030405060708;

        Assert.Equal("090807060504030201", Convert.ToHexString(SecondPortCodec.Encode(Nonce)));
        Assert.Equal("0807060504030201", Convert.ToHexString(SecondPortCodec.NonceBytes(Nonce)));
        Assert.Equal(new SecondPortAskDecoded(Nonce, SecondPortFault.None), SecondPortCodec.DecodeAsk(SecondPortCodec.Encode(Nonce)));
    }

    [Theory]
    [MemberData(nameof(Replies))]
    public void A_reply_comes_back_from_a_right_sized_and_from_a_larger_buffer(SecondPortReply reply, string hex)
    {
        var bytes = SecondPortCodec.Encode(reply);
        Assert.Equal(hex, Convert.ToHexString(bytes));
        Assert.Equal(new SecondPortReplyDecoded(reply, SecondPortFault.None), SecondPortCodec.DecodeReply(bytes));

        byte[] larger = [0xFF, .. bytes, 0xFF];
        Assert.Equal(new SecondPortReplyDecoded(reply, SecondPortFault.None), SecondPortCodec.DecodeReply(larger.AsSpan(1, bytes.Length)));
    }

    [Theory]
    [MemberData(nameof(Replies))]
    public void A_reply_comes_back_split_at_every_offset_and_byte_by_byte(SecondPortReply reply, string hex)
    {
        var framed = MessageWriter.Frame(Convert.FromHexString(hex)).ToArray();
        for (var split = 1; split < framed.Length; split++)
        {
            Assert.Equal(reply, Scan([framed[..split], framed[split..]]));
        }

        Assert.Equal(reply, Scan(framed.Select(b => new[] { b })));
    }

    [Theory]
    [InlineData("", SecondPortFault.NoStatus)]
    [InlineData("10C1B802", SecondPortFault.NoStatus)]
    [InlineData("0801", SecondPortFault.BadPort)]
    [InlineData("080110FF07", SecondPortFault.BadPort)]
    [InlineData("0801108080" + "04", SecondPortFault.BadPort)]
    [InlineData("0802", SecondPortFault.BadAddress)]
    [InlineData("08021A03FFFF01", SecondPortFault.BadAddress)]
    [InlineData("08021A05040B000001", SecondPortFault.BadAddress)]
    [InlineData("08021A08040B000001060000", SecondPortFault.BadAddress)]
    [InlineData("08021A09040B00000191020FA1", SecondPortFault.BadAddress)]
    [InlineData("FFFF", SecondPortFault.NotProtobuf)]
    [InlineData("08021AFF", SecondPortFault.NotProtobuf)]
    public void Bad_replies_are_refused_by_name(string hex, SecondPortFault fault) =>
        Assert.Equal(new SecondPortReplyDecoded(null, fault), SecondPortCodec.DecodeReply(Convert.FromHexString(hex)));

    [Theory]
    [InlineData("", SecondPortFault.NoNonce)]
    [InlineData("090000000000000000", SecondPortFault.NoNonce)]
    [InlineData("0901020304", SecondPortFault.NotProtobuf)]
    [InlineData("FFFF", SecondPortFault.NotProtobuf)]
    public void Bad_asks_are_refused_by_name(string hex, SecondPortFault fault) =>
        Assert.Equal(new SecondPortAskDecoded(0, fault), SecondPortCodec.DecodeAsk(Convert.FromHexString(hex)));

    [Fact]
    public void The_lowest_and_the_highest_port_are_taken()
    {
        foreach (var port in new[] { SecondPortProtocol.LowestPort, IPEndPoint.MaxPort })
        {
            var reply = new SecondPortReply(SecondPortStatus.Open, port);
            Assert.Equal(reply, SecondPortCodec.DecodeReply(SecondPortCodec.Encode(reply)).Reply);
        }
    }

    [Fact]
    public void A_message_over_64_bytes_is_refused_before_it_is_read()
    {
        var tooLong = new byte[SecondPortProtocol.MaxMessageSize + 1];
        Assert.Equal(SecondPortFault.TooLong, SecondPortCodec.DecodeAsk(tooLong).Fault);
        Assert.Equal(SecondPortFault.TooLong, SecondPortCodec.DecodeReply(tooLong).Fault);
    }

    private static SecondPortReply? Scan(IEnumerable<byte[]> pieces)
    {
        var scanner = new MessageScanner(SecondPortProtocol.MaxMessageSize);
        var status = ScanStatus.NeedMoreData;
        foreach (var piece in pieces)
        {
            status = scanner.Read(piece, out _);
        }

        Assert.Equal(ScanStatus.Message, status);
        return SecondPortCodec.DecodeReply(scanner.Message.Span).Reply;
    }
}
