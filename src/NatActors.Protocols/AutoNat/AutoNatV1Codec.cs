using Google.Protobuf;
using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>
/// Bytes to messages of AutoNAT version 1 and back: one message, without its length prefix. What a peer wrote wrongly is an <see
/// cref="AutoNatMessageFault"/>; an unreadable address is dropped, not the message.
/// </summary>
public static class AutoNatV1Codec
{
    /// <summary>The longest message accepted, in bytes, length prefix excluded (go-libp2p host/autonat: 4 KiB).</summary>
    public const int MaxMessageSize = 4096;

    /// <summary>The most addresses read of a request (go-libp2p host/autonat: 16 are dialed).</summary>
    public const int MaxAddresses = 16;

    private const int TypeDial = (int)Proto.V1.Message.Types.MessageType.Dial;
    private const int TypeResponse = (int)Proto.V1.Message.Types.MessageType.DialResponse;

    /// <summary>Reads a message.</summary>
    public static AutoNatV1Decoded Decode(ReadOnlySpan<byte> message)
    {
        // autonat-v1.md has no limit; the one of go-libp2p is judged before anything is allocated.
        if (!ProtobufMessage.TryParse(Proto.V1.Message.Parser, message, MaxMessageSize, out var wire, out var failure))
        {
            return Refused(failure == DecodeFailure.TooLarge ? AutoNatMessageFault.TooLong : AutoNatMessageFault.NotProtobuf);
        }

        if (!wire.HasType)
        {
            return Refused(AutoNatMessageFault.NoType);
        }

        return wire.Type switch
        {
            TypeDial => ReadDial(wire.Dial?.Peer),
            TypeResponse => ReadResponse(wire.DialResponse),
            _ => Refused(AutoNatMessageFault.UnknownType),
        };
    }

    /// <summary>Writes a message.</summary>
    public static byte[] Encode(AutoNatV1Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var wire = message switch
        {
            AutoNatV1Message.Dial dial => new Proto.V1.Message { Type = TypeDial, Dial = ToWire(dial) },
            AutoNatV1Message.DialResponse response => new Proto.V1.Message { Type = TypeResponse, DialResponse = ToWire(response) },
            _ => throw new ArgumentOutOfRangeException(nameof(message)),
        };
        return wire.ToByteArray();
    }

    private static AutoNatV1Decoded ReadDial(Proto.V1.Message.Types.PeerInfo? peer)
    {
        if (peer is null || !peer.HasId)
        {
            return Refused(AutoNatMessageFault.NoPeer);
        }

        if (!PeerId.TryDecode(peer.Id.Span, out var id))
        {
            return Refused(AutoNatMessageFault.BadPeerId);
        }

        var addresses = new List<Multiaddr>();
        foreach (var bytes in peer.Addrs.Take(MaxAddresses))
        {
            if (Multiaddr.TryDecodeForeign(bytes.Span, out var address))
            {
                addresses.Add(address);
            }
        }

        return new AutoNatV1Decoded(new AutoNatV1Message.Dial(id, addresses), AutoNatMessageFault.None);
    }

    private static AutoNatV1Decoded ReadResponse(Proto.V1.Message.Types.DialResponse? wire)
    {
        if (wire is null || !wire.HasStatus)
        {
            return Refused(AutoNatMessageFault.NoStatus);
        }

        var address = wire.HasAddr && Multiaddr.TryDecodeForeign(wire.Addr.Span, out var read) ? read : null;
        var text = wire.HasStatusText ? wire.StatusText : null;
        return new AutoNatV1Decoded(new AutoNatV1Message.DialResponse((AutoNatV1Status)wire.Status, text, address), AutoNatMessageFault.None);
    }

    private static Proto.V1.Message.Types.Dial ToWire(AutoNatV1Message.Dial dial)
    {
        var peer = new Proto.V1.Message.Types.PeerInfo { Id = ByteString.CopyFrom(dial.Peer.Bytes.Span) };
        peer.Addrs.AddRange(dial.Addresses.Select(a => ByteString.CopyFrom(a.Bytes.Span)));
        return new Proto.V1.Message.Types.Dial { Peer = peer };
    }

    private static Proto.V1.Message.Types.DialResponse ToWire(AutoNatV1Message.DialResponse response)
    {
        var wire = new Proto.V1.Message.Types.DialResponse { Status = (int)response.Status };
        if (response.Text is { } text)
        {
            wire.StatusText = text;
        }

        if (response.Address is { } address)
        {
            wire.Addr = ByteString.CopyFrom(address.Bytes.Span);
        }

        return wire;
    }

    private static AutoNatV1Decoded Refused(AutoNatMessageFault fault) => new(null, fault);
}
