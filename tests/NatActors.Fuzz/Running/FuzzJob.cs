namespace NatActors.Fuzz.Running;

/// <summary>What one worker is to do.</summary>
public sealed record FuzzJob
{
    /// <summary>The entries, by name.</summary>
    public required IReadOnlyList<string> Entries { get; init; }

    /// <summary>Inputs to make up for each entry, after its corpus was replayed.</summary>
    public required IReadOnlyList<long> Counts { get; init; }

    /// <summary>The seed of everything.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Time for each entry; null to be bounded by the counts alone.</summary>
    public TimeSpan? TimeEach { get; init; }

    /// <summary>Where the corpus is.</summary>
    public string Corpus { get; init; } = CorpusFolder.Shipped;

    /// <summary>Where failing inputs are saved.</summary>
    public required string Failures { get; init; }

    /// <summary>The assembly that holds the entries, when it is not this program.</summary>
    public string? EntriesAssembly { get; init; }

    /// <summary>Write back what was found, reduced to what adds coverage.</summary>
    public bool Minimize { get; init; }

    /// <summary>At most so many bytes of what was found are kept for an entry.</summary>
    public int KeepBytes { get; init; } = 5000;

    /// <summary>A single input to run instead of all others; a file of hex.</summary>
    public string? Replay { get; init; }
}

/// <summary>What came of one entry.</summary>
public sealed record EntryReport
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Inputs run, the corpus included.</summary>
    public required long Inputs { get; init; }

    /// <summary>How many were taken as valid.</summary>
    public required long Accepted { get; init; }

    /// <summary>Time taken.</summary>
    public required double Seconds { get; init; }

    /// <summary>Inputs made up that reached something new.</summary>
    public required int Found { get; init; }

    /// <summary>The edges reached: edge, and the block it leads to, in turn.</summary>
    public required IReadOnlyList<int> Edges { get; init; }

    /// <summary>The largest part of the allowed memory that was used; 1 is all of it.</summary>
    public required double Memory { get; init; }

    /// <summary>The largest part of the allowed steps that was used.</summary>
    public required double Work { get; init; }

    /// <summary>What failed, in words.</summary>
    public required IReadOnlyList<string> Failures { get; init; }
}
