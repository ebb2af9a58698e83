using System.Numerics;
using NatActors.Multiformats.Crypto;
using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Multiformats.Tests.Crypto;

public class CurveTests
{
    /// <summary>RFC 7748 section 6.1.</summary>
    [Fact]
    public void X25519_agrees_with_RFC_7748()
    {
        var alice = Convert.FromHexString("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        var bob = Convert.FromHexString("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
        var (alicePublic, bobPublic, secret) = (new byte[32], new byte[32], new byte[32]);
        X25519.GetPublicKey(alice, alicePublic);
        X25519.GetPublicKey(bob, bobPublic);
        Assert.Equal("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", Convert.ToHexStringLower(alicePublic));
        Assert.Equal("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", Convert.ToHexStringLower(bobPublic));
        Assert.True(X25519.TryDerive(alice, bobPublic, secret));
        Assert.Equal("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", Convert.ToHexStringLower(secret));
        Assert.True(X25519.TryDerive(bob, alicePublic, secret));
        Assert.Equal("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", Convert.ToHexStringLower(secret));
    }

    [Fact]
    public void A_key_pair_agrees_any_number_of_times_with_whatever_key_comes()
    {
        using var pair = X25519KeyPair.Generate(new SeededRandom(7));
        var (same, publicKey) = (new byte[32], new byte[32]);
        new SeededRandom(7).Fill(same);
        X25519.GetPublicKey(same, publicKey);
        Assert.Equal(publicKey, pair.PublicKey.ToArray());
        for (var seed = 1; seed < 4; seed++)
        {
            using var other = X25519KeyPair.Generate(new SeededRandom(seed));
            var (here, there) = (new byte[32], new byte[32]);
            Assert.True(pair.TryDerive(other.PublicKey, here));
            Assert.True(X25519.TryDerive(same, other.PublicKey, there));
            Assert.Equal(there, here);
            Assert.True(other.TryDerive(pair.PublicKey, there));
            Assert.Equal(there, here);
        }

        Assert.False(pair.TryDerive(new byte[32], new byte[32]));
        Assert.False(pair.TryDerive(new byte[31], new byte[32]));
    }

    /// <summary>Points of small order (RFC 7748 section 6.1 asks for the check): 0, 1, a point of order 8, p-1, p and p+1.</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    public void X25519_refuses_points_that_make_the_secret_zero(string point)
    {
        var key = new byte[32];
        new SeededRandom(5).Fill(key);
        Assert.False(X25519.TryDerive(key, Convert.FromHexString(point), new byte[32]));
        Assert.False(X25519.TryDerive(key, new byte[31], new byte[32]));
    }

    /// <summary>RFC 8032 section 7.1, tests 1 and 2.</summary>
    [Theory]
    [InlineData(
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")]
    [InlineData(
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")]
    public void Ed25519_agrees_with_RFC_8032(string seed, string publicKey, string message, string signature)
    {
        var derived = new byte[32];
        Ed25519.GetPublicKey(Convert.FromHexString(seed), derived);
        Assert.Equal(publicKey, Convert.ToHexStringLower(derived));
        var signed = new byte[64];
        Ed25519.Sign(Convert.FromHexString(seed), Convert.FromHexString(message), signed);
        Assert.Equal(signature, Convert.ToHexStringLower(signed));
        Assert.True(Ed25519.Verify(derived, Convert.FromHexString(message), signed));
        Assert.False(Ed25519.Verify(derived, [1], signed));
        Assert.False(Ed25519.Verify(derived[..31], Convert.FromHexString(message), signed));
    }

    /// <summary>Half the order of secp256k1: a higher s is refused by verifiers that allow one signature only (BIP 62).</summary>
    [Fact]
    public void Secp256k1_signatures_have_the_low_s()
    {
        var half = BigInteger.Parse(
            "07FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0", System.Globalization.NumberStyles.HexNumber, null);
        using var key = PrivateKey.FromProtobuf(new VectorFile("keys.txt")["secp256k1.private"]);
        for (var i = 0; i < 40; i++)
        {
            var signature = key.Sign([(byte)i]);
            var sequence = new System.Formats.Asn1.AsnReader(signature, System.Formats.Asn1.AsnEncodingRules.DER).ReadSequence();
            Assert.True(sequence.ReadInteger() > 0);
            Assert.InRange(sequence.ReadInteger(), BigInteger.One, half);
            Assert.True(key.PublicKey.Verify([(byte)i], signature));
        }
    }

    [Fact]
    public void Many_threads_sign_and_verify_at_once()
    {
        using var key = PrivateKey.GenerateEd25519(new SeededRandom(9));
        var good = 0;
        Parallel.For(0, 200, i =>
        {
            var data = BitConverter.GetBytes(i);
            if (key.PublicKey.Verify(data, key.Sign(data)))
            {
                Interlocked.Increment(ref good);
            }
        });
        Assert.Equal(200, good);
    }
}
