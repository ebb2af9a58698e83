namespace NatActors.Multiformats.Crypto;

/// <summary>Ed25519 signatures over raw keys (RFC 8032).</summary>
public static class Ed25519
{
    /// <summary>A private key's seed, in bytes.</summary>
    public const int SeedLength = 32;

    /// <summary>A public key, in bytes.</summary>
    public const int PublicKeyLength = 32;

    /// <summary>A signature, in bytes.</summary>
    public const int SignatureLength = 64;

    /// <summary>The public key of a seed.</summary>
    public static void GetPublicKey(ReadOnlySpan<byte> seed, Span<byte> publicKey)
    {
        using var key = EvpKey.FromRawPrivate(LibCrypto.KeyTypeEd25519, seed, "Ed25519");
        EvpKey.RawPublic(key, publicKey[..PublicKeyLength]);
    }

    /// <summary>Signs; the signature takes <see cref="SignatureLength"/> bytes.</summary>
    public static void Sign(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        using var key = EvpKey.FromRawPrivate(LibCrypto.KeyTypeEd25519, seed, "Ed25519");
        EvpKey.Sign(key, 0, data, signature[..SignatureLength]);
    }

    /// <summary>True when the signature is that key's over the data.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != PublicKeyLength || signature.Length != SignatureLength)
        {
            return false;
        }

        using var key = EvpKey.FromRawPublic(LibCrypto.KeyTypeEd25519, publicKey);
        return key is not null && EvpKey.Verify(key, 0, data, signature);
    }
}
