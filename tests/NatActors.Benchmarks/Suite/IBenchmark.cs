namespace NatActors.Benchmarks.Suite;

/// <summary>A number that a benchmark can be given: how much, how many.</summary>
/// <param name="Name">As in <c>--set NAME=N</c>.</param>
/// <param name="What">Its meaning and unit.</param>
/// <param name="Full">By default.</param>
/// <param name="Quick">With <c>--quick</c>.</param>
internal sealed record Size(string Name, string What, long Full, long Quick);

/// <summary>What another process of this program does, by name; see <see cref="OtherProcess"/>.</summary>
/// <param name="Name">The same name means the same role in all benchmarks.</param>
/// <param name="Body">Talks with the process that started it; when it returns, or when that one goes, the process ends.</param>
internal sealed record Role(string Name, Func<RoleTalk, Task> Body);

/// <summary>One verb of the suite: measures and returns figures. Says nothing on standard output.</summary>
internal interface IBenchmark
{
    /// <summary>One lower-case word.</summary>
    string Verb { get; }

    /// <summary>What it measures, one line of 90 characters at most.</summary>
    string Summary { get; }

    /// <summary>False for what is run only by name.</summary>
    bool IsInDefaultSuite => true;

    /// <summary>What <c>--set</c> can change.</summary>
    IReadOnlyList<Size> Sizes => [];

    /// <summary>The other processes that it needs.</summary>
    IReadOnlyList<Role> Roles => [];

    /// <summary>Measures. What the machine cannot do is a figure that is not measured, with the reason; an exception is a failure.</summary>
    Task<IReadOnlyList<Figure>> RunAsync(BenchRun run);
}
