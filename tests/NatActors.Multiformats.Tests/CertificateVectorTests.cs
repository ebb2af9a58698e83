using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Multiformats.Tests;

/// <summary>The certificates of libp2p/specs tls/tls.md, "Test vectors": keys, peer ids and signatures that another implementation made.</summary>
public class CertificateVectorTests
{
    private const string ExtensionOid = "1.3.6.1.4.1.53594.1.1";

    private static readonly VectorFile Vectors = new("keys.txt");

    [Theory]
    [InlineData("ed25519", "12D3KooWM6CgA9iBFZmcYAHA6A2qvbAxqfkmrYiRQuz3XEsk4Ksv")]
    [InlineData("ecdsa", "QmfXbAwNjJLXfesgztEHe8HwgVDCMMpZ9Eax1HYq6hn9uE")]
    [InlineData("secp256k1", "16Uiu2HAkutTMoTzDw1tCvSRtu6YoixJwS46S1ZFxW8hSx9fWHiPs")]
    public void Gives_the_peer_id_and_the_signature_is_good(string name, string peerId)
    {
        var (key, signed, signature) = Read(name);
        Assert.Equal(peerId, PeerId.FromPublicKey(key).ToString());
        Assert.True(key.Verify(signed, signature));
    }

    [Fact]
    public void The_invalid_one_has_a_bad_signature()
    {
        var (key, signed, signature) = Read("invalid");
        Assert.False(key.Verify(signed, signature));
    }

    private static (PublicKey Key, byte[] Signed, byte[] Signature) Read(string name)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(Vectors["tls." + name]);
        var extension = certificate.Extensions.Single(e => e.Oid?.Value == ExtensionOid);
        var sequence = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
        Assert.True(PublicKey.TryFromProtobuf(sequence.ReadOctetString(), out var key, out var failure), failure.ToString());
        byte[] signed = [.. "libp2p-tls-handshake:"u8, .. certificate.PublicKey.ExportSubjectPublicKeyInfo()];
        return (key, signed, sequence.ReadOctetString());
    }
}
