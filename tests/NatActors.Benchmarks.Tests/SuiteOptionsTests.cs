using NatActors.Benchmarks.Suite;

namespace NatActors.Benchmarks.Tests;

public class SuiteOptionsTests
{
    private static readonly IBenchmark[] Known =
        [new FakeBenchmark("first") { Sizes = [new Size("first.mib", "MiB", 256, 32)] }, new FakeBenchmark("second")];

    [Fact]
    public void Without_words_the_default_suite_runs_seven_rounds()
    {
        var options = Parse("");
        Assert.Null(options.Mistake);
        Assert.Empty(options.Verbs);
        Assert.Equal((7, false, null), (options.Rounds, options.Quick, options.JsonFile));
    }

    [Fact]
    public void Benchmarks_and_options_may_stand_in_any_order()
    {
        var options = Parse("second --rounds 5 first --markdown --json out.json --set first.mib=8 --no-js");
        Assert.Equal(["second", "first"], options.Verbs);
        Assert.Equal((5, true, "out.json", true), (options.Rounds, options.Markdown, options.JsonFile, options.WithoutJs));
        Assert.Equal(8, options.Sizes["first.mib"]);
    }

    [Theory]
    [InlineData("--quick", 3)]
    [InlineData("--quick --rounds 9", 9)]
    [InlineData("--rounds 9 --quick", 9)]
    public void A_quick_run_has_three_rounds_unless_told_otherwise(string words, int expected) => Assert.Equal(expected, Parse(words).Rounds);

    [Theory]
    [InlineData("third", "no benchmark 'third'")]
    [InlineData("--what", "no option '--what'")]
    [InlineData("--rounds", "--rounds takes")]
    [InlineData("--rounds 0", "--rounds takes")]
    [InlineData("--rounds many", "--rounds takes")]
    [InlineData("--rounds 99999999999", "--rounds takes")]
    [InlineData("--json", "--json takes")]
    [InlineData("--json --quick", "--json takes")]
    [InlineData("--set first.mib", "--set takes")]
    [InlineData("--set first.mib=0", "--set takes")]
    [InlineData("--set nothing=1", "--set takes")]
    public void A_mistake_is_named(string words, string expected) => Assert.Contains(expected, Parse(words).Mistake, StringComparison.Ordinal);

    [Fact]
    public void Help_wins_over_everything() => Assert.True(Parse("first --help --what").Help);

    private static SuiteOptions Parse(string words) => SuiteOptions.Parse(words.Split(' ', StringSplitOptions.RemoveEmptyEntries), Known);
}
