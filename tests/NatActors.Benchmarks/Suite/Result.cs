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

    /// <summary>The last line: how many goals were reached, and which figures are missing.</summary>
    public string Verdict
    {
        get
        {
            var goals = Names(Outcome.Pass).Count + Names(Outcome.Miss).Count;
            return $"{Names(Outcome.Pass).Count} of {goals} goals reached{List("missed", Names(Outcome.Miss))}"
                + List("not measured", Names(Outcome.NotMeasured))
                + List("failed", [.. Results.Where(result => result.Failure is not null).Select(result => result.Verb)]);
        }
    }

    private List<string> Names(Outcome outcome) => [.. Figures.Where(figure => figure.Outcome == outcome).Select(figure => figure.Id)];

    private static string List(string what, List<string> names) => names.Count == 0 ? "" : $"; {what}: {string.Join(", ", names)}";
}
