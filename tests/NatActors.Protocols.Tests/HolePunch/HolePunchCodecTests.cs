using NatActors.Multiformats;
using NatActors.Protocols.HolePunch;

namespace NatActors.Protocols.Tests.HolePunch;

public sealed class HolePunchCodecTests
{
    private static readonly Multiaddr[] Addresses = [Multiaddr.Parse("/ip4/11.0.0.1/tcp/4001"), Multiaddr.Parse("/ip6/2a00::1/tcp/4001")];

    [Fact]
    public void A_connect_comes_back_with_its_addresses()
    {
        var decoded = HolePunchCodec.Decode(HolePunchCodec.Encode(new HolePunchMessage.Connect(Addresses)));
        Assert.Equal(Addresses, Assert.IsType<HolePunchMessage.Connect>(decoded.Message).ObservedAddresses);
    }

    [Fact]
    public void The_wire_is_the_specs()
    {
        Assert.Equal("08AC02", Convert.ToHexString(HolePunchCodec.Encode(new HolePunchMessage.Sync())));
        Assert.Equal(
            "0864" + "1208" + "040B000001060FA1",
            Convert.ToHexString(HolePunchCodec.Encode(new HolePunchMessage.Connect([Addresses[0]]))));
    }

    [Fact]
    public void An_unknown_address_is_dropped_and_the_others_stay()
    {
        var decoded = HolePunchCodec.Decode(Convert.FromHexString("0864" + "1203FFFF01" + "1200" + "1208040B000001060FA1"));
        Assert.Equal([Addresses[0]], Assert.IsType<HolePunchMessage.Connect>(decoded.Message).ObservedAddresses);
    }

    [Fact]
    public void More_addresses_than_anybody_has_are_not_read()
    {
        var one = Convert.FromHexString("1208040B000001060FA1");
        byte[] message = [0x08, 0x64, .. Enumerable.Repeat(one, 200).SelectMany(b => b)];
        Assert.Equal(
            HolePunchCodec.MaxAddresses,
            Assert.IsType<HolePunchMessage.Connect>(HolePunchCodec.Decode(message).Message).ObservedAddresses.Count);
    }

    [Theory]
    [InlineData("", HolePunchFault.UnknownType)]
    [InlineData("0801", HolePunchFault.UnknownType)]
    [InlineData("FFFF", HolePunchFault.NotProtobuf)]
    [InlineData("08641220AA", HolePunchFault.NotProtobuf)]
    public void Bad_messages_are_refused_by_name(string hex, HolePunchFault fault) =>
        Assert.Equal(fault, HolePunchCodec.Decode(Convert.FromHexString(hex)).Fault);

    [Fact]
    public void A_message_over_four_kibibytes_is_refused_before_it_is_read() =>
        Assert.Equal(HolePunchFault.TooLong, HolePunchCodec.Decode(new byte[HolePunchCodec.MaxMessageSize + 1]).Fault);

    [Fact]
    public void A_message_cut_at_any_byte_is_a_value_and_never_an_exception()
    {
        var whole = HolePunchCodec.Encode(new HolePunchMessage.Connect(Addresses));
        for (var length = 0; length < whole.Length; length++)
        {
            var decoded = HolePunchCodec.Decode(whole.AsSpan(0, length));
            Assert.True(decoded.Message is null == (decoded.Fault != HolePunchFault.None));
        }
    }
}
