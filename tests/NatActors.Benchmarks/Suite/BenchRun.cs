namespace NatActors.Benchmarks.Suite;

/// <summary>What a benchmark is given: how many rounds, how large, and a place to say what it is doing.</summary>
internal sealed class BenchRun(IBenchmark benchmark, SuiteOptions options, TextWriter progress)
{
    /// <summary>The first round of each measurement is not counted: code is compiled, windows grow, pools fill.</summary>
    private const int WarmUps = 1;

    /// <summary>Counted rounds.</summary>
    public int Count => options.Rounds;

    /// <summary>Whether a short, less exact run is wanted.</summary>
    public bool Quick => options.Quick;

    /// <summary>Whether the js peers are left out.</summary>
    public bool WithoutJs => options.WithoutJs;

    /// <summary>The rounds to measure, the warm-up first.</summary>
    public IEnumerable<Round> Rounds()
    {
        for (var number = 0; number < WarmUps + Count; number++)
        {
            yield return new Round(number, number < WarmUps);
        }
    }

    /// <summary>The value of one of the benchmark's <see cref="IBenchmark.Sizes"/> in this run.</summary>
    public long Size(string name)
    {
        var size = benchmark.Sizes.Single(one => one.Name == name);
        return options.Sizes.TryGetValue(name, out var set) ? set : Quick ? size.Quick : size.Full;
    }

    /// <summary>Tells the user what is going on, on standard error.</summary>
    public void Say(string what) => progress.WriteLine($"{benchmark.Verb}: {what}");
}
