using NatActors.Fuzz.Engine;
using NatActors.Multiformats;

namespace NatActors.Fuzz.Entries.Multiformats;

/// <summary>Multihashes.</summary>
public sealed class MultihashEntry : FuzzEntry
{
    public override string Name => "multiformats.multihash";

    public override InputShape Shape => InputShape.Bytes;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 2, AllocatedConstant: 128, StepsPerByte: 8, StepsConstant: 96);

    public override int MaxLength => 80;

    public override IEnumerable<byte[]> Seeds() => FuzzKeys.Peers.Select(peer => peer.Bytes.ToArray());

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (!Multihash.TryRead(input, out var hash, out var failure))
        {
            return FuzzOutcome.Refused(failure);
        }

        Require.That(hash.Length == input.Length && hash.DigestOffset <= hash.Length, "a multihash reaches beyond its bytes");
        if (hash.Code == MultihashCode.Identity)
        {
            Require.Same(input, Multihash.Of(MultihashCode.Identity, input[hash.DigestOffset..]), "an identity multihash has another form");
        }

        var digest = default(FuzzDigest);
        digest.Add((int)hash.Code);
        digest.Add(hash.DigestOffset);
        return FuzzOutcome.Taken(digest);
    }
}

/// <summary>Peer ids in bytes, through both texts and back.</summary>
public sealed class PeerIdBinaryEntry : FuzzEntry
{
    public override string Name => "multiformats.peerid.binary";

    public override InputShape Shape => InputShape.Bytes;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 64, AllocatedConstant: 3 * 1024, StepsPerByte: 24, StepsConstant: 512);

    public override int Cost => 12;

    public override int MaxLength => 80;

    public override IEnumerable<byte[]> Seeds() => FuzzKeys.Peers.Select(peer => peer.Bytes.ToArray());

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (!PeerId.TryDecode(input, out var peer, out var failure))
        {
            return FuzzOutcome.Refused(failure);
        }

        Require.Same(input, peer.Bytes.Span, "a peer id has other bytes than it was read from");
        Require.That(peer == PeerId.Parse(peer.ToString()), "a peer id is another one by its base58 text");
        Require.That(peer == PeerId.Parse(peer.ToCid()), "a peer id is another one by its CID");
        var digest = default(FuzzDigest);
        digest.Add(peer.ToString());
        if (peer.TryExtractKey(out var key))
        {
            Require.That(peer.Matches(key), "the key inside a peer id has another peer id");
            digest.Add((int)key.Type);
        }

        return FuzzOutcome.Taken(digest);
    }
}

/// <summary>Peer ids in text.</summary>
public sealed class PeerIdTextEntry : FuzzEntry
{
    public override string Name => "multiformats.peerid.text";

    public override InputShape Shape => InputShape.Text;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 16, AllocatedConstant: 4 * 1024, StepsPerByte: 24, StepsConstant: 512);

    public override int Cost => 8;

    public override int MaxLength => 300;

    public override IEnumerable<byte[]> Seeds() =>
        FuzzKeys.Peers.SelectMany(peer => new[] { FuzzKeys.Text(peer.ToString()), FuzzKeys.Text(peer.ToCid()) });

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        if (!PeerId.TryParse(FuzzText.Of(input), out var peer, out var error))
        {
            Require.That(error.Length is > 0 and < 1000 && !error.Any(char.IsControl), "an error is no line for a person");
            return new FuzzOutcome(false, 0);
        }

        Require.That(PeerId.TryDecode(peer.Bytes.Span, out var again) && again == peer, "a peer id is another one by its bytes");
        Require.That(PeerId.Parse(peer.ToString()) == peer && PeerId.Parse(peer.ToCid()) == peer,
            "a peer id is another one by its own text");
        var digest = default(FuzzDigest);
        digest.Add(peer.Bytes.Span);
        return FuzzOutcome.Taken(digest);
    }
}

/// <summary>Text in the multibases that are known, and base58 without its prefix.</summary>
public sealed class MultibaseEntry : FuzzEntry
{
    public override string Name => "multiformats.multibase";

    public override InputShape Shape => InputShape.Text;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 8, AllocatedConstant: 2 * 1024, StepsPerByte: 8, StepsConstant: 128);

    public override int Cost => 3;

    public override int MaxLength => 300;

    public override IEnumerable<byte[]> Seeds() =>
        new[] { "f00ff10", "bafzaajaiaejcb", "k2k4r8", "zQm1", "uEiAk", FuzzKeys.Peers[0].ToString(), "1111", "z",
        "u_-_-" }.Select(FuzzKeys.Text);

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var text = FuzzText.Of(input);
        var bytes = MultibaseText.Decode(text);
        var plain = MultibaseText.DecodeBase58(text);
        Require.That((bytes?.Length ?? 0) <= text.Length && (plain?.Length ?? 0) <= text.Length, "text became longer by being decoded");
        var digest = default(FuzzDigest);
        digest.Add(bytes);
        digest.Add(plain);
        return new FuzzOutcome(bytes is not null || plain is not null, digest.Value);
    }
}
