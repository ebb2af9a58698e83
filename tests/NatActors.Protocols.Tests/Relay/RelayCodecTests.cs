using NatActors.Multiformats;
using NatActors.Protocols.Relay;

namespace NatActors.Protocols.Tests.Relay;

public sealed class RelayCodecTests
{
    private static readonly RelayReservation Reservation = new(
        DateTimeOffset.FromUnixTimeSeconds(1_900_000_000),
        [Multiaddr.Parse($"/ip4/192.0.1.9/tcp/4001/p2p/{Peers.Id(1)}")],
        new byte[] { 1, 2, 3 });

    [Fact]
    public void A_reservation_without_a_voucher_is_read_as_one_without()
    {
        var granted = new HopMessage.Status(RelayStatus.Ok, new RelayReservation(DateTimeOffset.UnixEpoch.AddDays(1), [], null), RelayLimits.None);

        var status = Assert.IsType<HopMessage.Status>(RelayCodec.DecodeHop(RelayCodec.Encode(granted)).Message);

        Assert.Null(status.Reservation!.Voucher);
    }

    [Fact]
    public void Zero_valued_types_stand_on_the_wire()
    {
        Assert.Equal([0x08, 0x00], RelayCodec.Encode(new HopMessage.Reserve()));
        Assert.Equal([0x08, 0x00], RelayCodec.Encode(new StopMessage.Connect(Peers.Id(1), RelayLimits.None))[..2]);
    }

    [Fact]
    public void A_message_without_a_type_is_refused()
    {
        Assert.Equal(RelayMessageFault.NoType, RelayCodec.DecodeHop([]).Fault);
        Assert.Equal(RelayMessageFault.NoType, RelayCodec.DecodeStop([]).Fault);
    }

    [Fact]
    public void A_reserve_comes_back_as_it_went() =>
        Assert.IsType<HopMessage.Reserve>(RelayCodec.DecodeHop(RelayCodec.Encode(new HopMessage.Reserve())).Message);

    [Fact]
    public void A_connect_names_its_target()
    {
        var decoded = RelayCodec.DecodeHop(RelayCodec.Encode(new HopMessage.Connect(Peers.Id(2))));
        Assert.Equal(Peers.Id(2), Assert.IsType<HopMessage.Connect>(decoded.Message).Target);
    }

    [Fact]
    public void A_status_carries_the_reservation_and_the_limits()
    {
        var limits = new RelayLimits(TimeSpan.FromMinutes(2), 131072);
        var bytes = RelayCodec.Encode(new HopMessage.Status(RelayStatus.Ok, Reservation, limits));
        var status = Assert.IsType<HopMessage.Status>(RelayCodec.DecodeHop(bytes).Message);
        Assert.Equal(RelayStatus.Ok, status.Code);
        Assert.Equal(limits, status.Limits);
        Assert.Equal(Reservation.Expires, status.Reservation!.Expires);
        Assert.Equal(Reservation.Addresses, status.Reservation.Addresses);
        Assert.Equal(Reservation.Voucher!.Value.ToArray(), status.Reservation.Voucher!.Value.ToArray());
    }

    [Fact]
    public void A_message_inside_a_larger_buffer_is_read_to_its_end_only()
    {
        byte[] message = RelayCodec.Encode(new HopMessage.Connect(Peers.Id(2)));
        byte[] buffer = [0xff, .. message, 0xff];
        var decoded = RelayCodec.DecodeHop(buffer.AsSpan(1, message.Length));
        Assert.Equal(Peers.Id(2), Assert.IsType<HopMessage.Connect>(decoded.Message).Target);
    }

    [Fact]
    public void A_message_cut_at_any_byte_is_a_value_and_never_an_exception()
    {
        var whole = RelayCodec.Encode(new HopMessage.Status(RelayStatus.Ok, Reservation, new RelayLimits(TimeSpan.FromSeconds(9), 9)));
        for (var length = 0; length < whole.Length; length++)
        {
            var decoded = RelayCodec.DecodeHop(whole.AsSpan(0, length));
            Assert.True(decoded.Message is null == (decoded.Fault != RelayMessageFault.None));
        }

        Assert.Equal(RelayMessageFault.NotProtobuf, RelayCodec.DecodeHop(whole.AsSpan(0, whole.Length - 1)).Fault);
    }

