namespace NatActors.Fuzz.Engine;

/// <summary>A decoder that takes its bytes in pieces, during one input.</summary>
public interface IChunkReader
{
    /// <summary>The next bytes, at least one; what the decoder leaves unconsumed is for this method to offer again.</summary>
    void Take(ReadOnlySpan<byte> chunk);

    /// <summary>No more bytes come: what was it?</summary>
    FuzzOutcome End();
}

/// <summary>
/// A resumable decoder. The engine delivers each input whole and, now and then, byte by byte and cut at random places: the outcome must be
/// the same, within the same bounds.
/// </summary>
public abstract class ChunkedEntry : FuzzEntry
{
    /// <inheritdoc />
    public sealed override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var reader = Begin();
        if (!input.IsEmpty)
        {
            reader.Take(input);
        }

        return reader.End();
    }

    /// <summary>Feeds the input in pieces; a random generator cuts it, without one it comes byte by byte.</summary>
    public FuzzOutcome RunCut(ReadOnlySpan<byte> input, FuzzRandom? cuts)
    {
        var reader = Begin();
        for (var rest = input; !rest.IsEmpty;)
        {
            var length = cuts is null ? 1 : 1 + cuts.Below(cuts.OneIn(3) ? rest.Length : Math.Min(rest.Length, 8));
            reader.Take(rest[..length]);
            rest = rest[length..];
        }

        return reader.End();
    }

    /// <summary>A new decoder.</summary>
    protected abstract IChunkReader Begin();
}
