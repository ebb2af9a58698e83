using System.Text.Json.Nodes;
using NatActors.Benchmarks.Suite;

namespace NatActors.Benchmarks.Tests;

public sealed class SuiteProgramTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"natactors-bench-{Guid.NewGuid():N}", "figures.json");
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    private readonly FakeBenchmark _usual = new("usual", Figure.Counted("usual.a", "a", "s", 2) with { Goal = Goal.AtMost(1) })
    {
        Sizes = [new Size("usual.mib", "MiB", Full: 256, Quick: 32)],
    };

    private readonly FakeBenchmark _rare = new("rare", Figure.Counted("rare.a", "a", "s", 1)) { IsInDefaultSuite = false };

    private readonly FakeBenchmark _broken = new("broken") { Failure = new IOException("the cable is out") };

    [Fact]
    public async Task What_is_run_only_by_name_is_left_out_by_default_and_a_missed_goal_is_no_error()
    {
        Assert.Equal(SuiteProgram.Success, await RunAsync([_usual, _rare], "--json", _file));
        Assert.NotNull(_usual.Ran);
        Assert.Null(_rare.Ran);
        Assert.Contains("missed: usual.a", _output.ToString(), StringComparison.Ordinal);
        Assert.Equal("usual", JsonNode.Parse(File.ReadAllText(_file))!["benchmarks"]![0]!["verb"]!.GetValue<string>());
        Assert.Contains(_file, _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_fails_takes_no_other_along_and_is_an_error_in_the_end()
    {
        Assert.Equal(SuiteProgram.Failed, await RunAsync([_broken, _usual], "--json", _file));
        Assert.NotNull(_usual.Ran);
        Assert.Contains("FAILED: the cable is out", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 256)]
    [InlineData("--quick", 32)]
    [InlineData("--quick --set usual.mib=7", 7)]
    public async Task A_size_is_the_one_asked_for_or_that_of_the_kind_of_run(string words, long expected)
    {
        await RunAsync([_usual], ["--json", _file, .. words.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(expected, _usual.Ran!.Size("usual.mib"));
    }

    [Fact]
    public async Task The_first_round_warms_up()
    {
        await RunAsync([_usual], "--json", _file, "--rounds", "2");
        Assert.Equal([true, false, false], _usual.Ran!.Rounds().Select(round => round.IsWarmUp));
    }

    [Fact]
    public async Task A_wrong_word_measures_nothing_and_shows_the_usage()
    {
        Assert.Equal(SuiteProgram.Misused, await RunAsync([_usual], "unusual"));
        Assert.Null(_usual.Ran);
        Assert.Contains("usage:", _errors.ToString(), StringComparison.Ordinal);
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public async Task The_list_names_benchmarks_and_sizes()
    {
        Assert.Equal(SuiteProgram.Success, await RunAsync([_usual, _rare], "--list"));
        Assert.Null(_usual.Ran);
        foreach (var part in new[] { "usual ", "--set usual.mib=256", "rare ", "only by name" })
        {
            Assert.Contains(part, _output.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_catalogue_is_one_that_the_command_line_and_the_table_can_hold()
    {
        var all = Catalogue.All;
        Assert.Equal(all.Count, all.Select(one => one.Verb).Distinct().Count());
        var sizes = all.SelectMany(one => one.Sizes).Select(size => size.Name).ToList();
        Assert.Equal(sizes.Count, sizes.Distinct().Count());
        Assert.All(all, one => Assert.Matches("^[a-z]+$", one.Verb));
        Assert.All(all, one => Assert.InRange(one.Summary.Length, 10, 105));
        Assert.All(all.SelectMany(one => one.Sizes), size => Assert.True(size.Quick > 0 && size.Quick <= size.Full, size.Name));
    }

    public void Dispose()
    {
        if (Path.GetDirectoryName(_file) is { } folder && Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private Task<int> RunAsync(IReadOnlyList<IBenchmark> benchmarks, params string[] words) =>
        new SuiteProgram(benchmarks, _output, _errors).RunAsync(words);
}
