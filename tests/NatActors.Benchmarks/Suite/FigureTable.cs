namespace NatActors.Benchmarks.Suite;

/// <summary>The table for a terminal, 120 columns wide. A figure takes a line, and one more for each further yardstick.</summary>
internal static class FigureTable
{
    public const int Width = 120;

    /// <summary>Behind a yardstick that was not measured in this run.</summary>
    public const string ElsewhereMark = "*";

    private const string Margin = "  ";

    public static IEnumerable<string> Lines(Report report)
    {
        yield return report.Machine.Describe();
        yield return $"{report.Started:yyyy-MM-dd HH:mm} UTC, medians of {report.Options.Rounds} rounds, their range in brackets"
            + $"{(report.Options.Quick ? "; a quick run, small sizes" : "")}";
        foreach (var result in report.Results)
        {
            yield return "";
            foreach (var line in Section(result))
            {
                yield return line;
            }
        }

        yield return "";
        if (report.Figures.SelectMany(figure => figure.Beside).Any(one => !one.Measured))
        {
            yield return $"{ElsewhereMark} not measured in this run: another machine or another day.";
        }

        foreach (var line in Wrapped(report.Verdict, ""))
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Section(Result result)
    {
        foreach (var line in Wrapped($"{result.Verb}: {result.Summary}", ""))
        {
            yield return line;
        }

        if (result.Failure is { } failure)
        {
            foreach (var line in Wrapped($"FAILED: {failure}", Margin))
            {
                yield return line;
            }

            yield break;
        }

        yield return Row("", "value", "", "", "goal", "beside", "ratio", "");
        foreach (var line in result.Figures.SelectMany(Rows))
        {
            yield return line;
        }

        foreach (var line in Notes(result.Figures).SelectMany(note => Wrapped(note, Margin)))
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Rows(Figure figure)
    {
        var measured = figure.Values.Count > 0;
        yield return Row(
            figure.What,
            measured ? Format.Number(figure.Value) : "-",
            figure.Unit,
            Range(figure),
            figure.Goal?.Text ?? "",
            figure.Beside.Count > 0 ? Beside(figure.Beside[0]) : "",
            figure.Beside.Count > 0 && measured ? Format.Ratio(figure.Value / figure.Beside[0].Value) : "",
            Mark(figure.Outcome));
        foreach (var yardstick in figure.Beside.Skip(1))
        {
            yield return Row("", "", "", "", "", Beside(yardstick), measured ? Format.Ratio(figure.Value / yardstick.Value) : "", "");
        }
    }

    /// <summary>The range of the rounds; nothing for a figure that was counted once.</summary>
    public static string Range(Figure figure) =>
        figure.Values.Count < 2 ? "" : $"[{Format.Number(figure.Values.Min)}..{Format.Number(figure.Values.Max)}]";

    public static string Beside(Yardstick yardstick) =>
        $"{yardstick.Name}{(yardstick.Measured ? "" : ElsewhereMark)} {Format.Number(yardstick.Value)}";

    public static string Mark(Outcome outcome) => outcome switch
    {
        Outcome.Pass => "ok",
        Outcome.Miss => "MISS",
        Outcome.NotMeasured => "n/a",
        _ => "",
    };

    /// <summary>What the figures' notes say, a note that several share once.</summary>
    public static IEnumerable<string> Notes(IEnumerable<Figure> figures) =>
        from figure in figures
        where figure.Note is not null
        group figure.What by figure.Note into same
        select $"{string.Join("; ", same)}: {same.Key}";

    private static string Row(
        string what, string value, string unit, string range, string goal, string beside, string ratio, string mark) =>
        $"{Margin}{what,-36}{value,10} {unit,-9}{range,-17}{goal,-9}{beside,-23}{ratio,7} {mark}".TrimEnd();

    private static IEnumerable<string> Wrapped(string text, string margin)
    {
        var line = margin;
        foreach (var word in text.Split(' '))
        {
            if (line.Length + word.Length >= Width && line.Length > margin.Length)
            {
                yield return line.TrimEnd();
                line = margin + Margin;
            }

            line += word + " ";
        }

        yield return line.TrimEnd();
    }
}
