namespace NatActors.Multiformats;

/// <summary>
/// The one source of randomness of a node: keys, nonces, jitter and choices all come from it, so that a whole network can be replayed.
/// Implementations are safe to call from several threads.
/// </summary>
public abstract class RandomSource
{
    /// <summary>Fills the buffer with random bytes. Key material depends on it: outside tests it is the operating system's generator.</summary>
    public abstract void Fill(Span<byte> buffer);

    /// <summary>A uniform 64-bit number.</summary>
    public ulong NextUInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }

    /// <summary>A number from 0 (inclusive) to <paramref name="exclusiveMaximum"/> (exclusive, at least 1).</summary>
    public int NextInt(int exclusiveMaximum)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exclusiveMaximum, 1);
        return (int)(NextUInt64() % (uint)exclusiveMaximum);
    }

    /// <summary>A duration from zero (inclusive) to <paramref name="maximum"/> (exclusive); zero for a maximum of zero or less.</summary>
    public TimeSpan NextDelay(TimeSpan maximum) =>
        maximum <= TimeSpan.Zero ? TimeSpan.Zero : TimeSpan.FromTicks((long)(NextUInt64() % (ulong)maximum.Ticks));
}
