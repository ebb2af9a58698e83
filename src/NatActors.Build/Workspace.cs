using System.Xml.Linq;

namespace NatActors.Build;

/// <summary>A test project and what its csproj says about running it.</summary>
/// <param name="Name">The project and assembly name.</param>
/// <param name="Path">The csproj.</param>
/// <param name="EmbeddedOnly">Left out with the Akka packages.</param>
/// <param name="RunsAlone">Uses the machine's network or measures time: no other test project beside it.</param>
internal sealed record TestProject(string Name, string Path, bool EmbeddedOnly, bool RunsAlone);

/// <summary>Where things stand in the repository.</summary>
internal sealed class Workspace(string root)
{
    private const string SolutionName = "NatActors.sln";

    public string Root { get; } = root;

    public string Solution => Path.Combine(Root, SolutionName);

    public string Interop => Path.Combine(Root, "tests", "interop");

    public static Workspace Find(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, SolutionName)))
            {
                return new Workspace(folder.FullName);
            }
        }

        throw new BuildException($"no {SolutionName} above {start}", ExitCodes.Usage);
    }

    public string Artifacts(ActorRuntime runtime) => Path.Combine(Root, "artifacts", runtime.ToString().ToLowerInvariant());

    public string Assembly(ActorRuntime runtime, string project, string assembly, string configuration) =>
        Path.Combine(Artifacts(runtime), "bin", project, configuration.ToLowerInvariant(), assembly + ".dll");

    public string TestResults(ActorRuntime runtime) => Path.Combine(Artifacts(runtime), "test-results");

    /// <summary>All projects under tests that say IsTestProject, by name.</summary>
    public IReadOnlyList<TestProject> TestProjects() =>
        Directory.EnumerateFiles(Path.Combine(Root, "tests"), "*.csproj", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 })
            .OrderBy(path => path, StringComparer.Ordinal)
            .Select(path => (Path: path, Project: XDocument.Load(path)))
            .Where(found => Says(found.Project, "IsTestProject"))
            .Select(found => new TestProject(
                Path.GetFileNameWithoutExtension(found.Path), found.Path, Says(found.Project, "EmbeddedOnly"), Says(found.Project, "RunsAlone")))
            .ToList();

    private static bool Says(XDocument project, string property) =>
        project.Descendants(property).Any(element => string.Equals(element.Value.Trim(), "true", StringComparison.OrdinalIgnoreCase));
}
