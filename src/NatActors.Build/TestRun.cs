using System.Diagnostics;
using System.Globalization;

namespace NatActors.Build;

/// <summary>What one test project did. A project that crashed, hung or left no results has one failure more than its results show.</summary>
internal sealed record ProjectResult(string Project, int Passed, IReadOnlyList<TestOutcome> Failures, IReadOnlyList<TestOutcome> Skips, TimeSpan Took);

/// <summary>Runs test projects that are already built: the quiet ones beside each other, the ones that need the machine to themselves afterwards.</summary>
internal sealed class TestRun(Workspace workspace, ActorRuntime runtime, bool slow)
{
    /// <summary>The plain test command has 15 minutes; two of them are left for compiling and the set-up.</summary>
    private static readonly TimeSpan PlainLimit = TimeSpan.FromMinutes(13);

    /// <summary>An hour of soak, half an hour of fuzzing, and as much again for a machine that is slow.</summary>
    private static readonly TimeSpan SlowLimit = TimeSpan.FromMinutes(150);

    /// <summary>No single test may be silent longer; the test host then names the one that hangs.</summary>
    private static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(3);

    /// <summary>The soak is one test and takes an hour.</summary>
    private static readonly TimeSpan SlowHangLimit = TimeSpan.FromMinutes(75);

    /// <summary>How long the soak takes by itself, in minutes; see tests/NatActors.Soak.Tests/README.md.</summary>
    private const string SoakMinutes = "NATACTORS_SOAK_MINUTES";

    private const double UsualSoakMinutes = 60;

    /// <summary>Where a test that takes minutes writes what is to be seen meanwhile; NatActors.Testing.Progress reads it.</summary>
    private const string ProgressFile = "NATACTORS_PROGRESS";

    /// <summary>The last lines of a crashed test host that are worth showing.</summary>
    private const int CrashLines = 40;

    private readonly long _started = Stopwatch.GetTimestamp();

    public async Task<IReadOnlyList<ProjectResult>> RunAsync(IReadOnlyList<TestProject> projects)
    {
        var results = workspace.TestResults(runtime);
        if (Directory.Exists(results))
        {
            Directory.Delete(results, recursive: true);
        }

        Directory.CreateDirectory(results);
        var all = new List<ProjectResult>();
        using var slots = new SemaphoreSlim(Math.Clamp(Environment.ProcessorCount, 1, 4));
        all.AddRange(await Task.WhenAll(projects.Where(project => !project.RunsAlone).Select(project => InSlotAsync(slots, project))));
        foreach (var project in projects.Where(project => project.RunsAlone))
        {
            all.Add(await RunAsync(project));
        }

        return all;
    }

    private async Task<ProjectResult> InSlotAsync(SemaphoreSlim slots, TestProject project)
    {
        await slots.WaitAsync();
        try
        {
            return await RunAsync(project);
        }
        finally
        {
            slots.Release();
        }
    }

    private async Task<ProjectResult> RunAsync(TestProject project)
    {
        var started = Stopwatch.GetTimestamp();
        var left = (slow ? SlowLimit + LongerSoak : PlainLimit) - Stopwatch.GetElapsedTime(_started);
        if (left <= TimeSpan.Zero)
        {
            return Report(new ProjectResult(project.Name, 0, [new TestOutcome(project.Name, "not run: the time for all tests was over")], [], default));
        }

        var results = workspace.TestResults(runtime);
        var hang = slow ? SlowHangLimit + LongerSoak : HangLimit;
        var progress = Path.Combine(results, project.Name + ".progress");
        var environment = new Dictionary<string, string> { [ProgressFile] = progress };
        await using var shown = slow ? new ProgressTail(progress, Console.Out) : null;
        var command = await Shell.CaptureAsync(workspace.Root, left, environment, "dotnet", Arguments(project, results, hang));
        await File.WriteAllTextAsync(Path.Combine(results, project.Name + ".log"), command.Output);
        return Report(Judge(project, command, TrxReport.Read(Trx(results, project)), Stopwatch.GetElapsedTime(started)));
    }

    private IEnumerable<string> Arguments(TestProject project, string results, TimeSpan hang)
    {
        string[] filter = slow ? [] : ["--filter", "Category!=Slow"];
        return
        [
            "test", workspace.Assembly(runtime, project.Name, project.Name, Verbs.TestConfiguration),
            "--logger", $"trx;LogFileName={Path.GetFileName(Trx(results, project))}", "--results-directory", results,
            "--blame-hang", "--blame-hang-timeout", $"{(int)hang.TotalSeconds}s", "--blame-hang-dump-type", "none", .. filter,
        ];
    }

    /// <summary>Who asks for a soak of hours gets the time for it.</summary>
    private static TimeSpan LongerSoak =>
        double.TryParse(Environment.GetEnvironmentVariable(SoakMinutes), CultureInfo.InvariantCulture, out var minutes)
            ? TimeSpan.FromMinutes(Math.Max(0, minutes - UsualSoakMinutes))
            : TimeSpan.Zero;

    private static string Trx(string results, TestProject project) => Path.Combine(results, project.Name + ".trx");

    internal static ProjectResult Judge(TestProject project, CommandResult command, TrxReport? report, TimeSpan took)
    {
        var failures = new List<TestOutcome>(report?.Failures ?? []);
        if (command.TimedOut)
        {
            failures.Add(new TestOutcome(project.Name, "killed: the time for all tests was over\n" + Tail(command.Output)));
        }
        else if (report is null || (command.ExitCode != 0 && failures.Count == 0) || command.Output.Contains("Test Run Aborted", StringComparison.Ordinal))
        {
            failures.Add(new TestOutcome(project.Name, $"the test host crashed or hung (exit code {command.ExitCode})\n" + Tail(command.Output)));
        }

        return new ProjectResult(project.Name, report?.Passed ?? 0, failures, report?.Skips ?? [], took);
    }

    private static string Tail(string output) => string.Join('\n', output.Split('\n').TakeLast(CrashLines));

    private static ProjectResult Report(ProjectResult result)
    {
        var verdict = result switch
        {
            { Failures.Count: > 0 } => "FAILED",
            { Passed: 0, Skips.Count: 0 } => "empty",
            _ => "ok",
        };
        Console.WriteLine($"  {verdict,-6} {result.Project} ({result.Passed} passed, {result.Took.TotalSeconds:F1} s)");
        return result;
    }
}
