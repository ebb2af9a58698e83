namespace NatActors.Soak.Tests.Judging;

/// <summary>One look at the memory in a quiet state.</summary>
/// <param name="Steps">Steps done until then.</param>
/// <param name="Bytes">Bytes in use.</param>
public readonly record struct MemoryPoint(long Steps, long Bytes);

/// <summary>
/// Whether memory grows with what is done: the slope of a straight line through the points (least squares), in bytes a step. A leak of one
/// small object a step, of a dictionary's entry (some 50 bytes) or an actor (500 and more), shows as its size; noise, since it does not
/// depend on the steps, as next to nothing, and the less the longer the run.
/// </summary>
public static class HeapTrend
{
    /// <summary>Fewer points make no line: the plain run has these few and is judged by <see cref="MostGrowth"/> alone.</summary>
    public const int LeastPoints = 8;

    /// <summary>
    /// The steepest slope that passes. Below the smallest thing that can be left behind by each step (an object is at least 24 bytes, an
    /// entry for it in a dictionary as much again), and over 25,000 steps, which an hour has, 600 KiB: several times what pools and caches
    /// were seen to make the heap swing.
    /// </summary>
    public const double MostBytesAStep = 24;

    /// <summary>The most by which the last point may be above the first, whatever the number of points: pools that fill, code that is
    /// compiled.</summary>
    public const long MostGrowth = 8 << 20;

    /// <summary>
    /// By how much the resident memory of the last quarter of the points may be above that of the first: code that is compiled again for
    /// speed, stacks, what the allocator keeps. It swings too much for a slope.
    /// </summary>
    public const double MostResidentGrowth = 0.25;

    /// <summary>Bytes a step.</summary>
    public static double Slope(IReadOnlyList<MemoryPoint> points)
    {
        var (x, y) = (points.Average(p => (double)p.Steps), points.Average(p => (double)p.Bytes));
        var spread = points.Sum(p => (p.Steps - x) * (p.Steps - x));
        return spread == 0 ? 0 : points.Sum(p => (p.Steps - x) * (p.Bytes - y)) / spread;
    }

    /// <summary>What is wrong with the trend, or null.</summary>
    public static string? Judge(IReadOnlyList<MemoryPoint> points)
    {
        if (points.Count < 2)
        {
            return null;
        }

        var slope = Slope(points);
        var growth = points[^1].Bytes - points[0].Bytes;
        if (points.Count >= LeastPoints && slope > MostBytesAStep)
        {
            return $"the heap grows by {slope:F1} bytes a step (at most {MostBytesAStep}) over {points[^1].Steps - points[0].Steps} steps";
        }

        return growth > MostGrowth ? $"the heap has grown by {growth / 1024} KiB (at most {MostGrowth / 1024})" : null;
    }

    /// <summary>What is wrong with the resident memory, or null.</summary>
    public static string? JudgeResident(IReadOnlyList<long> bytes)
    {
        if (bytes.Count < LeastPoints)
        {
            return null;
        }

        var (first, last) = (bytes.Take(bytes.Count / 4).Average(), bytes.TakeLast(bytes.Count / 4).Average());
        return last > first * (1 + MostResidentGrowth)
            ? $"resident memory has grown from {first / 1024:F0} to {last / 1024:F0} KiB, by more than {MostResidentGrowth:P0}"
            : null;
    }
}
