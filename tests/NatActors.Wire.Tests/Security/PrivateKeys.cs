using System.Security.Cryptography;
using NatActors.Multiformats;

namespace NatActors.Wire.Tests.Security;

/// <summary>Identities of the other kinds, made for the test.</summary>
internal static class PrivateKeys
{
    public static PrivateKey Of(string kind)
    {
        switch (kind)
        {
            case "rsa":
                using (var rsa = RSA.Create(2048))
                {
                    return FromData(KeyType.Rsa, rsa.ExportRSAPrivateKey());
                }

            case "ecdsa":
                using (var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                {
                    return FromData(KeyType.Ecdsa, ecdsa.ExportECPrivateKey());
                }

            default:
                return FromData(KeyType.Secp256k1, RandomNumberGenerator.GetBytes(32));
        }
    }

    private static PrivateKey FromData(KeyType type, byte[] data)
    {
        var length = new byte[Varint.MaxLength];
        var written = Varint.Write(length, (ulong)data.Length);
        return PrivateKey.FromProtobuf([0x08, (byte)type, 0x12, .. length[..written], .. data]);
    }
}
