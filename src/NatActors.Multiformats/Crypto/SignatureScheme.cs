namespace NatActors.Multiformats.Crypto;

/// <summary>One kind of identity key: how its halves are written, and how it signs.</summary>
internal abstract class SignatureScheme
{
    internal abstract KeyType Type { get; }

    /// <summary>None when the bytes are a valid public key in its one form.</summary>
    internal abstract DecodeFailure CheckPublicKey(ReadOnlySpan<byte> data);

    /// <summary>Reads a private key: its canonical form and the public half.</summary>
    internal abstract DecodeFailure ReadPrivateKey(ReadOnlySpan<byte> data, out byte[] privateData, out byte[] publicData);

    internal abstract byte[] Sign(ReadOnlySpan<byte> privateData, ReadOnlySpan<byte> data);

    internal abstract bool Verify(ReadOnlySpan<byte> publicData, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);
}

/// <summary>The four kinds, by number.</summary>
internal static class SignatureSchemes
{
    /// <summary>The longest public key data, in bytes: PKIX DER of RSA 8192 with the usual exponent takes 1,062.</summary>
    internal const int MaxPublicDataLength = 1100;

    /// <summary>The longest private key data, in bytes: PKCS#1 DER of RSA 8192 takes about 4,690.</summary>
    internal const int MaxPrivateDataLength = 4800;

    /// <summary>The longest signature, in bytes: RSA 8192.</summary>
    internal const int MaxSignatureLength = 1024;

    private static readonly SignatureScheme[] All = [new RsaScheme(), new Ed25519Scheme(), new Secp256k1Scheme(), new EcdsaScheme()];

    internal static SignatureScheme Of(KeyType type) => All[(int)type];
}
