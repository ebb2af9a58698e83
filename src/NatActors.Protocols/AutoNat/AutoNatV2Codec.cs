using Google.Protobuf;
using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>
/// Bytes to messages of an AutoNAT version 2 dial-request stream and back: one message, without its length prefix. What a peer wrote
/// wrongly is an <see cref="AutoNatMessageFault"/>.
/// </summary>
public static class AutoNatV2Codec
{
    /// <summary>The longest message accepted, in bytes, length prefix excluded (go-libp2p autonatv2: 8 KiB).</summary>
    public const int MaxMessageSize = 8192;

    /// <summary>The most addresses read of a request (go-libp2p autonatv2 server: maxPeerAddresses, 50).</summary>
    public const int MaxAddresses = 50;

    /// <summary>The longest piece of dial data, in bytes (autonat-v2.md: "SHOULD NOT be more than 4096 bytes").</summary>
    public const int MaxDataSize = 4096;

    /// <summary>
    /// The largest nonce a client should choose: js-libp2p reads and writes it as a JavaScript number, which is exact up to 2^53 - 1. Any
    /// other value is served all the same.
    /// </summary>
    public const ulong MaxPortableNonce = (1UL << 53) - 1;

    /// <summary>Reads a message.</summary>
    public static AutoNatV2Decoded Decode(ReadOnlySpan<byte> message)
    {
        // autonat-v2.md has no limit; the one of go-libp2p is judged before anything is allocated.
        if (!ProtobufMessage.TryParse(Proto.V2.Message.Parser, message, MaxMessageSize, out var wire, out var failure))
        {
            return Refused(failure == DecodeFailure.TooLarge ? AutoNatMessageFault.TooLong : AutoNatMessageFault.NotProtobuf);
        }

        return wire.MsgCase switch
        {
            Proto.V2.Message.MsgOneofCase.DialRequest => ReadRequest(wire.DialRequest),
            Proto.V2.Message.MsgOneofCase.DialResponse => Read(new AutoNatV2Message.DialResponse(
                (AutoNatV2Status)(int)wire.DialResponse.Status,
                wire.DialResponse.AddrIdx,
                (AutoNatV2DialStatus)(int)wire.DialResponse.DialStatus)),
            Proto.V2.Message.MsgOneofCase.DialDataRequest => Read(
                new AutoNatV2Message.DialDataRequest(wire.DialDataRequest.AddrIdx, wire.DialDataRequest.NumBytes)),
            Proto.V2.Message.MsgOneofCase.DialDataResponse => ReadData(wire.DialDataResponse.Data),
            _ => Refused(AutoNatMessageFault.NoType),
        };
    }

    /// <summary>Writes a message.</summary>
    /// <exception cref="ArgumentException">An address of a request is null, or a piece of data is too long.</exception>
    public static byte[] Encode(AutoNatV2Message message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var wire = message switch
        {
            AutoNatV2Message.DialRequest request => new Proto.V2.Message { DialRequest = ToWire(request) },
            AutoNatV2Message.DialDataRequest request => new Proto.V2.Message
            {
                DialDataRequest = new Proto.V2.DialDataRequest { AddrIdx = request.AddressIndex, NumBytes = request.ByteCount },
            },
            AutoNatV2Message.DialDataResponse response => new Proto.V2.Message { DialDataResponse = ToWire(response) },
            AutoNatV2Message.DialResponse response => new Proto.V2.Message
            {
                DialResponse = new Proto.V2.DialResponse
                {
                    Status = (Proto.V2.DialResponse.Types.ResponseStatus)(int)response.Status,
                    AddrIdx = response.AddressIndex,
                    DialStatus = (Proto.V2.DialStatus)(int)response.DialStatus,
                },
            },
            _ => throw new ArgumentOutOfRangeException(nameof(message)),
        };
        return wire.ToByteArray();
    }

    private static AutoNatV2Decoded ReadRequest(Proto.V2.DialRequest wire)
    {
        var addresses = new Multiaddr?[Math.Min(wire.Addrs.Count, MaxAddresses)];
        for (var i = 0; i < addresses.Length; i++)
        {
            addresses[i] = Multiaddr.TryDecodeForeign(wire.Addrs[i].Span, out var address) ? address : null;
        }

        return Read(new AutoNatV2Message.DialRequest(addresses, wire.Nonce));
    }

    private static AutoNatV2Decoded ReadData(ByteString data) => data.Length > MaxDataSize
        ? Refused(AutoNatMessageFault.DataTooLong)
        : Read(new AutoNatV2Message.DialDataResponse(data.Memory));

    private static Proto.V2.DialRequest ToWire(AutoNatV2Message.DialRequest request)
    {
        var wire = new Proto.V2.DialRequest { Nonce = request.Nonce };
        foreach (var address in request.Addresses)
        {
            wire.Addrs.Add(ByteString.CopyFrom((address ?? throw new ArgumentException("An address is missing.", nameof(request))).Bytes.Span));
        }

        return wire;
    }

    private static Proto.V2.DialDataResponse ToWire(AutoNatV2Message.DialDataResponse response)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(response.Data.Length, MaxDataSize);
        return new Proto.V2.DialDataResponse { Data = ByteString.CopyFrom(response.Data.Span) };
    }

    private static AutoNatV2Decoded Read(AutoNatV2Message message) => new(message, AutoNatMessageFault.None);

    private static AutoNatV2Decoded Refused(AutoNatMessageFault fault) => new(null, fault);
}
