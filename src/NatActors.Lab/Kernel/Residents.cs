using System.Globalization;

namespace NatActors.Lab.Kernel;

/// <summary>Processes that live in namespaces of a laboratory: nothing else ever does.</summary>
internal static class Residents
{
    private const int SigKill = 9;

    /// <summary>Kills whatever still lives in the namespaces; a living process would keep them, their names gone.</summary>
    internal static void Kill(IEnumerable<string> netnsNames)
    {
        var networks = netnsNames.Select(name => TryIdentify(name)).OfType<string>().ToHashSet();
        if (networks.Count == 0)
        {
            return;
        }

        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var process)
                && process != Environment.ProcessId && NetworkOf(folder) is { } network && networks.Contains(network))
            {
                _ = Native.SendSignal(process, SigKill);
            }
        }
    }

    private static string? TryIdentify(string name)
    {
        try
        {
            return new NetNamespace(name).Run(() => NetworkOf("/proc/thread-self"));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string? NetworkOf(string folder)
    {
        try
        {
            return new FileInfo(Path.Combine(folder, "ns/net")).LinkTarget;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