    [Theory]
    [InlineData("0801", RelayMessageFault.NoPeer)]
    [InlineData("08011200", RelayMessageFault.NoPeer)]
    [InlineData("080112030A01FF", RelayMessageFault.BadPeerId)]
    [InlineData("0802", RelayMessageFault.NoStatus)]
    [InlineData("0809", RelayMessageFault.UnknownType)]
    [InlineData("FFFFFF", RelayMessageFault.NotProtobuf)]
    public void Bad_hop_messages_are_refused_by_name(string hex, RelayMessageFault fault) =>
        Assert.Equal(fault, RelayCodec.DecodeHop(Convert.FromHexString(hex)).Fault);

    [Theory]
    [InlineData("0800", RelayMessageFault.NoPeer)]
    [InlineData("080012030A01FF", RelayMessageFault.BadPeerId)]
    [InlineData("0801", RelayMessageFault.NoStatus)]
    [InlineData("0807", RelayMessageFault.UnknownType)]
    public void Bad_stop_messages_are_refused_by_name(string hex, RelayMessageFault fault) =>
        Assert.Equal(fault, RelayCodec.DecodeStop(Convert.FromHexString(hex)).Fault);

    [Fact]
    public void A_message_over_four_kibibytes_is_refused_before_it_is_read()
    {
        Assert.Equal(RelayMessageFault.TooLong, RelayCodec.DecodeHop(new byte[RelayCodec.MaxMessageSize + 1]).Fault);
        Assert.Equal(RelayMessageFault.TooLong, RelayCodec.DecodeStop(new byte[RelayCodec.MaxMessageSize + 1]).Fault);
    }

    [Fact]
    public void An_unreadable_address_is_dropped_and_the_others_stay()
    {
        // HopMessage { type STATUS, reservation { expire 1, addrs "", addrs of an unknown protocol, addrs /ip4/1.2.3.4/tcp/1 }, status OK }
        var bytes = Convert.FromHexString("0802" + "1A13" + "0801" + "1200" + "1203FFFF01" + "1208040102030406" + "0001" + "2864");
        var status = Assert.IsType<HopMessage.Status>(RelayCodec.DecodeHop(bytes).Message);
        Assert.Equal("/ip4/1.2.3.4/tcp/1", Assert.Single(status.Reservation!.Addresses).ToString());
    }

    [Fact]
    public void A_date_beyond_the_calendar_is_the_last_one()
    {
        var bytes = Convert.FromHexString("0802" + "1A0B" + "08FFFFFFFFFFFFFFFFFF01" + "2864");
        var status = Assert.IsType<HopMessage.Status>(RelayCodec.DecodeHop(bytes).Message);
        Assert.Equal(9999, status.Reservation!.Expires!.Value.Year);
    }

    [Fact]
    public void Zero_and_absent_limits_mean_none()
    {
        Assert.True(Assert.IsType<HopMessage.Status>(RelayCodec.DecodeHop(Convert.FromHexString("08022864")).Message).Limits.Unlimited);
        var zeros = Convert.FromHexString("0802" + "2204" + "08001000" + "2864");
        Assert.True(Assert.IsType<HopMessage.Status>(RelayCodec.DecodeHop(zeros).Message).Limits.Unlimited);
    }

    [Fact]
    public void An_unknown_status_keeps_its_number()
    {
        var status = Assert.IsType<HopMessage.Status>(RelayCodec.DecodeHop(Convert.FromHexString("080228AD02")).Message);
        Assert.Equal(301, (int)status.Code);
        Assert.Contains("301", status.Code.InWords(), StringComparison.Ordinal);
    }
}
