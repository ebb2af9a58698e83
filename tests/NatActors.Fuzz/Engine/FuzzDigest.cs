using System.Numerics;

namespace NatActors.Fuzz.Engine;

/// <summary>A running 64-bit digest of what an entry observed. Not for security; allocates nothing.</summary>
public struct FuzzDigest
{
    // The multiplier of splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators").
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    private ulong _state;

    /// <summary>The digest so far.</summary>
    public readonly ulong Value => FuzzRandom.Mix(_state);

    /// <summary>Adds a number.</summary>
    public void Add(ulong value) => _state = (BitOperations.RotateLeft(_state, 23) ^ FuzzRandom.Mix(value)) * Multiplier + 1;

    /// <summary>Adds a number.</summary>
    public void Add(long value) => Add((ulong)value);

    /// <summary>Adds a number.</summary>
    public void Add(int value) => Add((ulong)value);

    /// <summary>Adds a truth value.</summary>
    public void Add(bool value) => Add(value ? 1UL : 0UL);

    /// <summary>Adds a duration.</summary>
    public void Add(TimeSpan value) => Add(value.Ticks);

    /// <summary>Adds a text; null differs from empty.</summary>
    public void Add(string? value)
    {
        Add(value?.Length ?? -1);
        foreach (var character in value ?? string.Empty)
        {
            Add((ulong)character);
        }
    }

    /// <summary>Adds bytes with their length.</summary>
    public void Add(ReadOnlySpan<byte> value)
    {
        Add(value.Length);
        AddStream(value);
    }

    /// <summary>Adds bytes without their length: however a stream is cut, the digest is the same.</summary>
    public void AddStream(ReadOnlySpan<byte> value)
    {
        foreach (var one in value)
        {
            Add((ulong)one);
        }
    }
}
