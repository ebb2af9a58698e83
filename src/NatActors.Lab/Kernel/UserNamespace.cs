using System.Globalization;

namespace NatActors.Lab.Kernel;

/// <summary>The way into the user namespace of a laboratory that a user without root keeps up.</summary>
internal static class UserNamespace
{
    /// <summary>The command to put before another one, so that it runs where a process lives; empty where that is here.</summary>
    internal static IReadOnlyList<string> Enter(int process)
    {
        var theirs = new FileInfo($"/proc/{process}/ns/user").LinkTarget;
        return theirs is null || theirs == new FileInfo("/proc/self/ns/user").LinkTarget
            ? []
            :
            [
                Tool.Find("nsenter") ?? "nsenter", "--target", process.ToString(CultureInfo.InvariantCulture),
                "--user", "--mount", "--net", "--preserve-credentials",
            ];
    }
}
