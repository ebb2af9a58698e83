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
/// <param name="Name">Its name.</param>
/// <param name="Inputs">Inputs run, the corpus included.</param>
/// <param name="Accepted">How many were taken as valid.</param>
/// <param name="Seconds">Time taken.</param>
/// <param name="Pool">Seeds, corpus and what was found.</param>
/// <param name="Found">Inputs that reached something new.</param>
/// <param name="Edges">The edges reached: edge, and the block it leads to, in turn.</param>
/// <param name="Memory">The largest part of the allowed memory that was used; 1 is all of it.</param>
/// <param name="Work">The largest part of the allowed steps that was used.</param>
/// <param name="Failures">What failed, in words.</param>
public sealed record EntryReport(
    string Name,
    long Inputs,
    long Accepted,
    double Seconds,
    int Pool,
    int Found,
    IReadOnlyList<int> Edges,
    double Memory,
    double Work,
    IReadOnlyList<string> Failures);
