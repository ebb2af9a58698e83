namespace NatActors.Benchmarks.Suite;

/// <summary>What one benchmark came to.</summary>
/// <param name="Verb">Its verb.</param>
/// <param name="Summary">What it measures.</param>
/// <param name="Figures">None if it failed.</param>
/// <param name="Failure">Why it failed, or null.</param>
/// <param name="Seconds">How long it took.</param>
internal sealed record Result(string Verb, string Summary, IReadOnlyList<Figure> Figures, string? Failure, double Seconds);

/// <summary>What one run of the suite came to.</summary>
internal sealed record Report(Machine Machine, DateTimeOffset Started, SuiteOptions Options, IReadOnlyList<Result> Results)
{
    public IEnumerable<Figure> Figures => Results.SelectMany(result => result.Figures);

    /// <summary>The last line: how many reached their goals.</summary>
    public string Verdict
    {
        get
        {
            var misses = Figures.Where(figure => figure.Outcome == Outcome.Miss).Select(figure => figure.Id).ToList();
            var failed = Results.Where(result => result.Failure is not null).Select(result => result.Verb).ToList();
            return $"{Count(Outcome.Pass)} goals reached, {misses.Count} missed{List(misses)}"
                + $"; {Count(Outcome.NotMeasured)} figures not measured{(failed.Count == 0 ? "" : $"; failed{List(failed)}")}";
        }
    }

    private int Count(Outcome outcome) => Figures.Count(figure => figure.Outcome == outcome);

    private static string List(List<string> names) => names.Count == 0 ? "" : $" ({string.Join(", ", names)})";
}
