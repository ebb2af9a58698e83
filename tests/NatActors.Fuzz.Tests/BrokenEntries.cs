using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Tests;

/// <summary>An entry that is broken on purpose, on inputs that begin with a magic word which only the mutations can make.</summary>
public abstract class BrokenEntry : FuzzEntry
{
    public override InputShape Shape => InputShape.Bytes;

    public override FuzzBounds Bounds => new(AllocatedPerByte: 16, AllocatedConstant: 512, StepsPerByte: 16, StepsConstant: 256);

    public override int MaxLength => 64;

    public override IEnumerable<byte[]> Seeds() => [[1, 2, 3, 4, 5, 6, 7, 8]];

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        // One step after the other, so that coverage shows the way: by chance alone it is one input in four billion.
        if (input.Length > 3 && input[0] == 0xC0)
        {
            if (input[1] == 0xDE)
            {
                if (input[2] == 0xFA)
                {
                    if (input[3] == 0x11)
                    {
                        Break(input);
                    }
                }
            }
        }

        return new FuzzOutcome(true, 0);
    }

    protected abstract void Break(ReadOnlySpan<byte> input);
}

/// <summary>Throws.</summary>
public sealed class ThrowingEntry : BrokenEntry
{
    public override string Name => "broken.throws";

    protected override void Break(ReadOnlySpan<byte> input) => throw new InvalidOperationException("broken on purpose");
}

/// <summary>Fails an assertion.</summary>
public sealed class AssertingEntry : BrokenEntry
{
    public override string Name => "broken.asserts";

    protected override void Break(ReadOnlySpan<byte> input) => System.Diagnostics.Debug.Fail("broken on purpose");
}

/// <summary>Allocates what the input says.</summary>
public sealed class AllocatingEntry : BrokenEntry
{
    private byte[]? _kept;

    public override string Name => "broken.allocates";

    protected override void Break(ReadOnlySpan<byte> input)
    {
        _kept = new byte[4096];
        _kept[0] = input[0];
    }
}

/// <summary>Never ends.</summary>
public sealed class LoopingEntry : BrokenEntry
{
    public override string Name => "broken.loops";

    protected override void Break(ReadOnlySpan<byte> input)
    {
        for (var i = 0u; ; i++)
        {
            if (i == uint.MaxValue)
            {
                i = 0;
            }
        }
    }
}

/// <summary>Looks at each byte once for each byte before it.</summary>
public sealed class QuadraticEntry : BrokenEntry
{
    public override string Name => "broken.quadratic";

    public override FuzzOutcome Run(ReadOnlySpan<byte> input)
    {
        var sum = 0;
        for (var i = 0; i < input.Length; i++)
        {
            for (var j = 0; j < i; j++)
            {
                sum += input[j];
            }
        }

        return new FuzzOutcome(true, (ulong)sum);
    }

    protected override void Break(ReadOnlySpan<byte> input)
    {
    }
}

/// <summary>Gives something else each time.</summary>
public sealed class ForgetfulEntry : BrokenEntry
{
    private ulong _runs;

    public override string Name => "broken.forgetful";

    public override FuzzOutcome Run(ReadOnlySpan<byte> input) => new(true, _runs++);

    protected override void Break(ReadOnlySpan<byte> input)
    {
    }
}

/// <summary>Counts its chunks.</summary>
public sealed class ChunkDependentEntry : ChunkedEntry
{
    public override string Name => "broken.chunks";

    public override InputShape Shape => InputShape.Bytes;

    public override FuzzBounds Bounds => FuzzBounds.Decoder;

    public override IEnumerable<byte[]> Seeds() => [[1, 2, 3]];

    protected override IChunkReader Begin() => new Reader();

    private sealed class Reader : IChunkReader
    {
        private ulong _chunks;

        public void Take(ReadOnlySpan<byte> chunk) => _chunks++;

        public FuzzOutcome End() => new(true, _chunks);
    }
}

/// <summary>Nothing is wrong with it.</summary>
public sealed class SoundEntry : BrokenEntry
{
    public override string Name => "sound";

    protected override void Break(ReadOnlySpan<byte> input)
    {
    }
}
