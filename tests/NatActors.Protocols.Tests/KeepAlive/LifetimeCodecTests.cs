using NatActors.Protocols.KeepAlive;

namespace NatActors.Protocols.Tests.KeepAlive;

public sealed class LifetimeCodecTests
{
    private static readonly byte[] Token = [.. Enumerable.Range(1, LifetimeProtocol.TokenLength).Select(i => (byte)i)];

    [Fact]
    public void An_ask_comes_back_with_its_silences()
    {
        var ask = new LifetimeMessage.Ask([TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(128)]);
        Assert.Equal(ask.Silences, Assert.IsType<LifetimeMessage.Ask>(Decode(ask)).Silences);
        Assert.Equal("1205A01F80E807", Convert.ToHexString(LifetimeCodec.Encode(ask)));
    }

    [Fact]
    public void A_grant_comes_back_with_its_tokens() => Assert.Equal(
        Token,
        Assert.Single(Assert.IsType<LifetimeMessage.Grant>(Decode(new LifetimeMessage.Grant([Token]))).Tokens).ToArray());

    [Fact]
    public void A_refusal_comes_back_with_its_reason_and_an_unknown_one_without()
    {
        Assert.Equal(new LifetimeMessage.Refuse(LifetimeRefusal.Busy), Decode(new LifetimeMessage.Refuse(LifetimeRefusal.Busy)));
        Assert.Equal(new LifetimeMessage.Refuse(LifetimeRefusal.None), LifetimeCodec.Decode(Convert.FromHexString("08022863")).Message);
    }

    [Fact]
    public void What_was_sent_comes_back_with_its_mapping() =>
        Assert.Equal(new LifetimeMessage.Sent(5), Decode(new LifetimeMessage.Sent(5)));

    [Theory]
    [InlineData("", LifetimeFault.MappingCount)]
    [InlineData("0801", LifetimeFault.MappingCount)]
    [InlineData("08011A0100", LifetimeFault.TokenLength)]
    [InlineData("08032008", LifetimeFault.MappingCount)]
    [InlineData("0807", LifetimeFault.UnknownType)]
    [InlineData("FFFF", LifetimeFault.NotProtobuf)]
    [InlineData("1205A01F80", LifetimeFault.NotProtobuf)]
    [InlineData("1209010101010101010101", LifetimeFault.MappingCount)]
    public void Bad_messages_are_refused_by_name(string hex, LifetimeFault fault)
    {
        var decoded = LifetimeCodec.Decode(Convert.FromHexString(hex));
        Assert.Equal(fault, decoded.Fault);
        Assert.Null(decoded.Message);
    }

    [Fact]
    public void A_long_message_is_refused_before_it_is_read() =>
        Assert.Equal(LifetimeFault.TooLong, LifetimeCodec.Decode(new byte[LifetimeCodec.MaxMessageSize + 1]).Fault);

    [Fact]
    public void A_message_cut_at_any_byte_is_a_value_and_never_an_exception()
    {
        var whole = LifetimeCodec.Encode(new LifetimeMessage.Grant([Token, Token]));
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Null(LifetimeCodec.Decode(whole.AsSpan(0, length)).Message is LifetimeMessage.Grant { Tokens.Count: 2 } all ? all : null);
        }
    }

    [Fact]
    public void A_message_inside_a_larger_buffer_reads_the_same()
    {
        var message = LifetimeCodec.Encode(new LifetimeMessage.Sent(3));
        byte[] buffer = [9, 9, .. message, 9, 9];
        Assert.Equal(new LifetimeMessage.Sent(3), LifetimeCodec.Decode(buffer.AsSpan(2, message.Length)).Message);
    }

    private static LifetimeMessage? Decode(LifetimeMessage message) => LifetimeCodec.Decode(LifetimeCodec.Encode(message)).Message;
}
