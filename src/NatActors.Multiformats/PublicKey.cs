using System.Diagnostics.CodeAnalysis;
using NatActors.Multiformats.Crypto;

namespace NatActors.Multiformats;

/// <summary>An identity's public key. Immutable; two are equal when their wire forms are.</summary>
public sealed class PublicKey : IEquatable<PublicKey>
{
    /// <summary>The longest wire form accepted, in bytes: an RSA key of 8192 bits takes about 1,070.</summary>
    public const int MaxLength = SignatureSchemes.MaxPublicDataLength + 16;

    private readonly byte[] _protobuf;
    private readonly byte[] _data;

    private PublicKey(KeyType type, byte[] data)
    {
        Type = type;
        _data = data;
        _protobuf = KeyProtobuf.Encode(type, data);
    }

    /// <summary>The kind of key.</summary>
    public KeyType Type { get; }

    /// <summary>The key's own bytes: raw for Ed25519, a compressed point for secp256k1, PKIX DER for RSA and ECDSA.</summary>
    public ReadOnlyMemory<byte> Data => _data;

    /// <summary>Reads a key from its wire form; the key must be valid for its type.</summary>
    public static bool TryFromProtobuf(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PublicKey? key, out DecodeFailure failure)
    {
        key = null;
        if (!KeyProtobuf.TryDecode(bytes, SignatureSchemes.MaxPublicDataLength, out var type, out var data, out failure))
        {
            return false;
        }

        failure = SignatureSchemes.Of(type).CheckPublicKey(data);
        key = failure == DecodeFailure.None ? new PublicKey(type, data.ToArray()) : null;
        return key is not null;
    }

    /// <summary>The one wire form: <c>{ Type, Data }</c>.</summary>
    public byte[] ToProtobuf() => [.. _protobuf];

    /// <summary>True when the signature is this key's over the data. Never throws for a peer's bytes.</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        signature.Length <= SignatureSchemes.MaxSignatureLength && SignatureSchemes.Of(Type).Verify(_data, data, signature);

    /// <inheritdoc />
    public bool Equals(PublicKey? other) => other is not null && _protobuf.AsSpan().SequenceEqual(other._protobuf);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as PublicKey);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_protobuf);
        return hash.ToHashCode();
    }

    internal static PublicKey FromTrustedData(KeyType type, byte[] data) => new(type, data);
}
