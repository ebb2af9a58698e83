using System.Security.Cryptography;
using NatActors.Multiformats.Crypto;
using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Multiformats.Tests;

/// <summary>Against the vectors of libp2p/specs peer-ids and tls, and the fixtures of libp2p/go-libp2p core/crypto (Vectors/keys.txt says which).</summary>
public class KeyTests
{
    private static readonly VectorFile Vectors = new("keys.txt");

    public static TheoryData<string, KeyType> Types => new()
    {
        { "rsa", KeyType.Rsa },
        { "ed25519", KeyType.Ed25519 },
        { "secp256k1", KeyType.Secp256k1 },
        { "ecdsa", KeyType.Ecdsa },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Private_keys_of_the_specification_give_its_public_keys(string name, KeyType type)
    {
        using var key = PrivateKey.FromProtobuf(Vectors[name + ".private"]);
        Assert.Equal(type, key.Type);
        Assert.Equal(Convert.ToHexStringLower(Vectors[name + ".public"]), Convert.ToHexStringLower(key.PublicKey.ToProtobuf()));
        Assert.Equal(Vectors[name + ".private"], key.ToProtobuf());
        Assert.Equal(PeerId.FromPublicKey(key.PublicKey), key.PeerId);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_one_half_signs_the_other_verifies(string name, KeyType type)
    {
        using var key = PrivateKey.FromProtobuf(Vectors[name + ".private"]);
        Assert.True(PublicKey.TryFromProtobuf(Vectors[name + ".public"], out var publicKey, out _));
        Assert.Equal(type, publicKey.Type);
        foreach (var length in new[] { 0, 1, 1000 })
        {
            var data = new byte[length];
            var signature = key.Sign(data);
            Assert.True(publicKey.Verify(data, signature));
            Assert.False(publicKey.Verify([.. data, 1], signature));
            Assert.False(publicKey.Verify(data, signature.AsSpan(0, signature.Length - 1)));
            Assert.False(publicKey.Verify(data, []));
            Assert.False(publicKey.Verify(data, new byte[5000]));
            signature[^1] ^= 1;
            Assert.False(publicKey.Verify(data, signature));
        }
    }

    [Theory]
    [InlineData("rsa")]
    [InlineData("secp256k1")]
    [InlineData("ecdsa")]
    public void Agrees_with_the_fixtures_of_go(string name)
    {
        using var key = PrivateKey.FromProtobuf(Vectors[$"go.{name}.private"]);
        Assert.True(PublicKey.TryFromProtobuf(Vectors[$"go.{name}.public"], out var publicKey, out _));
        Assert.Equal(publicKey, key.PublicKey);
        Assert.Equal(Vectors[$"go.{name}.private"], key.ToProtobuf());
        Assert.True(publicKey.Verify(Vectors["go.message"], Vectors[$"go.{name}.signature"]));
        Assert.True(publicKey.Verify(Vectors["go.message"], key.Sign(Vectors["go.message"])));
        Assert.False(publicKey.Verify("something else"u8, Vectors[$"go.{name}.signature"]));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Public_keys_are_refused_at_every_split(string name, KeyType type)
    {
        var bytes = Vectors[name + ".public"];
        for (var split = 0; split < bytes.Length; split++)
        {
            Assert.False(PublicKey.TryFromProtobuf(bytes.AsSpan(0, split), out _, out var failure));
            Assert.Equal(DecodeFailure.Truncated, failure);
        }

        Assert.False(PublicKey.TryFromProtobuf([.. bytes, 0], out _, out var trailing));
        Assert.Equal(DecodeFailure.TrailingBytes, trailing);
        Assert.True(Enum.IsDefined(type));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Data_of_the_wrong_size_is_refused_whatever_the_type(string name, KeyType type)
    {
        Assert.True(PublicKey.TryFromProtobuf(Vectors[name + ".public"], out var key, out _));
        foreach (var wrong in WrongSizes(key.Data.ToArray()))
        {
            Assert.False(PublicKey.TryFromProtobuf(KeyProtobuf.Encode(type, wrong), out key, out var failure));
            Assert.Null(key);
            Assert.NotEqual(DecodeFailure.None, failure);
        }

        Assert.True(KeyProtobuf.TryDecode(Vectors[name + ".private"], SignatureSchemes.MaxPrivateDataLength, out _, out var data, out _));
        foreach (var wrong in WrongSizes(data.ToArray()))
        {
            Assert.False(PrivateKey.TryFromProtobuf(KeyProtobuf.Encode(type, wrong), out _, out var failure));
            Assert.NotEqual(DecodeFailure.None, failure);
        }
    }

    [Theory]
    [InlineData("0804120101", DecodeFailure.Unsupported)]
    [InlineData("0a01", DecodeFailure.Malformed)]
    [InlineData("12010108011201", DecodeFailure.Malformed)]
    [InlineData("08811f1200", DecodeFailure.Unsupported)]
    [InlineData("0881001200", DecodeFailure.NonMinimal)]
    [InlineData("0801080112", DecodeFailure.Malformed)]
    [InlineData("080112a000", DecodeFailure.NonMinimal)]
    [InlineData("080112ffffffffffffffff7f", DecodeFailure.TooLarge)]
    [InlineData("080112ffffffffffffffffff", DecodeFailure.Overflow)]
    public void Wire_forms_that_are_not_the_one_are_refused_with_a_reason(string hex, DecodeFailure reason)
    {
        Assert.False(PublicKey.TryFromProtobuf(Convert.FromHexString(hex), out _, out var failure));
        Assert.Equal(reason, failure);
        Assert.False(PrivateKey.TryFromProtobuf(Convert.FromHexString(hex), out _, out failure));
        Assert.Equal(reason, failure);
    }

    [Fact]
    public void Rsa_keys_below_2048_bits_are_refused()
    {
        using var rsa = RSA.Create(1024);
        Assert.False(PublicKey.TryFromProtobuf(KeyProtobuf.Encode(KeyType.Rsa, rsa.ExportSubjectPublicKeyInfo()), out _, out var failure));
        Assert.Equal(DecodeFailure.Unsupported, failure);
        Assert.False(PrivateKey.TryFromProtobuf(KeyProtobuf.Encode(KeyType.Rsa, rsa.ExportRSAPrivateKey()), out _, out failure));
        Assert.Equal(DecodeFailure.Unsupported, failure);
    }

    [Fact]
    public void Ecdsa_keys_on_other_curves_are_refused()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.False(PublicKey.TryFromProtobuf(KeyProtobuf.Encode(KeyType.Ecdsa, ecdsa.ExportSubjectPublicKeyInfo()), out _, out var failure));
        Assert.Equal(DecodeFailure.Unsupported, failure);
        Assert.False(PrivateKey.TryFromProtobuf(KeyProtobuf.Encode(KeyType.Ecdsa, ecdsa.ExportECPrivateKey()), out _, out failure));
        Assert.Equal(DecodeFailure.Unsupported, failure);
    }

    [Theory]
    [InlineData(4, true)]
    [InlineData(5, false)]
    [InlineData(256, false)]
    public void An_rsa_key_with_an_exponent_of_more_than_32_bits_is_refused_since_checking_its_signatures_is_dear(int length, bool accepted)
    {
        using var rsa = RSA.Create(2048);
        var exponent = new byte[length];
        exponent.AsSpan().Fill(0x7f);
        rsa.ImportParameters(new RSAParameters { Modulus = [0xff, .. rsa.ExportParameters(false).Modulus.AsSpan(1)], Exponent = exponent });
        var bytes = KeyProtobuf.Encode(KeyType.Rsa, rsa.ExportSubjectPublicKeyInfo());
        Assert.Equal(accepted, PublicKey.TryFromProtobuf(bytes, out _, out var failure));
        Assert.Equal(accepted ? DecodeFailure.None : DecodeFailure.TooLarge, failure);
    }

    [Fact]
    public void Rsa_signatures_are_one_to_one_and_of_the_right_length()
    {
        using var key = PrivateKey.FromProtobuf(Vectors["go.rsa.private"]);
        Assert.Equal(Vectors["go.rsa.signature"], key.Sign(Vectors["go.message"]));
    }

    /// <summary>libp2p/specs peer-ids, "Ed25519": the old form repeats the public key; a repetition that differs is invalid.</summary>
    [Fact]
    public void The_old_form_of_ed25519_private_keys_is_read_and_written_as_the_new_one()
    {
        var preferred = Vectors["ed25519.private"];
        var data = preferred.AsSpan(4).ToArray();
        byte[] repeated = [.. data, .. data[32..]];
        using var key = PrivateKey.FromProtobuf(KeyProtobuf.Encode(KeyType.Ed25519, repeated));
        Assert.Equal(preferred, key.ToProtobuf());
        repeated[^1] ^= 1;
        Assert.False(PrivateKey.TryFromProtobuf(KeyProtobuf.Encode(KeyType.Ed25519, repeated), out _, out var failure));
        Assert.Equal(DecodeFailure.Mismatch, failure);
        data[^1] ^= 1;
        Assert.False(PrivateKey.TryFromProtobuf(KeyProtobuf.Encode(KeyType.Ed25519, data), out _, out failure));
        Assert.Equal(DecodeFailure.Mismatch, failure);
    }

    [Fact]
    public void Generated_keys_come_from_the_random_source_alone()
    {
        using var one = PrivateKey.GenerateEd25519(new SeededRandom(1));
        using var same = PrivateKey.GenerateEd25519(new SeededRandom(1));
        using var other = PrivateKey.GenerateEd25519(new SeededRandom(2));
        Assert.Equal(one.PeerId, same.PeerId);
        Assert.NotEqual(one.PeerId, other.PeerId);
        using var again = PrivateKey.FromProtobuf(one.ToProtobuf());
        Assert.Equal(one.PublicKey, again.PublicKey);
    }

    [Fact]
    public void A_disposed_key_neither_signs_nor_shows_itself()
    {
        var key = PrivateKey.GenerateEd25519(new SeededRandom(1));
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Sign([1]));
        Assert.Throws<ObjectDisposedException>(key.ToProtobuf);
        Assert.Throws<FormatException>(() => PrivateKey.FromProtobuf([1, 2, 3]));
    }

    [Theory]
    [InlineData(KeyType.Rsa, 294, DecodeFailure.Malformed)]
    [InlineData(KeyType.Secp256k1, 33, DecodeFailure.Malformed)]
    [InlineData(KeyType.Ecdsa, 91, DecodeFailure.Unsupported)]
    public void Zeros_are_no_key(KeyType type, int length, DecodeFailure reason)
    {
        Assert.False(PublicKey.TryFromProtobuf(KeyProtobuf.Encode(type, new byte[length]), out _, out var failure));
        Assert.Equal(reason, failure);
    }

    [Fact]
    public void A_point_off_the_curve_is_no_key()
    {
        var bytes = Vectors["ecdsa.public"];
        bytes[^1] ^= 1;
        Assert.False(PublicKey.TryFromProtobuf(bytes, out _, out var failure));
        Assert.Equal(DecodeFailure.Malformed, failure);
    }

    [Fact]
    public void An_rsa_key_with_an_even_modulus_verifies_nothing()
    {
        var bytes = Vectors["rsa.public"];
        // Five bytes stand behind the modulus: the exponent 65537 with its tag and length.
        bytes[^6] &= 0xfe;
        var good = PublicKey.TryFromProtobuf(bytes, out var key, out _);
        using var real = PrivateKey.FromProtobuf(Vectors["rsa.private"]);
        Assert.False(good && key!.Verify("x"u8, real.Sign("x"u8)));
    }

    /// <summary>A scalar of zero, and the order itself (SEC 2 section 2.4.1).</summary>
    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")]
    public void Secp256k1_private_keys_are_below_the_order(string scalar)
    {
        var bytes = KeyProtobuf.Encode(KeyType.Secp256k1, Convert.FromHexString(scalar));
        Assert.False(PrivateKey.TryFromProtobuf(bytes, out _, out var failure));
        Assert.Equal(DecodeFailure.Malformed, failure);
    }

    [Fact]
    public void Damaged_keys_never_throw()
    {
        var random = new SeededRandom(3);
        foreach (var name in new[] { "rsa", "ed25519", "secp256k1", "ecdsa" })
        {
            for (var round = 0; round < 300; round++)
            {
                var bytes = Vectors[name + (round % 2 == 0 ? ".public" : ".private")];
                bytes[random.NextInt(bytes.Length)] = (byte)random.NextInt(256);
                bytes[random.NextInt(Math.Min(bytes.Length, 40))] = (byte)random.NextInt(256);
                var good = PublicKey.TryFromProtobuf(bytes, out var key, out var failure);
                Assert.Equal(good, failure == DecodeFailure.None);
                Assert.False(key?.Verify("x"u8, bytes) ?? false);
                good = PrivateKey.TryFromProtobuf(bytes, out var privateKey, out failure);
                Assert.Equal(good, failure == DecodeFailure.None);
                privateKey?.Dispose();
            }
        }
    }

    private static byte[][] WrongSizes(byte[] data) => [[], data[..^1], [.. data, 0], data[..(data.Length / 2)]];
}
