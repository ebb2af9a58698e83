using System.Buffers.Binary;
using System.Net;
using Google.Protobuf;
using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>Bytes to the messages of <see cref="SecondPortProtocol"/> and back: one message, without its length prefix.</summary>
public static class SecondPortCodec
{
    /// <summary>Reads an ask.</summary>
    public static SecondPortAskDecoded DecodeAsk(ReadOnlySpan<byte> message)
    {
        // Second-port protocol, "Messages": judged before anything is allocated.
        if (!ProtobufMessage.TryParse(Proto.Observe.Ask.Parser, message, SecondPortProtocol.MaxMessageSize, out var wire, out var failure))
        {
            return new SecondPortAskDecoded(0, FaultOf(failure));
        }

        return new SecondPortAskDecoded(wire.Nonce, wire.Nonce == 0 ? SecondPortFault.NoNonce : SecondPortFault.None);
    }

    /// <summary>Reads a reply.</summary>
    public static SecondPortReplyDecoded DecodeReply(ReadOnlySpan<byte> message)
    {
        if (!ProtobufMessage.TryParse(Proto.Observe.Reply.Parser, message, SecondPortProtocol.MaxMessageSize, out var wire, out var failure))
        {
            return new SecondPortReplyDecoded(null, FaultOf(failure));
        }

        var status = (SecondPortStatus)(int)wire.Status;
        return status switch
        {
            SecondPortStatus.Unstated => new SecondPortReplyDecoded(null, SecondPortFault.NoStatus),
            SecondPortStatus.Open => OpenOf(wire.Port),
            SecondPortStatus.Seen => SeenOf(wire.Seen.Span),
            _ => new SecondPortReplyDecoded(new SecondPortReply(status), SecondPortFault.None),
        };
    }

    /// <summary>Writes an ask.</summary>
    public static byte[] Encode(ulong nonce) => new Proto.Observe.Ask { Nonce = nonce }.ToByteArray();

    /// <summary>Writes a reply.</summary>
    public static byte[] Encode(SecondPortReply reply)
    {
        ArgumentNullException.ThrowIfNull(reply);
        return new Proto.Observe.Reply
        {
            Status = (Proto.Observe.Reply.Types.Status)(int)reply.Status,
            Port = (uint)reply.Port,
            Seen = reply.Seen is { } seen ? ByteString.CopyFrom(seen.Bytes.Span) : ByteString.Empty,
        }.ToByteArray();
    }

    /// <summary>The nonce as it is sent on the second port.</summary>
    public static byte[] NonceBytes(ulong nonce)
    {
        var bytes = new byte[SecondPortProtocol.NonceLength];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, nonce);
        return bytes;
    }

    private static SecondPortReplyDecoded OpenOf(uint port) => port is >= SecondPortProtocol.LowestPort and <= IPEndPoint.MaxPort
        ? new SecondPortReplyDecoded(new SecondPortReply(SecondPortStatus.Open, (int)port), SecondPortFault.None)
        : new SecondPortReplyDecoded(null, SecondPortFault.BadPort);

    private static SecondPortReplyDecoded SeenOf(ReadOnlySpan<byte> address) =>
        Multiaddr.TryDecode(address, out var seen) && seen.TryGetTcpEndPoint(out var endPoint) && endPoint.Port != 0
            ? new SecondPortReplyDecoded(new SecondPortReply(SecondPortStatus.Seen, Seen: seen), SecondPortFault.None)
            : new SecondPortReplyDecoded(null, SecondPortFault.BadAddress);

    private static SecondPortFault FaultOf(DecodeFailure failure) =>
        failure == DecodeFailure.TooLarge ? SecondPortFault.TooLong : SecondPortFault.NotProtobuf;
}
