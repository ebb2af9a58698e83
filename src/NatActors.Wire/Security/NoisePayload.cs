using Google.Protobuf;
using NatActors.Multiformats;
using NatActors.Wire.Security.Proto;

namespace NatActors.Wire.Security;

/// <summary>What libp2p puts into the handshake: the identity key, its signature over the static key, and the muxers on offer.</summary>
internal static class NoisePayload
{
    /// <summary>The protocol id of a muxer, in bytes at most; they have about 15.</summary>
    private const int MaxMuxerLength = 128;

    /// <summary>Muxers looked at; a peer has two or three.</summary>
    private const int MaxMuxers = 32;

    // libp2p/specs noise, "The libp2p Handshake Payload".
    private static ReadOnlySpan<byte> SignaturePrefix => "noise-libp2p-static-key:"u8;

    internal static byte[] Encode(PrivateKey identity, ReadOnlySpan<byte> staticKey, IReadOnlyList<string> muxers)
    {
        var payload = new NoiseHandshakePayload
        {
            IdentityKey = UnsafeByteOperations.UnsafeWrap(identity.PublicKey.ToProtobuf()),
            IdentitySig = UnsafeByteOperations.UnsafeWrap(identity.Sign(SignedBytes(staticKey))),
        };
        if (muxers.Count > 0)
        {
            payload.Extensions = new NoiseExtensions();
            payload.Extensions.StreamMuxers.AddRange(muxers);
        }

        return payload.ToByteArray();
    }

    /// <summary>Reads a payload and checks its signature against the static key that the other side just proved to hold.</summary>
    internal static NoiseFailure TryDecode(
        ReadOnlySpan<byte> bytes,
        ReadOnlySpan<byte> remoteStatic,
        VerifiedSignatures verified,
        out PublicKey? remoteKey,
        out IReadOnlyList<string> muxers,
        out string? detail)
    {
        remoteKey = null;
        muxers = [];
        if (!ProtobufMessage.TryParse(NoiseHandshakePayload.Parser, bytes, NoiseHandshake.MaxMessageLength, out var payload, out var failure))
        {
            detail = $"The handshake payload is refused: {failure}.";
            return NoiseFailure.PayloadMalformed;
        }

        if (!PublicKey.TryFromProtobuf(payload.IdentityKey.Span, out remoteKey, out failure))
        {
            detail = $"The identity key is refused: {failure}.";
            return NoiseFailure.BadIdentityKey;
        }

        if (!verified.Verify(remoteKey, SignedBytes(remoteStatic), payload.IdentitySig.Span))
        {
            detail = $"The identity key of {PeerId.FromPublicKey(remoteKey)} did not sign the static key.";
            return NoiseFailure.BadSignature;
        }

        detail = null;
        muxers = payload.Extensions is { } extensions
            ? [.. extensions.StreamMuxers.Where(m => m.Length is > 0 and <= MaxMuxerLength).Take(MaxMuxers)]
            : [];
        return NoiseFailure.None;
    }

    private static byte[] SignedBytes(ReadOnlySpan<byte> staticKey) => [.. SignaturePrefix, .. staticKey];
}
