using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Protocols.Records.Proto;

namespace NatActors.Protocols.Records;

/// <summary>A record with the key that signed it (libp2p/specs RFC 0002). An instance has a good signature, always.</summary>
public sealed class Envelope
{
    /// <summary>
    /// The longest envelope accepted, in bytes. Ours: Identify messages of a sender that splits them add up to more than its usual 4 KiB.
    /// </summary>
    public const int MaxLength = 16 * 1024;

    private Envelope(PublicKey key, ReadOnlyMemory<byte> payload)
    {
        Key = key;
        Signer = PeerId.FromPublicKey(key);
        Payload = payload;
    }

    /// <summary>The key that signed.</summary>
    public PublicKey Key { get; }

    /// <summary>The peer id of <see cref="Key"/>.</summary>
    public PeerId Signer { get; }

    /// <summary>The record's bytes.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Signs a record and gives the whole envelope as bytes.</summary>
    public static byte[] Seal(PrivateKey key, RecordKind kind, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(kind);
        var message = new EnvelopeMessage
        {
            PublicKey = UnsafeByteOperations.UnsafeWrap(key.PublicKey.ToProtobuf()),
            PayloadType = ByteString.CopyFrom(kind.PayloadType),
            Payload = ByteString.CopyFrom(payload),
            Signature = UnsafeByteOperations.UnsafeWrap(key.Sign(SignedBytes(kind, payload))),
        };
        return message.ToByteArray();
    }

    /// <summary>Reads an envelope and checks its signature.</summary>
    /// <param name="bytes">The envelope; at most <see cref="MaxLength"/> bytes.</param>
    /// <param name="kind">What it has to hold.</param>
    /// <param name="envelope">The envelope.</param>
    /// <param name="failure">
    /// Why it is refused; <see cref="DecodeFailure.Mismatch"/> for another kind of record, <see cref="DecodeFailure.BadSignature"/> for a forged one.
    /// </param>
    public static bool TryOpen(
        ReadOnlySpan<byte> bytes,
        RecordKind kind,
        [NotNullWhen(true)] out Envelope? envelope,
        out DecodeFailure failure) => TryOpen(bytes, kind, null, out envelope, out failure);

    /// <summary>As the other overload, without checking again a signature that was found good before.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> bytes,
        RecordKind kind,
        VerifiedSignatures? verified,
        [NotNullWhen(true)] out Envelope? envelope,
        out DecodeFailure failure)
    {
        ArgumentNullException.ThrowIfNull(kind);
        envelope = null;
        if (!ProtobufMessage.TryParse(EnvelopeMessage.Parser, bytes, MaxLength, out var message, out failure))
        {
            return false;
        }

        if (!message.HasPublicKey || !message.HasPayload || !message.HasSignature)
        {
            failure = DecodeFailure.MissingField;
            return false;
        }

        if (!message.PayloadType.Span.SequenceEqual(kind.PayloadType))
        {
            failure = DecodeFailure.Mismatch;
            return false;
        }

        if (!PublicKey.TryFromProtobuf(message.PublicKey.Span, out var key, out failure))
        {
            return false;
        }

        var signed = SignedBytes(kind, message.Payload.Span);
        if (!(verified?.Verify(key, signed, message.Signature.Span) ?? key.Verify(signed, message.Signature.Span)))
        {
            failure = DecodeFailure.BadSignature;
            return false;
        }

        envelope = new Envelope(key, message.Payload.Memory);
        return true;
    }

    // RFC 0002, "Signature Production / Verification": each part behind its length as a varint.
    private static byte[] SignedBytes(RecordKind kind, ReadOnlySpan<byte> payload)
    {
        var length = PartLength(kind.Domain) + PartLength(kind.PayloadType) + PartLength(payload);
        var bytes = new byte[length];
        var rest = bytes.AsSpan();
        WritePart(ref rest, kind.Domain);
        WritePart(ref rest, kind.PayloadType);
        WritePart(ref rest, payload);
        return bytes;
    }

    private static int PartLength(ReadOnlySpan<byte> part) => Varint.Length((ulong)part.Length) + part.Length;

    private static void WritePart(ref Span<byte> rest, ReadOnlySpan<byte> part)
    {
        rest = rest[Varint.Write(rest, (ulong)part.Length)..];
        part.CopyTo(rest);
        rest = rest[part.Length..];
    }
}
