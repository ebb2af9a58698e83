using Google.Protobuf;
using NatActors.Multiformats;

namespace NatActors.Protocols.Relay;

/// <summary>
/// Bytes to relay messages and back: one message, without its length prefix. What a peer wrote wrongly is a <see
/// cref="RelayMessageFault"/>;
/// a single unreadable address inside a message is dropped, not the message (an unknown address type is no error of the peer).
/// </summary>
public static class RelayCodec
{
    /// <summary>The longest message accepted, in bytes, length prefix excluded (go-libp2p circuitv2/util: 4 KiB).</summary>
    public const int MaxMessageSize = 4096;

    /// <summary>The most addresses kept of a reservation; a relay has a handful.</summary>
    public const int MaxAddresses = 32;

    /// <summary>The longest voucher kept, in bytes: an envelope of two peer ids, a date and an RSA signature is well under it.</summary>
    public const int MaxVoucherSize = 2048;

    // The last second that DateTimeOffset can carry, 9999-12-31T23:59:59Z.
    private const ulong MaxUnixSeconds = 253_402_300_799;

    /// <summary>Reads a hop message.</summary>
    public static HopDecoded DecodeHop(ReadOnlySpan<byte> message)
    {
        if (!TryParse(message, Proto.HopMessage.Parser, out var wire, out var fault))
        {
            return new HopDecoded(null, fault);
        }

        if (!wire.HasType)
        {
            return new HopDecoded(null, RelayMessageFault.NoType);
        }

        switch (wire.Type)
        {
            case Proto.HopMessage.Types.Type.Reserve:
                return new HopDecoded(new HopMessage.Reserve(), RelayMessageFault.None);
            case Proto.HopMessage.Types.Type.Connect:
                fault = ReadPeer(wire.Peer, out var target);
                return new HopDecoded(target is null ? null : new HopMessage.Connect(target), fault);
            case Proto.HopMessage.Types.Type.Status:
                return wire.HasStatus
                    ? new HopDecoded(ToStatus(wire), RelayMessageFault.None)
                    : new HopDecoded(null, RelayMessageFault.NoStatus);
            default:
                return new HopDecoded(null, RelayMessageFault.UnknownType);
        }
    }

    /// <summary>Reads a stop message.</summary>
    public static StopDecoded DecodeStop(ReadOnlySpan<byte> message)
    {
        if (!TryParse(message, Proto.StopMessage.Parser, out var wire, out var fault))
        {
            return new StopDecoded(null, fault);
        }

        if (!wire.HasType)
        {
            return new StopDecoded(null, RelayMessageFault.NoType);
        }

        switch (wire.Type)
        {
            case Proto.StopMessage.Types.Type.Connect:
                fault = ReadPeer(wire.Peer, out var source);
                return new StopDecoded(source is null ? null : new StopMessage.Connect(source, RelayLimits.FromWire(wire.Limit)), fault);
            case Proto.StopMessage.Types.Type.Status:
                return wire.HasStatus
                    ? new StopDecoded(new StopMessage.Status((RelayStatus)(int)wire.Status), RelayMessageFault.None)
                    : new StopDecoded(null, RelayMessageFault.NoStatus);
            default:
                return new StopDecoded(null, RelayMessageFault.UnknownType);
        }
    }

    /// <summary>Writes a hop message.</summary>
    public static byte[] Encode(HopMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var wire = message switch
        {
            HopMessage.Reserve => new Proto.HopMessage { Type = Proto.HopMessage.Types.Type.Reserve },
            HopMessage.Connect connect => new Proto.HopMessage
            {
                Type = Proto.HopMessage.Types.Type.Connect,
                Peer = ToWire(connect.Target),
            },
            HopMessage.Status status => ToWire(status),
            _ => throw new ArgumentOutOfRangeException(nameof(message)),
        };
        return wire.ToByteArray();
    }

