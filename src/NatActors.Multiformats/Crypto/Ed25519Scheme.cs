namespace NatActors.Multiformats.Crypto;

/// <summary>Ed25519 identities: 32-byte public key, private key as seed followed by public key.</summary>
internal sealed class Ed25519Scheme : SignatureScheme
{
    private const int PairLength = Ed25519.SeedLength + Ed25519.PublicKeyLength;

    // peer-ids spec: an old form repeats the public key at the end.
    private const int LegacyLength = PairLength + Ed25519.PublicKeyLength;

    internal override KeyType Type => KeyType.Ed25519;

    internal override DecodeFailure CheckPublicKey(ReadOnlySpan<byte> data)
    {
        if (data.Length != Ed25519.PublicKeyLength)
        {
            return DecodeFailure.Malformed;
        }

        using var key = EvpKey.FromRawPublic(LibCrypto.KeyTypeEd25519, data);
        return key is null ? DecodeFailure.Malformed : DecodeFailure.None;
    }

    internal override DecodeFailure ReadPrivateKey(ReadOnlySpan<byte> data, out byte[] privateData, out byte[] publicData)
    {
        privateData = [];
        publicData = [];
        if (data.Length is not (PairLength or LegacyLength))
        {
            return DecodeFailure.Malformed;
        }

        var derived = new byte[Ed25519.PublicKeyLength];
        Ed25519.GetPublicKey(data[..Ed25519.SeedLength], derived);
        for (var rest = data[Ed25519.SeedLength..]; !rest.IsEmpty; rest = rest[Ed25519.PublicKeyLength..])
        {
            if (!rest[..Ed25519.PublicKeyLength].SequenceEqual(derived))
            {
                return DecodeFailure.Mismatch;
            }
        }

        privateData = data[..PairLength].ToArray();
        publicData = derived;
        return DecodeFailure.None;
    }

    internal override byte[] Sign(ReadOnlySpan<byte> privateData, ReadOnlySpan<byte> data)
    {
        var signature = new byte[Ed25519.SignatureLength];
        Ed25519.Sign(privateData[..Ed25519.SeedLength], data, signature);
        return signature;
    }

    internal override bool Verify(ReadOnlySpan<byte> publicData, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        Ed25519.Verify(publicData, data, signature);
}
