using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Protocols.Records.Proto;

namespace NatActors.Protocols.Records;

/// <summary>A relay's signed word that it keeps a slot for a peer (libp2p/specs relay/circuit-v2.md, "Reservation Vouchers").</summary>
/// <param name="Relay">The relay that signed it.</param>
/// <param name="Peer">The peer that the slot is for.</param>
/// <param name="Expiration">When the slot ends, in whole seconds.</param>
public sealed record ReservationVoucher(PeerId Relay, PeerId Peer, DateTimeOffset Expiration)
{
    private static readonly ulong LatestExpiration = (ulong)DateTimeOffset.MaxValue.ToUnixTimeSeconds();

    /// <summary>Signs the voucher and gives the envelope's bytes. The key must be the relay's.</summary>
    /// <exception cref="ArgumentException">It is somebody else's.</exception>
    public byte[] Seal(PrivateKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.PeerId != Relay)
        {
            throw new ArgumentException($"A voucher of {Relay} cannot be signed by {key.PeerId}.", nameof(key));
        }

        var message = new VoucherMessage
        {
            Relay = UnsafeByteOperations.UnsafeWrap(Relay.Bytes),
            Peer = UnsafeByteOperations.UnsafeWrap(Peer.Bytes),
            Expiration = (ulong)Expiration.ToUnixTimeSeconds(),
        };
        return Envelope.Seal(key, RecordKind.ReservationVoucher, message.ToByteArray());
    }

    /// <summary>Opens a voucher: good signature, signed by the relay that it names.</summary>
    /// <param name="bytes">The envelope.</param>
    /// <param name="voucher">The voucher; whether it is this peer's and still valid is for the caller to judge.</param>
    /// <param name="failure">Why it is refused; <see cref="DecodeFailure.Mismatch"/> when another peer signed it.</param>
    public static bool TryOpen(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out ReservationVoucher? voucher, out DecodeFailure failure)
    {
        voucher = null;
        if (!Envelope.TryOpen(bytes, RecordKind.ReservationVoucher, out var envelope, out failure)
            || !ProtobufMessage.TryParse(VoucherMessage.Parser, envelope.Payload.Span, Envelope.MaxLength, out var message, out failure))
        {
            return false;
        }

        if (!message.HasRelay || !message.HasPeer || !message.HasExpiration)
        {
            failure = DecodeFailure.MissingField;
            return false;
        }

        if (!PeerId.TryDecode(message.Relay.Span, out var relay, out failure) || !PeerId.TryDecode(message.Peer.Span, out var peer, out failure))
        {
            return false;
        }

        failure = relay != envelope.Signer ? DecodeFailure.Mismatch
            : message.Expiration > LatestExpiration ? DecodeFailure.Overflow
            : DecodeFailure.None;
        voucher = failure == DecodeFailure.None
            ? new ReservationVoucher(relay, peer, DateTimeOffset.FromUnixTimeSeconds((long)message.Expiration))
            : null;
        return voucher is not null;
    }
}
