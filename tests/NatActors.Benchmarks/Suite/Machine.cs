using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Akka.Actor;

namespace NatActors.Benchmarks.Suite;

/// <summary>What the figures were measured on and with.</summary>
/// <param name="Cores">Processors that this process may use.</param>
/// <param name="Processor">The model as the kernel names it.</param>
/// <param name="Kernel">The operating system and its kernel.</param>
/// <param name="DotNet">The runtime.</param>
/// <param name="ActorRuntime">The assembly of the actor runtime: Akka.Embedded, or Akka with its version.</param>
/// <param name="Commit">The commit built, with a plus where files differ from it; "unknown" outside a repository.</param>
/// <param name="Configuration">Release, or Debug, whose figures mean nothing.</param>
internal sealed record Machine(
    int Cores, string Processor, string Kernel, string DotNet, string ActorRuntime, string Commit, string Configuration)
{
    public static Machine Read() => new(
        Environment.ProcessorCount,
        ProcessorModel(),
        $"{RuntimeInformation.OSDescription}, kernel {Environment.OSVersion.Version}",
        RuntimeInformation.FrameworkDescription,
        DescribeRuntime(),
        BuiltFrom(),
        typeof(Machine).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()?.Configuration ?? "unknown");

    /// <summary>One line for people.</summary>
    public string Describe() => $"{Cores} cores ({Processor}), {Kernel}, {DotNet}, {ActorRuntime}, commit {Commit}, {Configuration}";

    private static string DescribeRuntime()
    {
        var name = typeof(ActorSystem).Assembly.GetName();
        return name.Name == "Akka" ? $"Akka {name.Version!.ToString(3)}" : name.Name!;
    }

    private static string ProcessorModel()
    {
        const string Model = "model name";
        const string Table = "/proc/cpuinfo";
        var line = File.Exists(Table) ? File.ReadLines(Table).FirstOrDefault(text => text.StartsWith(Model, StringComparison.Ordinal)) : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }

    private static string BuiltFrom()
    {
        var commit = Git("rev-parse", "--short", "HEAD");
        return commit is not { Length: > 0 } ? "unknown" : Git("status", "--porcelain", "-uno") is { Length: > 0 } ? $"{commit}+" : commit;
    }

    private static string? Git(params IEnumerable<string> arguments)
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", arguments)
            {
                WorkingDirectory = AppContext.BaseDirectory,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            var said = git.StandardOutput.ReadToEnd().Trim();
            git.WaitForExit();
            return git.ExitCode == 0 ? said : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // No git here.
            return null;
        }
    }
}
