using NatActors.Fuzz.Engine;
using NatActors.Multiformats;

namespace NatActors.Fuzz.Entries.Multiformats;

/// <summary>Unsigned varints, one behind the other.</summary>
public sealed class VarintEntry : FuzzEntry
{
    /// <inheritdoc />
    public override string Name => "multiformats.varint";

    /// <inheritdoc />
    public override InputShape Shape => InputShape.Bytes;

    /// <inheritdoc />
    public override FuzzBounds Bounds => new(AllocatedPerByte: 0, AllocatedConstant: 0, StepsPerByte: 40, StepsConstant: 64);

    public override int Cost => 3;

    /// <inheritdoc />
    public override int MaxLength => 64;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
        [[0], [0x7f], [0x80, 1], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x80, 0], [5, 0xac, 2, 0x80]];

    /// <inheritdoc />
    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var digest = default(FuzzDigest);
        Span<byte> written = stackalloc byte[Varint.MaxLength];
        for (var rest = input; !rest.IsEmpty;)
        {
            var status = Varint.TryRead(rest, out var value, out var read, out var failure);
            if (status != DecodeStatus.Done)
            {
                Require.That(value == 0 && read == 0, "a number that is not there has a value");
                return FuzzOutcome.Refused(failure);
            }

            var length = Varint.Write(written, value);
            Require.Same(rest[..read], written[..length], "the number is written otherwise than it was read");
            digest.Add(value);
            rest = rest[read..];
        }

        return FuzzOutcome.Taken(digest);
    }
}
