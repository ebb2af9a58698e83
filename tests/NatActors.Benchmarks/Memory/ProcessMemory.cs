using System.Globalization;

namespace NatActors.Benchmarks.Memory;

/// <summary>What this process holds, in bytes.</summary>
/// <param name="Managed">Objects alive on the garbage collector's heap, after a collection.</param>
/// <param name="Committed">What the collector has of the system for them.</param>
/// <param name="Resident">Pages of memory that are this process's alone (Private_Clean and Private_Dirty of smaps_rollup), shared libraries left out.</param>
/// <param name="Threads">Threads alive: each has a stack.</param>
internal sealed record ProcessMemory(long Managed, long Committed, long Resident, int Threads)
{
    private const int Kibibyte = 1024;

    /// <summary>
    /// As it stands after everything that is garbage has gone. Collections are forced until the finalizers have nothing more to free, and the
    /// collector is told to give back what it can: what is left is what the connections hold.
    /// </summary>
    public static ProcessMemory TakeSettled()
    {
        for (var round = 0; round < 3; round++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return Take();
    }

    /// <summary>As it stands now.</summary>
    public static ProcessMemory Take() => new(
        GC.GetTotalMemory(forceFullCollection: false),
        GC.GetGCMemoryInfo().TotalCommittedBytes,
        Private(),
        Directory.GetDirectories("/proc/self/task").Length);

    /// <summary>How many descriptors this process may have open at most.</summary>
    public static long MaxDescriptors()
    {
        var line = File.ReadLines("/proc/self/limits").First(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        var soft = line["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
        return soft == "unlimited" ? long.MaxValue : long.Parse(soft, CultureInfo.InvariantCulture);
    }

    private static long Private() => File.ReadLines("/proc/self/smaps_rollup")
        .Where(l => l.StartsWith("Private_Clean:", StringComparison.Ordinal) || l.StartsWith("Private_Dirty:", StringComparison.Ordinal))
        .Sum(l => long.Parse(l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * Kibibyte);
}
