using System.Text.Json.Nodes;
using NatActors.Benchmarks.Suite;

namespace NatActors.Benchmarks.Tests;

public class ReportTests
{
    private static readonly Machine Here = new(2, "a processor with a name", "Linux", ".NET 10", "Akka.Embedded", "abc1234", "Release");

    private static readonly Figure Reached = new("one.up", "one stream, upload", "MiB/s", new Series(700, 650, 750))
    {
        Goal = Goal.RatioAtLeast(0.6),
        Beside = [new Yardstick("bare socket", 1000), Yardstick.Elsewhere("go-libp2p", 350)],
    };

    private static readonly Figure Missed =
        Figure.Counted("one.idle", "bytes of an idle connection", "KiB", 40) with { Goal = Goal.AtMost(32), Note = "with 2,000 connections" };

    private static readonly Figure Absent = Figure.NotMeasured("two.lab", "relayed to direct", "RTT", "there is no laboratory here");

    private static Report Whole => new(
        Here,
        new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        new SuiteOptions(),
        [
            new Result("one", "what one measures", [Reached, Missed], null, 1.5),
            new Result("two", "what two measures", [Absent], null, 0.5),
            new Result("three", "what three measures", [], "it broke", 0.1),
        ]);

    [Fact]
    public void A_line_shows_value_range_goal_yardstick_and_ratio()
    {
        var line = Table.Single(one => one.Contains("one stream, upload", StringComparison.Ordinal));
        foreach (var part in new[] { "700 MiB/s", "[650..750]", ">= 0.6x", "bare socket 1,000", "0.70", "ok" })
        {
            Assert.Contains(part, line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_further_yardstick_has_a_line_and_a_mark_where_it_is_from_elsewhere()
    {
        Assert.Contains(Table, line => line.Contains("go-libp2p* 350", StringComparison.Ordinal) && line.EndsWith("2.00", StringComparison.Ordinal));
        Assert.Contains(Table, line => line.StartsWith("* not measured in this run", StringComparison.Ordinal));
    }

    [Fact]
    public void Misses_gaps_and_failures_are_marked()
    {
        Assert.EndsWith("MISS", Table.Single(line => line.Contains("bytes of an idle", StringComparison.Ordinal) && !line.Contains(':')));
        Assert.EndsWith("n/a", Table.Single(line => line.Contains("relayed to direct", StringComparison.Ordinal) && !line.Contains(':')));
        Assert.Contains("  FAILED: it broke", Table);
        Assert.Equal("1 of 2 goals reached; missed: one.idle; not measured: two.lab; failed: three", Whole.Verdict);
    }

    [Fact]
    public void Notes_stand_below() => Assert.Contains("  bytes of an idle connection: with 2,000 connections", Table);

    [Fact]
    public void No_line_is_wider_than_the_terminal()
    {
        var widest = new Figure("id", new string('w', 36), "unit/unit", new Series(123456, 999999.4))
        {
            Goal = Goal.RatioAtLeast(1234.5),
            Beside = [new Yardstick("the bare socket", 888888)],
            Note = string.Join(' ', Enumerable.Repeat("words", 60)),
        };
        var report = Whole with { Results = [new Result("one", string.Join(' ', Enumerable.Repeat("words", 60)), [widest], null, 1)] };
        Assert.All(FigureTable.Lines(report).Skip(1), line => Assert.True(line.Length <= FigureTable.Width, line));
    }

    [Fact]
    public void Markdown_has_a_row_for_each_figure_with_as_many_cells_as_the_head()
    {
        var rows = MarkdownTable.Lines(Whole).Where(line => line.StartsWith('|')).ToList();
        Assert.Equal(2 + 3 + 3, rows.Count);
        Assert.All(rows, row => Assert.Equal(8, row.Count(letter => letter == '|')));
        Assert.Contains("| one stream, upload | 700 MiB/s | 650..750 | >= 0.6x | bare socket 1,000<br>go-libp2p* 350 | 0.70<br>2.00 | ok |", rows);
        Assert.Contains(rows, row => row.Contains("**miss**", StringComparison.Ordinal));
    }

    [Fact]
    public void The_document_has_every_value_and_says_how_it_stands()
    {
        var document = JsonNode.Parse(JsonReport.Write(Whole))!;
        Assert.Equal("a processor with a name", document["machine"]!["processor"]!.GetValue<string>());
        var figures = document["benchmarks"]!.AsArray().SelectMany(one => one!["figures"]!.AsArray()).ToList();
        Assert.Equal(["pass", "miss", "notMeasured"], figures.Select(figure => figure!["outcome"]!.GetValue<string>()));
        Assert.Equal([700, 650, 750], figures[0]!["rounds"]!.AsArray().Select(value => value!.GetValue<double>()));
        Assert.Equal(0.7, figures[0]!["ratio"]!.GetValue<double>(), 9);
        Assert.Equal((700, "MiB/s"), (figures[0]!["value"]!.GetValue<double>(), figures[0]!["unit"]!.GetValue<string>()));
        Assert.Null(figures[2]!["value"]);
        Assert.Equal("it broke", document["benchmarks"]![2]!["failure"]!.GetValue<string>());
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.0523, "0.052")]
    [InlineData(0.00012, "0.00012")]
    [InlineData(5.256, "5.26")]
    [InlineData(36.66, "36.7")]
    [InlineData(1050.4, "1,050")]
    [InlineData(158_400, "158k")]
    [InlineData(22_840_000, "22.84M")]
    public void Numbers_have_three_digits_that_count(double value, string expected) => Assert.Equal(expected, Format.Number(value));

    [Fact]
    public void Results_in_a_readme_are_replaced_and_the_rest_stays()
    {
        var before = $"above\n\n{ReadmeResults.Begin}\n\nold\n\n{ReadmeResults.End}\n\nbelow\n";
        var after = ReadmeResults.Replace(before, ["new", "lines"])!;
        Assert.Equal(before.Replace("old", "new\nlines", StringComparison.Ordinal), after);
        Assert.Equal(after, ReadmeResults.Replace(after, ["new", "lines"]));
    }

    [Fact]
    public void A_readme_without_a_place_for_results_is_left_alone() =>
        Assert.Null(ReadmeResults.Replace($"{ReadmeResults.End} {ReadmeResults.Begin}", ["new"]));

    [Fact]
    public void The_readme_has_a_place_for_results_and_says_what_each_benchmark_measures()
    {
        var readme = File.ReadAllText(ReadmeResults.Find()!);
        Assert.NotNull(ReadmeResults.Replace(readme, []));
        Assert.All(Catalogue.All, one => Assert.Contains($"`{one.Verb}`", readme, StringComparison.Ordinal));
    }

    private static List<string> Table => [.. FigureTable.Lines(Whole)];
}
