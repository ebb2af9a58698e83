using Google.Protobuf;
using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>A decoded dial-back: the nonce, or why there is none.</summary>
public readonly record struct DialBackDecoded(ulong Nonce, AutoNatMessageFault Fault);

/// <summary>
/// Bytes to the two messages of a dial-back stream and back (autonat-v2.md, "RPC Messages"): the server's nonce, the client's receipt.
/// Without length prefix.
/// </summary>
public static class DialBackCodec
{
    /// <summary>The longest message accepted, in bytes, length prefix excluded (go-libp2p autonatv2: dialBackMaxMsgSize, 1 KiB).</summary>
    public const int MaxMessageSize = 1024;

    /// <summary>Reads the server's message. An absent nonce is zero, as proto3 has it.</summary>
    public static DialBackDecoded Decode(ReadOnlySpan<byte> message) =>
        ProtobufMessage.TryParse(Proto.V2.DialBack.Parser, message, MaxMessageSize, out var wire, out var failure)
            ? new DialBackDecoded(wire.Nonce, AutoNatMessageFault.None)
            : new DialBackDecoded(0, FaultOf(failure));

    /// <summary>Reads the client's receipt. Whatever status it carries, the client has had the nonce: OK is the spec's only one.</summary>
    public static AutoNatMessageFault DecodeReceipt(ReadOnlySpan<byte> message) =>
        ProtobufMessage.TryParse(Proto.V2.DialBackResponse.Parser, message, MaxMessageSize, out _, out var failure)
            ? AutoNatMessageFault.None
            : FaultOf(failure);

    /// <summary>Writes the server's message.</summary>
    public static byte[] Encode(ulong nonce) => new Proto.V2.DialBack { Nonce = nonce }.ToByteArray();

    /// <summary>Writes the client's receipt: OK, which is zero and so takes no byte.</summary>
    public static byte[] EncodeReceipt() => new Proto.V2.DialBackResponse().ToByteArray();

    private static AutoNatMessageFault FaultOf(DecodeFailure failure) =>
        failure == DecodeFailure.TooLarge ? AutoNatMessageFault.TooLong : AutoNatMessageFault.NotProtobuf;
}
