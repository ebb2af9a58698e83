using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NatActors.Fuzz.Coverage;
using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Running;

/// <summary>Does a job, inside a load context of its own: jobs and reports pass its border as JSON.</summary>
public static class Worker
{
    /// <summary>Nothing here takes even a second for one input; only code that is not counted can hang.</summary>
    private static readonly TimeSpan HangLimit = TimeSpan.FromSeconds(60);

    /// <summary>The exit code of a run that found something.</summary>
    public const int FoundSomething = 1;

    private static byte[]? _current;
    private static byte[]? _lastSeen;
    private static string _entry = string.Empty;

    /// <summary>Runs a job in a new context of instrumented code, which may be used by one thread at a time.</summary>
    /// <param name="entriesAssembly">The assembly of the entries, when it is not this program; it is instrumented too.</param>
    /// <returns>Runs a job; the function is told a line for each entry that is done.</returns>
    public static Func<FuzzJob, Action<string>, IReadOnlyList<EntryReport>> Load(string? entriesAssembly)
    {
        var context = new InstrumentedContext(InstrumentedCopy.Ensure(entriesAssembly));
        var worker = context.LoadFromAssemblyName(typeof(Worker).Assembly.GetName()).GetType(typeof(Worker).FullName!)!;
        var run = worker.GetMethod(nameof(RunJson))!.CreateDelegate<Func<string, Action<string>, string>>();
        return (job, print) => JsonSerializer.Deserialize<List<EntryReport>>(run(JsonSerializer.Serialize(job), print))!;
    }

    /// <summary>The border: a <see cref="FuzzJob"/> in, a list of <see cref="EntryReport"/> out.</summary>
    public static string RunJson(string job, Action<string> print) =>
        JsonSerializer.Serialize(Run(JsonSerializer.Deserialize<FuzzJob>(job)!, print));

    /// <summary>Runs a job right here, whether instrumented or not.</summary>
    public static IReadOnlyList<EntryReport> Run(FuzzJob job, Action<string> print)
    {
        var entries = (job.EntriesAssembly is { } name ? EntryCatalog.In(Assembly.Load(name)) : EntryCatalog.All)
            .ToDictionary(entry => entry.Name);
        using var watchdog = new Timer(_ => Watch(job, print), null, HangLimit, HangLimit);
        var reports = new List<EntryReport>();
        foreach (var (entry, count) in job.Entries.Zip(job.Counts))
        {
            _entry = entry;
            reports.Add(RunOne(entries[entry], count, job, print));
            print(Line(reports[^1]));
        }

        return reports;
    }

    private static EntryReport RunOne(FuzzEntry entry, long count, FuzzJob job, Action<string> print)
    {
        var campaign = new Campaign(entry, job.Seed, input => _current = input);
        var corpus = new CorpusFolder(job.Corpus);
        if (job.Replay is { } file)
        {
            campaign.Replay(CorpusFolder.ReadFile(file));
        }
        else
        {
            campaign.Replay(corpus.Read(entry.Name));
            campaign.Run(count, job.TimeEach);
        }

        var told = campaign.Failures.Select(failure => Tell(entry, campaign, failure, job)).ToList();
        told.ForEach(print);
        if (job.Minimize)
        {
            corpus.WriteFound(entry.Name, campaign.Minimized(corpus.Read(entry.Name, CorpusFolder.Found), job.KeepBytes));
        }

        return campaign.Report(told);
    }

    private static string Tell(FuzzEntry entry, Campaign campaign, FuzzFailure failure, FuzzJob job)
    {
        var small = campaign.Shrink(failure);
        var path = Save(job, entry.Name, small);
        var text = new StringBuilder()
            .AppendLine(null, $"FAILED {entry.Name} (seed {job.Seed}, {failure.Kind}): {failure.Message}")
            .AppendLine(null, $"  input:  {Convert.ToHexStringLower(failure.Input)}")
            .AppendLine(null, $"  shrunk: {Convert.ToHexStringLower(small)}")
            .AppendLine(null, $"  saved:  {path} (run it again: --entry {entry.Name} --replay {path})")
            .Append(entry.Describe(small));
        return text.ToString().TrimEnd();
    }

    private static string Save(FuzzJob job, string entry, byte[] input)
    {
        var name = $"{entry}-{Convert.ToHexStringLower(SHA256.HashData(input).AsSpan(0, 4))}.hex";
        var path = Path.Combine(Directory.CreateDirectory(job.Failures).FullName, name);
        File.WriteAllText(path, Convert.ToHexStringLower(input) + "\n");
        return path;
    }

    private static string Line(EntryReport report)
    {
        var rate = report.Inputs / Math.Max(report.Seconds, 0.001);
        var valid = 100.0 * report.Accepted / Math.Max(1, report.Inputs);
        var ran = $"{report.Name,-31}{report.Inputs,10:N0} inputs{rate,9:N0}/s  valid {valid,3:F0} %{report.Found,5} new";
        var used = $"{report.Edges.Count / 2,6} edges  memory {100 * report.Memory,3:F0} %  work {100 * report.Work,3:F0} %";
        return ran + used + (report.Failures.Count > 0 ? $"  FAILED {report.Failures.Count}" : string.Empty);
    }

    private static void Watch(FuzzJob job, Action<string> print)
    {
        if (_current is not null && ReferenceEquals(_current, _lastSeen))
        {
            print($"FAILED {_entry} (seed {job.Seed}): hangs. Saved: {Save(job, _entry, _current)}");
            Environment.Exit(FoundSomething);
        }

        _lastSeen = _current;
    }
}
