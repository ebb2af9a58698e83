using System.Security.Cryptography;

namespace NatActors.Multiformats.Crypto;

/// <summary>ECDSA identities over P-256: PKIX DER public key, RFC 5915 private key, ASN.1 signatures over SHA-256.</summary>
internal sealed class EcdsaScheme : SignatureScheme
{
    private const string P256Oid = "1.2.840.10045.3.1.7";
    private const int CoordinatesLength = 64;

    internal override KeyType Type => KeyType.Ecdsa;

    // RFC 5480: SubjectPublicKeyInfo of an uncompressed point on the named curve P-256, up to the point's coordinates. Compared before any
    // parser sees the key, since one may also spell out the parameters of a curve of one's own.
    private static ReadOnlySpan<byte> PublicPrefix =>
    [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
        0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];

    internal override DecodeFailure CheckPublicKey(ReadOnlySpan<byte> data)
    {
        if (!data.StartsWith(PublicPrefix))
        {
            return DecodeFailure.Unsupported;
        }

        if (data.Length != PublicPrefix.Length + CoordinatesLength)
        {
            return DecodeFailure.Malformed;
        }

        using var ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportSubjectPublicKeyInfo(data, out _);
            return DecodeFailure.None;
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
        try
        {
            ecdsa.ImportSubjectPublicKeyInfo(publicData, out _);
            return ecdsa.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            return false;
        }
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
