using NatActors.Benchmarks.Suite;

namespace NatActors.Benchmarks.Tests;

/// <summary>A benchmark that measures nothing and says what it was told to.</summary>
internal sealed class FakeBenchmark(string verb, params Figure[] figures) : IBenchmark
{
    public string Verb => verb;

    public string Summary => "what a test needs";

    public bool IsInDefaultSuite { get; init; } = true;

    public IReadOnlyList<Size> Sizes { get; init; } = [];

    public Exception? Failure { get; init; }

    /// <summary>What the last run was given.</summary>
    public BenchRun? Ran { get; private set; }

    public Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        Ran = run;
        return Failure is null ? Task.FromResult<IReadOnlyList<Figure>>(figures) : throw Failure;
    }
}
