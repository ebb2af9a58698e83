using System.Formats.Asn1;
using System.Numerics;

namespace NatActors.Multiformats.Crypto;

/// <summary>
/// secp256k1 identities: compressed public point, 32-byte private scalar, DER signatures over SHA-256 with the low one of the two
/// possible s values, which strict verifiers insist on.
/// </summary>
internal sealed class Secp256k1Scheme : SignatureScheme
{
    private const int ScalarLength = 32;
    private const int CompressedLength = 33;
    private const int UncompressedLength = 65;
    private const byte EvenPrefix = 0x02;
    private const byte OddPrefix = 0x03;
    private const int MaxSignature = 80;
    private const string EcPublicKeyOid = "1.2.840.10045.2.1";
    private const string CurveOid = "1.3.132.0.10";
    private const int EcPrivateKeyVersion = 1;

    // SEC 2 section 2.4.1: the order n of the base point.
    private static readonly BigInteger Order = BigInteger.Parse(
        "0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141",
        System.Globalization.NumberStyles.HexNumber,
        System.Globalization.CultureInfo.InvariantCulture);

    internal override KeyType Type => KeyType.Secp256k1;

    internal override DecodeFailure CheckPublicKey(ReadOnlySpan<byte> data)
    {
        using var key = LoadPublic(data);
        return key is null ? DecodeFailure.Malformed : DecodeFailure.None;
    }

    internal override DecodeFailure ReadPrivateKey(ReadOnlySpan<byte> data, out byte[] privateData, out byte[] publicData)
    {
        privateData = [];
        publicData = [];
        if (data.Length != ScalarLength || !IsScalar(data))
        {
            return DecodeFailure.Malformed;
        }

        using var key = EvpKey.FromPrivateDer(PrivateDer(data));
        if (key is null)
        {
            return DecodeFailure.Malformed;
        }

        privateData = data.ToArray();
        publicData = Compress(EvpKey.PublicDer(key));
        return DecodeFailure.None;
    }

    internal override byte[] Sign(ReadOnlySpan<byte> privateData, ReadOnlySpan<byte> data)
    {
        using var key = EvpKey.FromPrivateDer(PrivateDer(privateData)) ?? throw LibCrypto.Failed("load the secp256k1 private key");
        Span<byte> signature = stackalloc byte[MaxSignature];
        var length = EvpKey.Sign(key, LibCrypto.Sha256(), data, signature);
        return WithLowS(signature[..length]);
    }

    internal override bool Verify(ReadOnlySpan<byte> publicData, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        using var key = LoadPublic(publicData);
        return key is not null && signature.Length <= MaxSignature && EvpKey.Verify(key, LibCrypto.Sha256(), data, signature);
    }

    private static PKeyHandle? LoadPublic(ReadOnlySpan<byte> data)
    {
        // peer-ids spec: "standard Bitcoin encoding", and that one compressed, since the peer id hashes it.
        return data.Length == CompressedLength && data[0] is EvenPrefix or OddPrefix ? EvpKey.FromPublicDer(PublicDer(data)) : null;
    }

    private static bool IsScalar(ReadOnlySpan<byte> data)
    {
        var scalar = new BigInteger(data, isUnsigned: true, isBigEndian: true);
        return scalar > 0 && scalar < Order;
    }

    private static byte[] PublicDer(ReadOnlySpan<byte> point)
    {
        // RFC 5480 section 2: SubjectPublicKeyInfo with the curve by name.
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(EcPublicKeyOid);
                writer.WriteObjectIdentifier(CurveOid);
            }

            writer.WriteBitString(point);
        }

        return writer.Encode();
    }

    private static byte[] PrivateDer(ReadOnlySpan<byte> scalar)
    {
        // RFC 5915 section 3: ECPrivateKey; without the public key OpenSSL computes it.
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(EcPrivateKeyVersion);
            writer.WriteOctetString(scalar);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                writer.WriteObjectIdentifier(CurveOid);
            }
        }

        return writer.Encode();
    }

    private static byte[] Compress(ReadOnlySpan<byte> publicDer)
    {
        // The point, 04 x y, is what a SubjectPublicKeyInfo ends in.
        var point = publicDer[^UncompressedLength..];
        var compressed = new byte[CompressedLength];
        compressed[0] = (point[^1] & 1) == 0 ? EvenPrefix : OddPrefix;
        point.Slice(1, ScalarLength).CopyTo(compressed.AsSpan(1));
        return compressed;
    }

    private static byte[] WithLowS(ReadOnlySpan<byte> der)
    {
        AsnDecoder.ReadSequence(der, AsnEncodingRules.DER, out var offset, out var length, out _);
        var content = der.Slice(offset, length);
        var r = AsnDecoder.ReadInteger(content, AsnEncodingRules.DER, out var read);
        var s = AsnDecoder.ReadInteger(content[read..], AsnEncodingRules.DER, out _);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(r);
            writer.WriteInteger(s > Order / 2 ? Order - s : s);
        }

        return writer.Encode();
    }
}
