using System.Security.Cryptography;

namespace NatActors.Multiformats.Crypto;

/// <summary>ECDSA identities over P-256: PKIX DER public key, RFC 5915 private key, ASN.1 signatures over SHA-256.</summary>
internal sealed class EcdsaScheme : SignatureScheme
{
    private const string P256Oid = "1.2.840.10045.3.1.7";

    internal override KeyType Type => KeyType.Ecdsa;

    internal override DecodeFailure CheckPublicKey(ReadOnlySpan<byte> data)
    {
        using var ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportSubjectPublicKeyInfo(data, out var read);
            return CheckCurve(ecdsa, data.Length - read) is var failure and not DecodeFailure.None
                ? failure
                : ecdsa.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(data) ? DecodeFailure.None : DecodeFailure.NonMinimal;
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            return DecodeFailure.Malformed;
        }
    }

    internal override DecodeFailure ReadPrivateKey(ReadOnlySpan<byte> data, out byte[] privateData, out byte[] publicData)
    {
        privateData = [];
        publicData = [];
        using var ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportECPrivateKey(data, out var read);
            var failure = CheckCurve(ecdsa, data.Length - read);
            if (failure == DecodeFailure.None)
            {
                privateData = data.ToArray();
                publicData = ecdsa.ExportSubjectPublicKeyInfo();
            }

            return failure;
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            return DecodeFailure.Malformed;
        }
    }

    internal override byte[] Sign(ReadOnlySpan<byte> privateData, ReadOnlySpan<byte> data)
    {
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportECPrivateKey(privateData, out _);
        return ecdsa.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    internal override bool Verify(ReadOnlySpan<byte> publicData, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using var ecdsa = ECDsa.Create();
        ecdsa.ImportSubjectPublicKeyInfo(publicData, out _);
        return ecdsa.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static DecodeFailure CheckCurve(ECDsa ecdsa, int trailing)
    {
        if (trailing > 0)
        {
            return DecodeFailure.TrailingBytes;
        }

        var curve = ecdsa.ExportParameters(includePrivateParameters: false).Curve;
        return curve.IsNamed && curve.Oid.Value == P256Oid ? DecodeFailure.None : DecodeFailure.Unsupported;
    }
}
