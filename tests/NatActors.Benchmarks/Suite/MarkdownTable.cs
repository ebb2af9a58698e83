namespace NatActors.Benchmarks.Suite;

/// <summary>The same table as markdown, for the results in the readme.</summary>
internal static class MarkdownTable
{
    public static IEnumerable<string> Lines(Report report)
    {
        yield return $"Measured {report.Started:yyyy-MM-dd} on {report.Machine.Cores} cores ({report.Machine.Processor}), {report.Machine.Kernel}, "
            + $"{report.Machine.DotNet}, actor runtime {report.Machine.ActorRuntime}, commit {report.Machine.Commit}; medians of "
            + $"{report.Options.Rounds} rounds and their range{(report.Options.Quick ? "; a quick run, small sizes" : "")}.";
        yield return "";
        yield return "| figure | median | range | goal | beside | ratio | |";
        yield return "| --- | ---: | --- | --- | --- | --- | --- |";
        foreach (var result in report.Results)
        {
            yield return $"| **{result.Verb}** {(result.Failure is null ? "" : $"failed: {Cell(result.Failure)}")} | | | | | | |";
            foreach (var figure in result.Figures)
            {
                yield return Row(figure);
            }
        }

        yield return "";
        yield return $"{report.Verdict}. {FigureTable.ElsewhereMark}: not measured in this run, but on another machine or another day.";
        foreach (var note in FigureTable.Notes(report.Figures))
        {
            yield return $"- {note}";
        }
    }

    private static string Row(Figure figure)
    {
        var measured = figure.Values.Count > 0;
        var beside = string.Join("<br>", figure.Beside.Select(FigureTable.Beside));
        var ratios = measured ? string.Join("<br>", figure.Beside.Select(one => Format.Ratio(figure.Value / one.Value))) : "";
        var mark = figure.Outcome == Outcome.Miss ? "**miss**" : FigureTable.Mark(figure.Outcome);
        return $"| {Cell(figure.What)} | {(measured ? Format.Number(figure.Value) : "-")} {figure.Unit} | {FigureTable.Range(figure).Trim('[', ']')} "
            + $"| {figure.Goal?.Text} | {beside} | {ratios} | {mark} |";
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
