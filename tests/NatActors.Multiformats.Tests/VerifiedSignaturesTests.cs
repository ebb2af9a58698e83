using NatActors.Multiformats.Tests.Shared;

namespace NatActors.Multiformats.Tests;

public class VerifiedSignaturesTests
{
    private static readonly PrivateKey Key = PrivateKey.GenerateEd25519(new SeededRandom(1));
    private static readonly PrivateKey Other = PrivateKey.GenerateEd25519(new SeededRandom(2));
    private readonly VerifiedSignatures _verified = new();

    [Fact]
    public void A_good_signature_stays_good_and_vouches_for_no_other_bytes()
    {
        var data = "what was said"u8.ToArray();
        var signature = Key.Sign(data);
        Assert.True(_verified.Verify(Key.PublicKey, data, signature));
        Assert.True(_verified.Verify(Key.PublicKey, data, signature));
        Assert.False(_verified.Verify(Other.PublicKey, data, signature));
        Assert.False(_verified.Verify(Key.PublicKey, data.AsSpan(1), signature));
        Assert.False(_verified.Verify(Key.PublicKey, data, signature.AsSpan(1)));

        // The same bytes in a row, divided otherwise.
        Assert.False(_verified.Verify(Key.PublicKey, [.. data, signature[0]], signature.AsSpan(1)));
        for (var i = 0; i < signature.Length; i++)
        {
            var forged = signature.ToArray();
            forged[i] ^= 1;
            Assert.False(_verified.Verify(Key.PublicKey, data, forged));
        }
    }

    [Fact]
    public void A_bad_signature_stays_bad()
    {
        var signature = Other.Sign("what was said"u8);
        Assert.False(_verified.Verify(Key.PublicKey, "what was said"u8, signature));
        Assert.False(_verified.Verify(Key.PublicKey, "what was said"u8, signature));
    }

    [Fact]
    public void More_than_are_remembered_are_still_judged_rightly()
    {
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i <= VerifiedSignatures.MaxRemembered; i++)
            {
                var data = BitConverter.GetBytes(i);
                Assert.True(_verified.Verify(Key.PublicKey, data, Key.Sign(data)));
                Assert.False(_verified.Verify(Key.PublicKey, data, Other.Sign(data)));
            }
        }

        Assert.Equal(VerifiedSignatures.MaxRemembered, _verified.Count);
    }
}
