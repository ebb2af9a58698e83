using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Multiformats.Tests.Shared;
using NatActors.Protocols.Records;
using NatActors.Protocols.Records.Proto;

namespace NatActors.Protocols.Tests.Records;

public sealed class ReservationVoucherTests : IDisposable
{
    private readonly PrivateKey _relay = PrivateKey.GenerateEd25519(new SeededRandom(1));
    private readonly PrivateKey _peer = PrivateKey.GenerateEd25519(new SeededRandom(2));

    [Fact]
    public void Comes_back_as_it_was()
    {
        var voucher = new ReservationVoucher(_relay.PeerId, _peer.PeerId, DateTimeOffset.FromUnixTimeSeconds(1_900_000_000));
        Assert.True(ReservationVoucher.TryOpen(voucher.Seal(_relay), out var opened, out _));
        Assert.Equal(voucher, opened);
    }

    [Fact]
    public void Only_the_relay_signs_it()
    {
        var voucher = new ReservationVoucher(_relay.PeerId, _peer.PeerId, DateTimeOffset.UnixEpoch);
        Assert.Throws<ArgumentException>(() => voucher.Seal(_peer));
        Assert.Equal(DecodeFailure.Mismatch, Refusal(_peer, Message()));
    }

    [Fact]
    public void Is_refused_with_a_reason()
    {
        var withoutRelay = Message();
        withoutRelay.ClearRelay();
        Assert.Equal(DecodeFailure.MissingField, Refusal(_relay, withoutRelay));
        var withoutPeer = Message();
        withoutPeer.ClearPeer();
        Assert.Equal(DecodeFailure.MissingField, Refusal(_relay, withoutPeer));
        var withoutExpiration = Message();
        withoutExpiration.ClearExpiration();
        Assert.Equal(DecodeFailure.MissingField, Refusal(_relay, withoutExpiration));
        var tooLate = Message();
        tooLate.Expiration = ulong.MaxValue;
        Assert.Equal(DecodeFailure.Overflow, Refusal(_relay, tooLate));
        var nobody = Message();
        nobody.Peer = ByteString.CopyFrom(1, 2, 3);
        Assert.Equal(DecodeFailure.Unsupported, Refusal(_relay, nobody));
    }

    [Fact]
    public void A_peer_record_is_no_voucher()
    {
        var record = new PeerRecord(_relay.PeerId, 1, []).Seal(_relay);
        Assert.False(ReservationVoucher.TryOpen(record, out _, out var failure));
        Assert.Equal(DecodeFailure.Mismatch, failure);
    }

    public void Dispose()
    {
        _relay.Dispose();
        _peer.Dispose();
    }

    private static DecodeFailure Refusal(PrivateKey signer, VoucherMessage message)
    {
        var bytes = Envelope.Seal(signer, RecordKind.ReservationVoucher, message.ToByteArray());
        Assert.False(ReservationVoucher.TryOpen(bytes, out var voucher, out var failure));
        Assert.Null(voucher);
        return failure;
    }

    private VoucherMessage Message() => new()
    {
        Relay = ByteString.CopyFrom(_relay.PeerId.Bytes.Span),
        Peer = ByteString.CopyFrom(_peer.PeerId.Bytes.Span),
        Expiration = 1_900_000_000,
    };
}
