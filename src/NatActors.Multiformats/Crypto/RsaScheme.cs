using System.Security.Cryptography;

namespace NatActors.Multiformats.Crypto;

/// <summary>RSA identities: PKIX DER public key, PKCS#1 DER private key, PKCS#1 v1.5 signatures over SHA-256.</summary>
internal sealed class RsaScheme : SignatureScheme
{
    // go-libp2p refuses smaller ones (core/crypto/rsa_common.go, MinRsaKeyBits) and larger ones (maxRsaKeyBits).
    private const int MinBits = 2048;
    private const int MaxBits = 8192;

    // Go's crypto/rsa refuses more than 2^31 - 1 (checkPub). What a check of a signature costs grows with the exponent, and a stranger chooses it:
    // one as long as a modulus of 3,072 bits makes it twenty-five times as dear as the usual 65,537.
    private const int MaxExponentLength = sizeof(uint);

    internal override KeyType Type => KeyType.Rsa;

    internal override DecodeFailure CheckPublicKey(ReadOnlySpan<byte> data)
    {
        using var rsa = RSA.Create();
        try
        {
            rsa.ImportSubjectPublicKeyInfo(data, out var read);
            return CheckSize(rsa, data.Length - read) is var failure and not DecodeFailure.None
                ? failure
                : rsa.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(data) ? DecodeFailure.None : DecodeFailure.NonMinimal;
        }
        catch (CryptographicException)
        {
            return DecodeFailure.Malformed;
        }
    }

    internal override DecodeFailure ReadPrivateKey(ReadOnlySpan<byte> data, out byte[] privateData, out byte[] publicData)
    {
        privateData = [];
        publicData = [];
        using var rsa = RSA.Create();
        try
        {
            rsa.ImportRSAPrivateKey(data, out var read);
            var failure = CheckSize(rsa, data.Length - read);
            if (failure == DecodeFailure.None)
            {
                privateData = data.ToArray();
                publicData = rsa.ExportSubjectPublicKeyInfo();
            }

            return failure;
        }
        catch (CryptographicException)
        {
            return DecodeFailure.Malformed;
        }
    }

    internal override byte[] Sign(ReadOnlySpan<byte> privateData, ReadOnlySpan<byte> data)
    {
        using var rsa = RSA.Create();
        rsa.ImportRSAPrivateKey(privateData, out _);
        return rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    internal override bool Verify(ReadOnlySpan<byte> publicData, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using var rsa = RSA.Create();
        try
        {
            rsa.ImportSubjectPublicKeyInfo(publicData, out _);
            return rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        catch (CryptographicException)
        {
            // A modulus that no honest key has, an even one for instance, is found out only here.
            return false;
        }
    }

    private static DecodeFailure CheckSize(RSA rsa, int trailing) => (rsa.KeySize, trailing) switch
    {
        (_, > 0) => DecodeFailure.TrailingBytes,
        (< MinBits, _) => DecodeFailure.Unsupported,
        (> MaxBits, _) => DecodeFailure.TooLarge,
        _ when rsa.ExportParameters(includePrivateParameters: false).Exponent!.Length > MaxExponentLength => DecodeFailure.TooLarge,
        _ => DecodeFailure.None,
    };
}
