using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Tests.Relay;

namespace NatActors.Protocols.Tests.AutoNat;

public sealed class V1CodecTests
{
    private static readonly Multiaddr Address = Multiaddr.Parse("/ip4/11.0.0.1/tcp/4001");

    [Fact]
    public void A_dial_comes_back_with_its_peer_and_addresses()
    {
        var bytes = AutoNatV1Codec.Encode(new AutoNatV1Message.Dial(Peers.Id(1), [Address]));
        var dial = Assert.IsType<AutoNatV1Message.Dial>(AutoNatV1Codec.Decode(bytes).Message);
        Assert.Equal(Peers.Id(1), dial.Peer);
        Assert.Equal([Address], dial.Addresses);
    }

    [Fact]
    public void A_response_comes_back_with_its_status_text_and_address()
    {
        var said = new AutoNatV1Message.DialResponse(AutoNatV1Status.DialRefused, "busy", Address);
        Assert.Equal(said, AutoNatV1Codec.Decode(AutoNatV1Codec.Encode(said)).Message);
    }

    [Fact]
    public void Zero_valued_types_and_statuses_stand_on_the_wire()
    {
        Assert.Equal([0x08, 0x00], AutoNatV1Codec.Encode(new AutoNatV1Message.Dial(Peers.Id(1), []))[..2]);
        Assert.Equal(
            "0801" + "1A02" + "0800",
            Convert.ToHexString(AutoNatV1Codec.Encode(new AutoNatV1Message.DialResponse(AutoNatV1Status.Ok, null, null))));
    }

    [Fact]
    public void The_wire_is_the_specs() => Assert.Equal(
        "0801" + "1A10" + "0864" + "12026E6F" + "1A08040B000001060FA1",
        Convert.ToHexString(AutoNatV1Codec.Encode(new AutoNatV1Message.DialResponse(AutoNatV1Status.DialError, "no", Address))));

    [Fact]
    public void An_unreadable_address_is_dropped_and_the_others_stay()
    {
        var id = Convert.ToHexString(Peers.Id(1).Bytes.Span);
        var peer = $"0A{id.Length / 2:X2}{id}" + "1203FFFF01" + "1200" + "1208040B000001060FA1";
        var dial = $"0A{peer.Length / 2:X2}{peer}";
        var decoded = AutoNatV1Codec.Decode(Convert.FromHexString($"080012{dial.Length / 2:X2}{dial}"));
        Assert.Equal([Address], Assert.IsType<AutoNatV1Message.Dial>(decoded.Message).Addresses);
    }

    [Fact]
    public void More_addresses_than_are_ever_dialed_are_not_read()
    {
        var bytes = AutoNatV1Codec.Encode(new AutoNatV1Message.Dial(Peers.Id(1), [.. Enumerable.Repeat(Address, 100)]));
        Assert.Equal(
            AutoNatV1Codec.MaxAddresses,
            Assert.IsType<AutoNatV1Message.Dial>(AutoNatV1Codec.Decode(bytes).Message).Addresses.Count);
    }

    [Theory]
    [InlineData("", AutoNatMessageFault.NoType)]
    [InlineData("0800", AutoNatMessageFault.NoPeer)]
    [InlineData("08001200", AutoNatMessageFault.NoPeer)]
    [InlineData("080012020A00", AutoNatMessageFault.NoPeer)]
    [InlineData("080012050A030A01FF", AutoNatMessageFault.BadPeerId)]
    [InlineData("0801", AutoNatMessageFault.NoStatus)]
    [InlineData("08011A00", AutoNatMessageFault.NoStatus)]
    [InlineData("0805", AutoNatMessageFault.UnknownType)]
    [InlineData("FFFF", AutoNatMessageFault.NotProtobuf)]
    [InlineData("080012FF", AutoNatMessageFault.NotProtobuf)]
    public void Bad_messages_are_refused_by_name(string hex, AutoNatMessageFault fault) =>
        Assert.Equal(new AutoNatV1Decoded(null, fault), AutoNatV1Codec.Decode(Convert.FromHexString(hex)));

    [Fact]
    public void A_message_over_four_kibibytes_is_refused_before_it_is_read() =>
        Assert.Equal(AutoNatMessageFault.TooLong, AutoNatV1Codec.Decode(new byte[AutoNatV1Codec.MaxMessageSize + 1]).Fault);

    [Fact]
    public void An_unknown_status_keeps_its_number()
    {
        var decoded = AutoNatV1Codec.Decode(Convert.FromHexString("0801" + "1A03" + "08AD02"));
        Assert.Equal(301, (int)Assert.IsType<AutoNatV1Message.DialResponse>(decoded.Message).Status);
    }

    [Fact]
    public void A_message_inside_a_larger_buffer_is_read_to_its_end_only()
    {
        byte[] message = AutoNatV1Codec.Encode(new AutoNatV1Message.Dial(Peers.Id(2), [Address]));
        byte[] buffer = [0xff, .. message, 0xff];
        var decoded = AutoNatV1Codec.Decode(buffer.AsSpan(1, message.Length));
        Assert.Equal(Peers.Id(2), Assert.IsType<AutoNatV1Message.Dial>(decoded.Message).Peer);
    }

    [Fact]
    public void A_message_cut_at_any_byte_is_a_value_and_never_an_exception()
    {
        var whole = AutoNatV1Codec.Encode(new AutoNatV1Message.Dial(Peers.Id(1), [Address, Address]));
        for (var length = 0; length < whole.Length; length++)
        {
            var decoded = AutoNatV1Codec.Decode(whole.AsSpan(0, length));
            Assert.Null(decoded.Message);
            Assert.NotEqual(AutoNatMessageFault.None, decoded.Fault);
        }
    }
}
