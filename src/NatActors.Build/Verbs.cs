namespace NatActors.Build;

/// <summary>What each verb does, step by step.</summary>
internal sealed class Verbs(Workspace workspace, CommandLine command)
{
    /// <summary>Tests run with the debug build: assertions on, names whole.</summary>
    public const string TestConfiguration = "Debug";

    /// <summary>What people run and what is measured is the optimised build.</summary>
    public const string RunConfiguration = "Release";

    /// <summary>A cold build of everything takes two minutes on two slow cores.</summary>
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(15);

    private readonly Setup _setup = new(workspace);

    public Task<int> RunAsync() => command.Verb switch
    {
        Verb.Build => BuildAsync(),
        Verb.Test => TestAsync(),
        Verb.Demo => DemoAsync(),
        Verb.Run => NatactorsAsync(command.Rest),
        Verb.Bench => BenchAsync(),
        _ => throw new BuildException($"no verb {command.Verb}", ExitCodes.Usage),
    };

    private async Task<int> BuildAsync()
    {
        await CompileAsync(workspace.Solution, TestConfiguration);
        return ExitCodes.Success;
    }

    private async Task<int> TestAsync()
    {
        var projects = Chosen();
        Complain([.. await _setup.SystemToolsAsync(), .. await _setup.InteropPeersAsync()]);
        foreach (var target in command.Rest.Count == 0 ? [workspace.Solution] : projects.Select(project => project.Path))
        {
            await CompileAsync(target, TestConfiguration);
        }

        Console.WriteLine($"build: testing {projects.Count} projects{(command.Slow ? ", slow tests too" : "")}");
        var results = await new TestRun(workspace, command.Runtime, command.Slow).RunAsync(projects);
        foreach (var line in Summary.Lines(results))
        {
            Console.WriteLine(line);
        }

        return Summary.Good(results, Setup.UnderCi) ? ExitCodes.Success : ExitCodes.Failed;
    }

    private async Task<int> DemoAsync()
    {
        Complain(await _setup.SystemToolsAsync());
        return await NatactorsAsync(["demo", .. command.Rest]);
    }

    private async Task<int> NatactorsAsync(IReadOnlyList<string> args)
    {
        await CompileAsync(Path.Combine(workspace.Root, "src", "NatActors.Cli", "NatActors.Cli.csproj"), RunConfiguration);
        var natactors = workspace.Assembly(command.Runtime, "NatActors.Cli", "natactors", RunConfiguration);
        return await Shell.ForegroundAsync(Environment.CurrentDirectory, "dotnet", [natactors, .. args]);
    }

    private async Task<int> BenchAsync()
    {
        Complain([.. await _setup.SystemToolsAsync(), .. await _setup.InteropPeersAsync()]);
        await CompileAsync(Path.Combine(workspace.Root, "tests", "NatActors.Benchmarks", "NatActors.Benchmarks.csproj"), RunConfiguration);
        var bench = workspace.Assembly(command.Runtime, "NatActors.Benchmarks", "NatActors.Benchmarks", RunConfiguration);
        return await Shell.ForegroundAsync(Environment.CurrentDirectory, "dotnet", [bench, .. command.Rest]);
    }

    private List<TestProject> Chosen()
    {
        var chosen = workspace.TestProjects()
            .Where(project => command.Runtime is ActorRuntime.Embedded || !project.EmbeddedOnly)
            .Where(project => command.Rest.Count == 0 || command.Rest.Any(word => project.Name.Contains(word, StringComparison.OrdinalIgnoreCase)))
            .ToList();
        return chosen.Count > 0 ? chosen : throw new BuildException("no test project has such a name", ExitCodes.Usage);
    }

    private async Task CompileAsync(string target, string configuration)
    {
        Console.Error.WriteLine($"build: compiling {Path.GetFileName(target)}, {configuration}");
        var result = await Shell.CaptureAsync(
            workspace.Root, BuildLimit, null, "dotnet", "build", target, "-m", "-v", "quiet", "--tl:off", "-clp:NoSummary",
            "-c", configuration, $"-p:ActorRuntime={command.Runtime}");
        if (!result.Ok)
        {
            Console.Error.WriteLine(result.Output);
            throw new BuildException(result.TimedOut ? "the compiler did not end" : "it does not compile: see above", ExitCodes.Failed);
        }
    }

    private static void Complain(IReadOnlyList<string> missing)
    {
        foreach (var line in missing)
        {
            Console.Error.WriteLine($"build: missing {line}");
        }

        if (missing.Count > 0 && Setup.UnderCi)
        {
            throw new BuildException("under CI nothing is skipped for a missing tool", ExitCodes.Usage);
        }
    }
}
