using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;

namespace NatActors.Protocols.Tests.AutoNat;

public sealed class V2CodecTests
{
    private static readonly Multiaddr Address = Multiaddr.Parse("/ip4/11.0.0.1/tcp/4001");

    [Fact]
    public void A_request_comes_back_with_its_nonce_and_addresses()
    {
        var bytes = AutoNatV2Codec.Encode(new AutoNatV2Message.DialRequest([Address], ulong.MaxValue));
        var request = Assert.IsType<AutoNatV2Message.DialRequest>(AutoNatV2Codec.Decode(bytes).Message);
        Assert.Equal(ulong.MaxValue, request.Nonce);
        Assert.Equal([Address], request.Addresses);
    }

    [Fact]
    public void The_nonce_is_eight_bytes_little_endian() => Assert.Equal(
        "0A13" + "0A08040B000001060FA1" + "110807060504030201",
        Convert.ToHexString(AutoNatV2Codec.Encode(new AutoNatV2Message.DialRequest([Address], 0x0102030405060708))));

    [Fact]
    public void Zeros_are_not_on_the_wire()
    {
        Assert.Equal("1200", Convert.ToHexString(AutoNatV2Codec.Encode(
            new AutoNatV2Message.DialResponse(AutoNatV2Status.InternalError, 0, AutoNatV2DialStatus.Unused))));
        Assert.Equal("1206" + "08C801" + "18C801", Convert.ToHexString(AutoNatV2Codec.Encode(
            new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, AutoNatV2DialStatus.Ok))));
    }

    [Fact]
    public void An_absent_field_is_zero()
    {
        Assert.Equal(
            new AutoNatV2Message.DialResponse(AutoNatV2Status.InternalError, 0, AutoNatV2DialStatus.Unused),
            AutoNatV2Codec.Decode(Convert.FromHexString("1200")).Message);
        Assert.Equal(
            new AutoNatV2Message.DialDataRequest(0, 0),
            AutoNatV2Codec.Decode(Convert.FromHexString("1A00")).Message);
    }

    [Fact]
    public void Responses_and_data_come_back_as_they_went()
    {
        var response = new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 3, AutoNatV2DialStatus.DialBackError);
        var request = new AutoNatV2Message.DialDataRequest(2, 31_000);
        byte[] data = [1, 2, 3];
        Assert.Equal(response, AutoNatV2Codec.Decode(AutoNatV2Codec.Encode(response)).Message);
        Assert.Equal(request, AutoNatV2Codec.Decode(AutoNatV2Codec.Encode(request)).Message);
        var piece = AutoNatV2Codec.Decode(AutoNatV2Codec.Encode(new AutoNatV2Message.DialDataResponse(data))).Message;
        Assert.Equal(data, Assert.IsType<AutoNatV2Message.DialDataResponse>(piece).Data.ToArray());
    }

    [Fact]
    public void An_unreadable_address_keeps_its_place_in_the_list()
    {
        var decoded = AutoNatV2Codec.Decode(Convert.FromHexString("0A11" + "0A03FFFF01" + "0A00" + "0A08040B000001060FA1"));
        Assert.Equal([null, null, Address], Assert.IsType<AutoNatV2Message.DialRequest>(decoded.Message).Addresses);
    }

    [Fact]
    public void More_addresses_than_are_ever_looked_at_are_not_read()
    {
        var bytes = AutoNatV2Codec.Encode(new AutoNatV2Message.DialRequest([.. Enumerable.Repeat(Address, 200)], 1));
        var request = Assert.IsType<AutoNatV2Message.DialRequest>(AutoNatV2Codec.Decode(bytes).Message);
        Assert.Equal(AutoNatV2Codec.MaxAddresses, request.Addresses.Count);
    }

    [Theory]
    [InlineData("", AutoNatMessageFault.NoType)]
    [InlineData("2A00", AutoNatMessageFault.NoType)]
    [InlineData("FFFF", AutoNatMessageFault.NotProtobuf)]
    [InlineData("0AFF", AutoNatMessageFault.NotProtobuf)]
    [InlineData("0A0511010203", AutoNatMessageFault.NotProtobuf)]
    public void Bad_messages_are_refused_by_name(string hex, AutoNatMessageFault fault) =>
        Assert.Equal(new AutoNatV2Decoded(null, fault), AutoNatV2Codec.Decode(Convert.FromHexString(hex)));

    [Fact]
    public void A_piece_of_data_may_have_four_kibibytes_and_no_more()
    {
        var most = AutoNatV2Codec.Encode(new AutoNatV2Message.DialDataResponse(new byte[AutoNatV2Codec.MaxDataSize]));
        Assert.Equal(AutoNatMessageFault.None, AutoNatV2Codec.Decode(most).Fault);

        // The same by hand with one byte more, as the encoder refuses to write it.
        byte[] more = [0x22, 0x84, 0x20, 0x0A, 0x81, 0x20, .. new byte[AutoNatV2Codec.MaxDataSize + 1]];
        Assert.Equal(AutoNatMessageFault.DataTooLong, AutoNatV2Codec.Decode(more).Fault);
        Assert.Throws<ArgumentOutOfRangeException>(
            () => AutoNatV2Codec.Encode(new AutoNatV2Message.DialDataResponse(new byte[AutoNatV2Codec.MaxDataSize + 1])));
    }

    [Fact]
    public void A_message_over_eight_kibibytes_is_refused_before_it_is_read() =>
        Assert.Equal(AutoNatMessageFault.TooLong, AutoNatV2Codec.Decode(new byte[AutoNatV2Codec.MaxMessageSize + 1]).Fault);

    [Fact]
    public void Unknown_codes_keep_their_numbers()
    {
        var response = Assert.IsType<AutoNatV2Message.DialResponse>(AutoNatV2Codec.Decode(Convert.FromHexString("1204" + "0807" + "1809")).Message);
        Assert.Equal(7, (int)response.Status);
        Assert.Equal(9, (int)response.DialStatus);
    }

    [Fact]
    public void A_message_inside_a_larger_buffer_is_read_to_its_end_only()
    {
        var message = AutoNatV2Codec.Encode(new AutoNatV2Message.DialDataRequest(1, 2));
        byte[] buffer = [0xff, .. message, 0xff];
        Assert.Equal(new AutoNatV2Message.DialDataRequest(1, 2), AutoNatV2Codec.Decode(buffer.AsSpan(1, message.Length)).Message);
    }

    [Fact]
    public void A_message_cut_at_any_byte_is_a_value_and_never_an_exception()
    {
        var whole = AutoNatV2Codec.Encode(new AutoNatV2Message.DialRequest([Address, Address], 42));
        for (var length = 0; length < whole.Length; length++)
        {
            var decoded = AutoNatV2Codec.Decode(whole.AsSpan(0, length));
            Assert.Null(decoded.Message);
            Assert.NotEqual(AutoNatMessageFault.None, decoded.Fault);
        }
    }
}
