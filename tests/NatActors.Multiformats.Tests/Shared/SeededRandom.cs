namespace NatActors.Multiformats.Tests.Shared;

/// <summary>The same bytes for the same seed, on every machine.</summary>
public sealed class SeededRandom(int seed) : RandomSource
{
    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();

    public override void Fill(Span<byte> buffer)
    {
        lock (_lock)
        {
            _random.NextBytes(buffer);
        }
    }
}
