namespace NatActors.Fuzz.Coverage;

/// <summary>More basic blocks were executed than the entry's bound allows by far; it would perhaps never have ended.</summary>
public sealed class EndlessWorkException() : Exception("The work went far beyond its bound and was cut off.");

/// <summary>
/// What instrumented code calls at the beginning of each basic block. One thread at a time: each worker loads a copy of everything into a
/// load context of its own and so has these fields for itself. An edge is a pair of blocks executed one after the other, as in AFL, hashed
/// into a map; its hits are counted in full, since their sum is the measure of work.
/// </summary>
public static class Trace
{
    /// <summary>Edges that can be told apart, about; a power of two.</summary>
    public const int MapSize = 1 << MapBits;

    private const int MapBits = 18;

    // Fibonacci hashing: the golden ratio of 32 bits spreads neighbouring block numbers.
    private const uint Multiplier = 0x9E3779B1;

    private static readonly int[] Counts = new int[MapSize];
    private static readonly int[] Touched = new int[MapSize];
    private static readonly int[] LastBlocks = new int[MapSize];
    private static int _touchedCount;
    private static uint _previous;
    private static long _limit = long.MaxValue;

    /// <summary>Basic blocks executed since <see cref="Begin"/>.</summary>
    public static long Steps { get; private set; }

    /// <summary>The edges hit since <see cref="Begin"/>, each once.</summary>
    public static ReadOnlySpan<int> Edges => Touched.AsSpan(0, _touchedCount);

    /// <summary>How often an edge was hit.</summary>
    public static int Hits(int edge) => Counts[edge];

    /// <summary>The block at the end of an edge.</summary>
    public static int BlockOf(int edge) => LastBlocks[edge];

    /// <summary>Forgets everything; more steps than the limit end in an <see cref="EndlessWorkException"/>.</summary>
    public static void Begin(long limit)
    {
        foreach (var edge in Edges)
        {
            Counts[edge] = 0;
        }

        _touchedCount = 0;
        _previous = 0;
        Steps = 0;
        _limit = limit;
    }

    /// <summary>Nothing more is limited.</summary>
    public static void End() => _limit = long.MaxValue;

    /// <summary>A basic block begins.</summary>
    public static void Hit(int block)
    {
        if (++Steps > _limit)
        {
            throw new EndlessWorkException();
        }

        var place = (uint)block * Multiplier;
        var edge = (int)((place ^ _previous) >> (32 - MapBits));
        _previous = place >> 1;
        if (Counts[edge]++ == 0)
        {
            Touched[_touchedCount++] = edge;
            LastBlocks[edge] = block;
        }
    }
}
