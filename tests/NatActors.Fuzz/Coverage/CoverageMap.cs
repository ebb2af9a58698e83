namespace NatActors.Fuzz.Coverage;

/// <summary>All edges that an entry has seen, and how often at once, in AFL's classes of hit counts.</summary>
public sealed class CoverageMap
{
    private readonly byte[] _classes = new byte[Trace.MapSize];
    private readonly HashSet<int> _blocks = [];

    /// <summary>Edges seen.</summary>
    public int EdgeCount { get; private set; }

    /// <summary>The blocks seen.</summary>
    public IReadOnlyCollection<int> Blocks => _blocks;

    /// <summary>Edges, each as the block that it leads to.</summary>
    public Dictionary<int, int> EdgeBlocks { get; } = [];

    /// <summary>Adds what the last run hit; true when something of it is new.</summary>
    public bool AddLastRun()
    {
        var isNew = false;
        foreach (var edge in Trace.Edges)
        {
            var known = _classes[edge];
            var now = (byte)(known | ClassOf(Trace.Hits(edge)));
            if (now == known)
            {
                continue;
            }

            isNew = true;
            _classes[edge] = now;
            if (known == 0)
            {
                EdgeCount++;
                _blocks.Add(Trace.BlockOf(edge));
                EdgeBlocks[edge] = Trace.BlockOf(edge);
            }
        }

        return isNew;
    }

    // AFL's buckets: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128 and more.
    private static byte ClassOf(int hits) => hits switch
    {
        1 => 1,
        2 => 2,
        3 => 4,
        < 8 => 8,
        < 16 => 16,
        < 32 => 32,
        < 128 => 64,
        _ => 128,
    };
}
