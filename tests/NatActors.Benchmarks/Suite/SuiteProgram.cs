using System.Diagnostics;

namespace NatActors.Benchmarks.Suite;

/// <summary>The command: runs what was asked for, prints the table, writes the JSON. A missed goal is no error: this is no test.</summary>
internal sealed class SuiteProgram(IReadOnlyList<IBenchmark> benchmarks, TextWriter output, TextWriter errors)
{
    public const int Success = 0;

    /// <summary>A benchmark could not be carried out.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Misused = 2;

    private const string Usage = """
        usage: ./build.sh bench [OPTION...] [BENCHMARK...]

        Measures this node beside js-libp2p and bare yardsticks on this machine; without BENCHMARK all of the default suite.
        The table goes to standard output, progress to standard error, every value to a JSON file.

          --list          the benchmarks, and the sizes that --set can change
          --rounds N      rounds of each measurement, their median counts (default 7; with --quick 3)
          --quick         small sizes, fewer rounds: to see that all works, not for figures
          --set NAME=N    another size
          --no-js         leave js-libp2p out
          --json FILE     where the JSON goes (default: a new file under artifacts, its name is printed)
          --markdown      print the table as markdown
          --readme        put that into tests/NatActors.Benchmarks/README.md, in place of the results there
          --help          this text

        ./build.sh bench profile BENCHMARK [SECONDS [WARMUP]] shows where its time goes.
        """;

    public async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        var options = SuiteOptions.Parse(args, benchmarks);
        if (options.Mistake is { } mistake)
        {
            errors.WriteLine($"bench: {mistake}");
            errors.WriteLine(Usage);
            return Misused;
        }

        if (options.Help || options.List)
        {
            output.WriteLine(options.Help ? Usage : List());
            return Success;
        }

        var report = await MeasureAsync(options);
        foreach (var line in options.Markdown ? MarkdownTable.Lines(report) : FigureTable.Lines(report))
        {
            output.WriteLine(line);
        }

        if (options.Readme)
        {
            await WriteReadmeAsync(report);
        }

        var file = options.JsonFile ?? DefaultFile(report.Started);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        await File.WriteAllTextAsync(file, JsonReport.Write(report));
        errors.WriteLine($"bench: {file}");
        return report.Results.Any(result => result.Failure is not null) ? Failed : Success;
    }

    private async Task WriteReadmeAsync(Report report)
    {
        if (ReadmeResults.Find() is { } readme
            && ReadmeResults.Replace(await File.ReadAllTextAsync(readme), MarkdownTable.Lines(report)) is { } text)
        {
            await File.WriteAllTextAsync(readme, text);
            errors.WriteLine($"bench: {readme}");
        }
        else
        {
            errors.WriteLine("bench: there is no readme here with a place for the results");
        }
    }

    private async Task<Report> MeasureAsync(SuiteOptions options)
    {
        var started = DateTimeOffset.UtcNow;
        var machine = Machine.Read();
        var results = new List<Result>();
        foreach (var benchmark in Chosen(options))
        {
            errors.WriteLine($"{benchmark.Verb}: {benchmark.Summary}");
            results.Add(await RunAsync(benchmark, options));
        }

        return new Report(machine, started, options, results);
    }

    private IEnumerable<IBenchmark> Chosen(SuiteOptions options) => options.Verbs.Count == 0
        ? benchmarks.Where(one => one.IsInDefaultSuite)
        : options.Verbs.Select(verb => benchmarks.Single(one => one.Verb == verb));

    private async Task<Result> RunAsync(IBenchmark benchmark, SuiteOptions options)
    {
        var watch = Stopwatch.StartNew();
        try
        {
            var figures = await benchmark.RunAsync(new BenchRun(benchmark, options, errors));
            return new Result(benchmark.Verb, benchmark.Summary, figures, null, watch.Elapsed.TotalSeconds);
        }
        catch (Exception thrown)
        {
            // One that fails must not take the others' figures along.
            errors.WriteLine($"{benchmark.Verb}: {thrown}");
            return new Result(benchmark.Verb, benchmark.Summary, [], thrown.Message, watch.Elapsed.TotalSeconds);
        }
    }

    private string List() => string.Join('\n', benchmarks.SelectMany(one => one.Sizes
        .Select(size => $"    --set {$"{size.Name}={size.Full}",-32}{size.What}; quick {size.Quick}")
        .Prepend($"{one.Verb,-14}{one.Summary}{(one.IsInDefaultSuite ? "" : " (only by name)")}")));

    private static string DefaultFile(DateTimeOffset started)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (folder.Name == "artifacts")
            {
                return Path.Combine(folder.FullName, "bench", $"{started:yyyyMMdd-HHmmss}.json");
            }
        }

        return Path.GetFullPath($"bench-{started:yyyyMMdd-HHmmss}.json");
    }
}
