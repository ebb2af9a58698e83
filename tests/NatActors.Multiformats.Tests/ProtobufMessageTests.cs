using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Multiformats.Tests;

/// <summary>With messages that the protobuf library brings along: a number in a field, and messages inside messages.</summary>
public class ProtobufMessageTests
{
    private const int MaxLength = 100;

    [Theory]
    [InlineData("08", DecodeFailure.Truncated)]
    [InlineData("0880", DecodeFailure.Truncated)]
    [InlineData("088000", DecodeFailure.NonMinimal)]
    [InlineData("88000a", DecodeFailure.NonMinimal)]
    [InlineData("08ffffffffffffffffff02", DecodeFailure.Overflow)]
    [InlineData("08ffffffffffffffffffff01", DecodeFailure.Overflow)]
    [InlineData("0001", DecodeFailure.Malformed)]
    [InlineData("0b0c", DecodeFailure.Malformed)]
    [InlineData("0f", DecodeFailure.Malformed)]
    [InlineData("888080808001", DecodeFailure.Malformed)]
    [InlineData("12056162", DecodeFailure.Truncated)]
    [InlineData("12ffffffffffffffffff01", DecodeFailure.Truncated)]
    [InlineData("11000000", DecodeFailure.Truncated)]
    [InlineData("15000000", DecodeFailure.Truncated)]
    public void Refuses_with_a_reason(string hex, DecodeFailure reason)
    {
        Assert.False(ProtobufMessage.TryParse(UInt64Value.Parser, Convert.FromHexString(hex), MaxLength, out var message, out var failure));
        Assert.Null(message);
        Assert.Equal(reason, failure);
    }

    [Theory]
    [InlineData("", 0UL)]
    [InlineData("0800", 0UL)]
    [InlineData("08ffffffffffffffffff01", ulong.MaxValue)]
    [InlineData("0805" + "1204656c7365", 5UL)]
    [InlineData("190102030405060708" + "1d01020304" + "0807", 7UL)]
    public void Reads_numbers_of_64_bits_and_passes_over_unknown_fields(string hex, ulong value)
    {
        Assert.True(ProtobufMessage.TryParse(UInt64Value.Parser, Convert.FromHexString(hex), MaxLength, out var message, out var failure), failure.ToString());
        Assert.Equal(value, message.Value);
    }

    [Fact]
    public void Looks_into_messages_inside_messages()
    {
        // ListValue { values = 1: Value { number_value = 1 } }, and the same with an overlong tag inside.
        Assert.True(ProtobufMessage.TryParse(ListValue.Parser, Convert.FromHexString("0a02" + "0800"), MaxLength, out _, out _));
        Assert.False(ProtobufMessage.TryParse(ListValue.Parser, Convert.FromHexString("0a03" + "088000"), MaxLength, out _, out var failure));
        Assert.Equal(DecodeFailure.NonMinimal, failure);
    }

    [Fact]
    public void Refuses_endless_depth()
    {
        IMessage message = new Value { NumberValue = 1 };
        for (var i = 0; i < 20; i++)
        {
            message = new Value { ListValue = new ListValue { Values = { (Value)message } } };
        }

        Assert.False(ProtobufMessage.TryParse(Value.Parser, message.ToByteArray(), 1000, out _, out var failure));
        Assert.Equal(DecodeFailure.TooLarge, failure);
    }

    [Fact]
    public void Refuses_by_length_alone_before_anything_else()
    {
        Assert.False(ProtobufMessage.TryParse(UInt64Value.Parser, new byte[MaxLength + 1], MaxLength, out _, out var failure));
        Assert.Equal(DecodeFailure.TooLarge, failure);
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        var random = new SeededRandom(13);
        for (var round = 0; round < 50_000; round++)
        {
            var bytes = new byte[random.NextInt(40)];
            random.Fill(bytes);
            var good = ProtobufMessage.TryParse(Struct.Parser, bytes, MaxLength, out _, out var failure);
            Assert.Equal(good, failure == DecodeFailure.None);
        }
    }
}
