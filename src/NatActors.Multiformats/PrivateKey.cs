using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using NatActors.Multiformats.Crypto;

namespace NatActors.Multiformats;

/// <summary>An identity's private key. Signing is safe from several threads; disposing wipes the secret.</summary>
public sealed class PrivateKey : IDisposable
{
    /// <summary>The longest wire form accepted, in bytes: an RSA key of 8192 bits takes about 4,700.</summary>
    public const int MaxLength = SignatureSchemes.MaxPrivateDataLength + 16;

    private readonly SignatureScheme _scheme;
    private readonly byte[] _data;
    private bool _disposed;

    private PrivateKey(SignatureScheme scheme, byte[] data, byte[] publicData)
    {
        _scheme = scheme;
        _data = data;
        PublicKey = PublicKey.FromTrustedData(scheme.Type, publicData);
        PeerId = PeerId.FromPublicKey(PublicKey);
    }

    /// <summary>The kind of key.</summary>
    public KeyType Type => _scheme.Type;

    /// <summary>The public half.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>The peer id of the public half.</summary>
    public PeerId PeerId { get; }

    /// <summary>A new Ed25519 key.</summary>
    public static PrivateKey GenerateEd25519(RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        var data = new byte[Ed25519.SeedLength + Ed25519.PublicKeyLength];
        random.Fill(data.AsSpan(0, Ed25519.SeedLength));
        var publicKey = data.AsSpan(Ed25519.SeedLength);
        Ed25519.GetPublicKey(data.AsSpan(0, Ed25519.SeedLength), publicKey);
        return new PrivateKey(SignatureSchemes.Of(KeyType.Ed25519), data, publicKey.ToArray());
    }

    /// <summary>Reads a key from its wire form.</summary>
    /// <exception cref="FormatException">The bytes are not a private key; the message names the failure.</exception>
    public static PrivateKey FromProtobuf(ReadOnlySpan<byte> bytes) => TryFromProtobuf(bytes, out var key, out var failure)
        ? key
        : throw new FormatException($"The bytes are not a libp2p private key: {failure}.");

    /// <summary>Reads a key from its wire form; the key must be valid for its type and its two halves belong together.</summary>
    public static bool TryFromProtobuf(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PrivateKey? key, out DecodeFailure failure)
    {
        key = null;
        if (!KeyProtobuf.TryDecode(bytes, SignatureSchemes.MaxPrivateDataLength, out var type, out var data, out failure))
        {
            return false;
        }

        var scheme = SignatureSchemes.Of(type);
        failure = scheme.ReadPrivateKey(data, out var privateData, out var publicData);
        key = failure == DecodeFailure.None ? new PrivateKey(scheme, privateData, publicData) : null;
        return key is not null;
    }

    /// <summary>The wire form, secret included: <c>{ Type, Data }</c>.</summary>
    public byte[] ToProtobuf()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return KeyProtobuf.Encode(Type, _data);
    }

    /// <summary>Signs; the form of the signature is the key type's (libp2p/specs peer-ids).</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _scheme.Sign(_data, data);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_data);
    }
}
