using System.Diagnostics;

namespace NatActors.Lab.Kernel;

/// <summary>Runs iproute2's <c>ip</c> and nftables' <c>nft</c>, many commands in one process each.</summary>
internal static class Tool
{
    // Debian keeps both in /usr/sbin, which is not on an ordinary user's PATH.
    private static readonly string[] Folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

    /// <summary>The full path of a tool, or null where it is not installed.</summary>
    internal static string? Find(string name) =>
        Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs commands of <c>ip -batch</c>, in the namespace where one is named.</summary>
    /// <param name="netns">Namespace name, or null for the caller's own.</param>
    /// <param name="commands">One command a line, without the word <c>ip</c>; a leading <c>-6</c> is allowed.</param>
    /// <param name="force">True to go on after a failing line and to report none (clean-up).</param>
    /// <exception cref="LabException">A command failed.</exception>
    internal static void Ip(string? netns, IEnumerable<string> commands, bool force = false)
    {
        var batch = string.Join('\n', commands) + "\n";
        string[] scope = netns is null ? [] : ["-n", netns];
        string[] arguments = force ? [.. scope, "-force", "-batch", "-"] : [.. scope, "-batch", "-"];
        Run("ip", arguments, batch, force);
    }

    /// <summary>Loads a rule set into a namespace, as one transaction.</summary>
    /// <exception cref="LabException">nft refused it.</exception>
    internal static void Nft(string netns, string rules) =>
        Run("ip", ["netns", "exec", netns, Find("nft") ?? "nft", "-f", "-"], rules, false);

    /// <summary>Runs a tool to its end and returns what it printed.</summary>
    /// <exception cref="LabException">It is missing, or it failed and <paramref name="force"/> is false.</exception>
    internal static string Run(string name, IEnumerable<string> arguments, string? input, bool force)
    {
        var start = new ProcessStartInfo(Find(name) ?? throw new LabException($"{name} is not installed"))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new LabException($"{name} did not start");
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The tool ended before it read everything: its exit code and its words say why.
        }

        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0 && !force)
        {
            throw new LabException($"{name} {string.Join(' ', start.ArgumentList)} failed ({process.ExitCode}): {errors.Result.Trim()}");
        }

        return output;
    }
}
