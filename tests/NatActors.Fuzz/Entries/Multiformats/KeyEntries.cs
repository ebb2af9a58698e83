using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Multiformats.Crypto;

namespace NatActors.Fuzz.Entries.Multiformats;

/// <summary>Public keys of all kinds in their wire form.</summary>
public sealed class PublicKeyEntry : FuzzEntry
{
    public override string Name => "multiformats.publickey";

    public override InputShape Shape => InputShape.Protobuf;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 16, AllocatedConstant: 16 * 1024, StepsPerByte: 4, StepsConstant: 1024);

    public override int Cost => 12;

    public override int MaxLength => 1300;

    public override IEnumerable<byte[]> Seeds() => FuzzKeys.Private.Select(key => key.PublicKey.ToProtobuf());

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (!PublicKey.TryFromProtobuf(input, out var key, out var failure))
        {
            return FuzzOutcome.Refused(failure);
        }

        Require.Same(input, key.ToProtobuf(), "a key has a second wire form");
        var peer = PeerId.FromPublicKey(key);
        Require.That(!peer.TryExtractKey(out var inside) || inside.Equals(key), "the key inside a peer id is another one");
        var digest = default(FuzzDigest);
        digest.Add(peer.Bytes.Span);
        return FuzzOutcome.Taken(digest);
    }
}

/// <summary>Private keys of all kinds in their wire form.</summary>
public sealed class PrivateKeyEntry : FuzzEntry
{
    public override string Name => "multiformats.privatekey";

    public override InputShape Shape => InputShape.Protobuf;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 32, AllocatedConstant: 32 * 1024, StepsPerByte: 4, StepsConstant: 1024);

    public override int Cost => 110;

    public override int MaxLength => 5200;

    public override IEnumerable<byte[]> Seeds() => FuzzKeys.Private.Select(key => key.ToProtobuf());

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (!PrivateKey.TryFromProtobuf(input, out var key, out var failure))
        {
            return FuzzOutcome.Refused(failure);
        }

        using (key)
        {
            var digest = default(FuzzDigest);
            digest.Add(key.PeerId.Bytes.Span);
            using var again = PrivateKey.FromProtobuf(key.ToProtobuf());
            Require.That(again.PublicKey.Equals(key.PublicKey), "a private key is another one by its own wire form");
            if (key.Type == KeyType.Ed25519)
            {
                Require.That(key.PublicKey.Verify(input, key.Sign(input)), "a key does not accept its own signature");
            }

            return FuzzOutcome.Taken(digest);
        }
    }
}

/// <summary>Signatures over a fixed text: a byte for the kind of key, then the signature.</summary>
public sealed class SignatureEntry : FuzzEntry
{
    private static readonly byte[] Signed = FuzzKeys.Text("what was signed");

    public override string Name => "multiformats.signature";

    public override InputShape Shape => InputShape.Bytes;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 16, AllocatedConstant: 16 * 1024, StepsPerByte: 4, StepsConstant: 1024);

    public override int Cost => 250;

    public override int MaxLength => 1100;

    public override IEnumerable<byte[]> Seeds() => FuzzKeys.Private.Select((key, index) => (byte[])[(byte)index, .. key.Sign(Signed)]);

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return new FuzzOutcome(false, 0);
        }

        var key = FuzzKeys.Private[input[0] % FuzzKeys.Private.Count];
        var good = key.PublicKey.Verify(Signed, input[1..]);
        Require.That(!good || !key.PublicKey.Verify(FuzzKeys.Text("something else"), input[1..]), "a signature fits two texts");
        return new FuzzOutcome(good, 0);
    }
}

/// <summary>A key and a signature, both a stranger's: a byte for the key's length in units of four, the key, the signature.</summary>
public sealed class ForeignSignatureEntry : FuzzEntry
{
    private const int Unit = 5;

    private static readonly byte[] Signed = FuzzKeys.Text("what was signed");

    public override string Name => "multiformats.signature.foreign";

    public override InputShape Shape => InputShape.Bytes;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 32, AllocatedConstant: 32 * 1024, StepsPerByte: 4, StepsConstant: 1024);

    public override int Cost => 100;

    public override int MaxLength => 2200;

    public override IEnumerable<byte[]> Seeds() => FuzzKeys.Private.Select(key => Input(key.PublicKey.ToProtobuf(), key.Sign(Signed)));

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var keyLength = input.IsEmpty ? 0 : Math.Min(input.Length - 1, input[0] * Unit);
        if (keyLength == 0 || !PublicKey.TryFromProtobuf(input.Slice(1, keyLength).TrimEnd((byte)0), out var key, out var failure))
        {
            return new FuzzOutcome(false, 0);
        }

        return new FuzzOutcome(key.Verify(Signed, input[(1 + keyLength)..]), (ulong)key.Type);
    }

    private static byte[] Input(byte[] key, byte[] signature)
    {
        var units = (key.Length + Unit - 1) / Unit;
        return [(byte)units, .. key, .. new byte[(units * Unit) - key.Length], .. signature];
    }
}

/// <summary>Key agreement with whatever the other side calls its key.</summary>
public sealed class X25519Entry : FuzzEntry
{
    private static readonly byte[] Mine = [.. Enumerable.Range(1, X25519.KeyLength).Select(i => (byte)i)];

    public override string Name => "multiformats.x25519";

    public override InputShape Shape => InputShape.Bytes;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 0, AllocatedConstant: 4 * 1024, StepsPerByte: 0, StepsConstant: 256);

    public override int Cost => 160;

    public override int MaxLength => X25519.KeyLength;

    public override IEnumerable<byte[]> Seeds()
    {
        var key = new byte[X25519.KeyLength];
        X25519.GetPublicKey(Mine, key);
        return [key, new byte[X25519.KeyLength], [1, .. new byte[X25519.KeyLength - 1]]];
    }

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        Span<byte> theirs = stackalloc byte[X25519.KeyLength];
        Span<byte> secret = stackalloc byte[X25519.KeyLength];
        theirs.Clear();
        input.CopyTo(theirs);
        var good = X25519.TryDerive(Mine, theirs, secret);
        Require.That(!good || secret.ContainsAnyExcept((byte)0), "a secret that all know was accepted");
        var digest = default(FuzzDigest);
        digest.Add(secret);
        return new FuzzOutcome(good, digest.Value);
    }
}

/// <summary>Key files: whatever stands in them, there is a key or an exception of one kind with a line for a person.</summary>
public sealed class KeyFileEntry : FuzzEntry
{
    private static readonly string FilePath = Path.Combine(Path.GetTempPath(), $"natactors-fuzz-{Guid.NewGuid():N}.key");

    public override string Name => "multiformats.keyfile";

    public override InputShape Shape => InputShape.Protobuf;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 48, AllocatedConstant: 48 * 1024, StepsPerByte: 4, StepsConstant: 1024);

    public override int Cost => 1000;

    public override int MaxLength => 5200;

    public override IEnumerable<byte[]> Seeds() => FuzzKeys.Private.Select(key => key.ToProtobuf());

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        File.WriteAllBytes(FilePath, input);
        try
        {
            var loaded = KeyFile.Load(FilePath);
            using var key = loaded.Key;
            var digest = default(FuzzDigest);
            digest.Add(key.PeerId.Bytes.Span);
            return FuzzOutcome.Taken(digest);
        }
        catch (KeyFileException e)
        {
            Require.That(!e.Message.Any(char.IsControl), "an error is no line for a person");
            return FuzzOutcome.Refused(e.Problem);
        }
        finally
        {
            File.Delete(FilePath);
        }
    }
}