    /// <summary>Writes a stop message.</summary>
    public static byte[] Encode(StopMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var wire = message switch
        {
            StopMessage.Connect connect => new Proto.StopMessage
            {
                Type = Proto.StopMessage.Types.Type.Connect,
                Peer = ToWire(connect.Source),
                Limit = connect.Limits.ToWire(),
            },
            StopMessage.Status status => new Proto.StopMessage
            {
                Type = Proto.StopMessage.Types.Type.Status,
                Status = (Proto.Status)(int)status.Code,
            },
            _ => throw new ArgumentOutOfRangeException(nameof(message)),
        };
        return wire.ToByteArray();
    }

    /// <summary>The status that answers a faulty request (circuit-v2.md: MALFORMED_MESSAGE for what cannot be read).</summary>
    public static RelayStatus Answer(RelayMessageFault fault) =>
        fault == RelayMessageFault.UnknownType ? RelayStatus.UnexpectedMessage : RelayStatus.MalformedMessage;

    private static bool TryParse<T>(ReadOnlySpan<byte> bytes, MessageParser<T> parser, out T wire, out RelayMessageFault fault)
        where T : class, IMessage<T>, new()
    {
        var good = ProtobufMessage.TryParse(parser, bytes, MaxMessageSize, out var message, out var failure);
        wire = message!;
        fault = good ? RelayMessageFault.None
            : failure == DecodeFailure.TooLarge ? RelayMessageFault.TooLong
            : RelayMessageFault.NotProtobuf;
        return good;
    }

    private static RelayMessageFault ReadPeer(Proto.Peer? wire, out PeerId? peer)
    {
        peer = null;
        if (wire is null || !wire.HasId)
        {
            return RelayMessageFault.NoPeer;
        }

        return PeerId.TryDecode(wire.Id.Span, out peer) ? RelayMessageFault.None : RelayMessageFault.BadPeerId;
    }

    private static HopMessage.Status ToStatus(Proto.HopMessage wire) => new(
        (RelayStatus)(int)wire.Status,
        wire.Reservation is { } reservation ? ToReservation(reservation) : null,
        RelayLimits.FromWire(wire.Limit));

    private static RelayReservation ToReservation(Proto.Reservation wire)
    {
        var addresses = new List<Multiaddr>();
        foreach (var bytes in wire.Addrs)
        {
            if (addresses.Count < MaxAddresses && bytes.Length > 0 && Multiaddr.TryDecodeForeign(bytes.Span, out var address))
            {
                addresses.Add(address);
            }
        }

        return new RelayReservation(
            wire.HasExpire ? DateTimeOffset.FromUnixTimeSeconds((long)Math.Min(wire.Expire, MaxUnixSeconds)) : null,
            addresses,
            VoucherOf(wire));
    }

    // Spelled out, for 'memory : null' would be an empty voucher: the null becomes an array, and that a memory. rust-libp2p sends none.
    private static ReadOnlyMemory<byte>? VoucherOf(Proto.Reservation wire)
    {
        if (wire.HasVoucher && wire.Voucher.Length is > 0 and <= MaxVoucherSize)
        {
            return wire.Voucher.Memory;
        }

        return null;
    }

    private static Proto.Peer ToWire(PeerId peer) => new() { Id = ByteString.CopyFrom(peer.Bytes.Span) };

    private static Proto.HopMessage ToWire(HopMessage.Status status)
    {
        var wire = new Proto.HopMessage
        {
            Type = Proto.HopMessage.Types.Type.Status,
            Status = (Proto.Status)(int)status.Code,
            Limit = status.Limits.ToWire(),
        };
        if (status.Reservation is { } reservation)
        {
            wire.Reservation = new Proto.Reservation();
            if (reservation.Expires is { } expires)
            {
                wire.Reservation.Expire = (ulong)Math.Max(0, expires.ToUnixTimeSeconds());
            }

            wire.Reservation.Addrs.AddRange(reservation.Addresses.Select(a => ByteString.CopyFrom(a.Bytes.Span)));
            if (reservation.Voucher is { } voucher)
            {
                wire.Reservation.Voucher = ByteString.CopyFrom(voucher.Span);
            }
        }

        return wire;
    }
}
