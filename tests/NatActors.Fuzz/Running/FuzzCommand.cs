using System.Diagnostics;
using System.Reflection;
using NatActors.Fuzz.Coverage;
using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Running;

/// <summary>The command: splits the entries among workers and adds up what they report.</summary>
public static class FuzzCommand
{
    private const int Good = 0;
    private const int WrongUsage = 2;

    /// <summary>However dear, an entry gets some inputs in a run bounded by count.</summary>
    private const long FewestInputs = 20;

    /// <summary>Runs; the exit code is the one that the usage text tells.</summary>
    public static int Run(IReadOnlyList<string> args, TextWriter output)
    {
        var command = CommandLine.TryParse(args, out var error);
        if (command is null || command.Help)
        {
            output.WriteLine(error ?? CommandLine.Usage);
            return command is null ? WrongUsage : Good;
        }

        if (Unreadable(command) is { } mistake)
        {
            output.WriteLine(mistake);
            return WrongUsage;
        }

        var all = command.Assembly is { } name ? EntryCatalog.In(Assembly.Load(name)) : EntryCatalog.All;
        var chosen = all.Where(entry => command.Entries.Count == 0
            || command.Entries.Any(start => entry.Name.StartsWith(start, StringComparison.Ordinal))).ToList();
        if (chosen.Count == 0 || (command.Replay is not null && chosen.Count != 1))
        {
            output.WriteLine(chosen.Count == 0 ? $"No entry's name begins with {string.Join(" or ", command.Entries)}; --list names them."
                : "--replay is for one entry; name it with --entry.");
            return WrongUsage;
        }

        if (command.List)
        {
            chosen.ForEach(entry => output.WriteLine($"{entry.Name,-32}{entry.Shape}, cost {entry.Cost}"));
            return Good;
        }

        return Summarize(command, RunJobs(command, chosen, output), output);
    }

    /// <summary>
    /// How many inputs each entry gets of a number for all: less where an input costs more, by the root of its cost. So the dear ones get
    /// more of the time and the cheap ones more inputs.
    /// </summary>
    public static IReadOnlyList<long> Split(long count, IReadOnlyList<FuzzEntry> entries)
    {
        var shares = entries.Select(entry => 1.0 / Math.Sqrt(entry.Cost)).ToList();
        var sum = shares.Sum();
        return [.. shares.Select(share => count == long.MaxValue ? count
            : Math.Max(FewestInputs, (long)Math.Ceiling(count * share / sum)))];
    }

    /// <summary>What is wrong with the files that the arguments name; null when nothing is.</summary>
    private static string? Unreadable(CommandLine command)
    {
        if (command.Replay is { } file)
        {
            try
            {
                _ = CorpusFolder.ReadFile(file).Count();
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or FormatException)
            {
                return $"--replay {file}: {unreadable.Message}";
            }
        }

        return command.Corpus == CorpusFolder.Shipped || command.Minimize || Directory.Exists(command.Corpus)
            ? null
            : $"--corpus {command.Corpus}: there is no such folder.";
    }

    private static List<EntryReport> RunJobs(CommandLine command, List<FuzzEntry> entries, TextWriter output)
    {
        var counts = Split(command.Count, entries);
        var jobs = Math.Min(command.Jobs, entries.Count);
        var lines = TextWriter.Synchronized(output);
        var reports = new List<EntryReport>[jobs];
        var threads = Enumerable.Range(0, jobs).Select(job => new Thread(() =>
        {
            var mine = Enumerable.Range(0, entries.Count).Where(index => index % jobs == job).ToList();
            reports[job] = [.. Worker.Load(command.Assembly)(
                new FuzzJob
                {
                    Entries = [.. mine.Select(index => entries[index].Name)],
                    Counts = [.. mine.Select(index => counts[index])],
                    Seed = command.Seed,
                    TimeEach = command.Time / mine.Count,
                    Corpus = command.Corpus,
                    Failures = command.Failures,
                    EntriesAssembly = command.Assembly,
                    Minimize = command.Minimize,
                    KeepBytes = command.KeepBytes,
                    Replay = command.Replay,
                },
                lines.WriteLine)];
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        return [.. reports.SelectMany(list => list)];
    }

    private static int Summarize(CommandLine command, List<EntryReport> reports, TextWriter output)
    {
        var methods = InstrumentedCopy.Blocks(InstrumentedCopy.Ensure(command.Assembly));
        foreach (var line in CoverageReport.Lines(reports, methods, command.Uncovered))
        {
            output.WriteLine(line);
        }

        var failures = reports.Sum(report => report.Failures.Count);
        var inputs = reports.Sum(report => report.Inputs);
        output.WriteLine($"{inputs:N0} inputs to {reports.Count} entries, seed {command.Seed}, {failures} failures");
        return failures == 0 ? Good : Worker.FoundSomething;
    }
}

/// <summary>What was reached, by assembly.</summary>
public static class CoverageReport
{
    private static readonly string[] GeneratedMarks =
        ["/<", "<>z__", "<PrivateImplementationDetails>", ".Proto.", "IsExternalInit", "::PrintMembers(", "::op_", "::Deconstruct(",
        "::Equals(System.Object)", "::GetHashCode()", "::ToString()", "::get_EqualityContract("];

    /// <summary>A line for each assembly, and if asked for one for each method that was not reached.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<EntryReport> reports, IReadOnlyList<InstrumentedMethod> methods, bool uncovered)
    {
        var edges = new Dictionary<int, int>();
        foreach (var pair in reports.SelectMany(report => report.Edges.Chunk(2)))
        {
            edges[pair[0]] = pair[1];
        }

        var blocks = edges.Values.ToHashSet();
        foreach (var assembly in methods.GroupBy(method => method.Assembly))
        {
            var (first, last) = (assembly.First().First, assembly.Last().First + assembly.Last().Count);
            var reached = blocks.Count(block => block >= first && block < last);
            var ways = edges.Values.Count(block => block >= first && block < last);
            if (ways == 0)
            {
                continue;
            }

            yield return $"{assembly.Key}: {ways:N0} edges, {reached:N0} of {last - first:N0} blocks";
        }

        bool Reached(InstrumentedMethod method) => Enumerable.Range(method.First, method.Count).Any(blocks.Contains);
        var met = methods.Where(Reached).Select(method => method.Assembly).ToHashSet();
        var missed = uncovered ? methods.Where(method => met.Contains(method.Assembly) && !IsMadeByCompilers(method) && !Reached(method))
            : [];
        foreach (var method in missed)
        {
            yield return $"not reached: {method.Assembly}: {method.Method}";
        }
    }

    /// <summary>What records and generated messages bring along.</summary>
    private static bool IsMadeByCompilers(InstrumentedMethod method) =>
        GeneratedMarks.Any(mark => method.Method.Contains(mark, StringComparison.Ordinal));
}
