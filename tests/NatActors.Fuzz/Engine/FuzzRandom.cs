using NatActors.Multiformats;

namespace NatActors.Fuzz.Engine;

/// <summary>The engine's own generator (splitmix64): cheap, and the same on every machine and runtime.</summary>
public sealed class FuzzRandom(ulong seed)
{
    private const ulong Increment = 0x9E3779B97F4A7C15;

    private ulong _state = seed;

    /// <summary>A uniform number.</summary>
    public ulong Next() => Mix(_state += Increment);

    /// <summary>A number below the bound, which is at least 1.</summary>
    public int Below(int bound) => (int)(Next() % (uint)bound);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    /// <summary>Starts again from another seed.</summary>
    public void Restart(ulong seed) => _state = seed;

    /// <summary>Fills with uniform bytes.</summary>
    public void Fill(Span<byte> buffer)
    {
        for (var i = 0; i < buffer.Length; i++)
        {
            buffer[i] = (byte)Next();
        }
    }

    /// <summary>The finalizer of splitmix64: a bijection that spreads each bit.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}

/// <summary>A <see cref="RandomSource"/> for machines under fuzzing: the same bytes for the same seed, for one thread.</summary>
public sealed class FuzzRandomSource(ulong seed) : RandomSource
{
    private readonly FuzzRandom _random = new(seed);

    /// <inheritdoc />
    public override void Fill(Span<byte> buffer) => _random.Fill(buffer);
}
