using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace NatActors.Soak.Tests.Counters;

/// <summary>What the process as a whole shows: exceptions thrown, tasks that nobody observed, descriptors, threads, memory.</summary>
public sealed class ProcessCounts : IDisposable
{
    public ProcessCounts()
    {
        AppDomain.CurrentDomain.FirstChanceException += OnThrown;
        TaskScheduler.UnobservedTaskException += OnUnobserved;
    }

    /// <summary>Exceptions thrown, caught or not, by type.</summary>
    public EventCounts Thrown { get; } = new();

    /// <summary>Tasks that failed and were collected without anybody having looked.</summary>
    public EventCounts Unobserved { get; } = new();

    public static int Descriptors => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    /// <summary>Descriptors that are sockets.</summary>
    public static int SocketDescriptors =>
        Directory.GetFileSystemEntries("/proc/self/fd").Count(file => IsSocket(file));

    public static int Threads
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return process.Threads.Count;
        }
    }

    public static long WorkingSet => Environment.WorkingSet;

    /// <summary>Bytes that are alive on the managed heap: after two full collections, with finalizers run between them.</summary>
    public static long LiveBytes()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetGCMemoryInfo(GCKind.FullBlocking).HeapSizeBytes - GC.GetGCMemoryInfo(GCKind.FullBlocking).FragmentedBytes;
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.FirstChanceException -= OnThrown;
        TaskScheduler.UnobservedTaskException -= OnUnobserved;
    }

    private static bool IsSocket(string file)
    {
        try
        {
            return File.ResolveLinkTarget(file, returnFinalTarget: false)?.Name.StartsWith("socket:", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            // Closed meanwhile.
            return false;
        }
    }

    private void OnThrown(object? sender, FirstChanceExceptionEventArgs thrown) => Thrown.Add(thrown.Exception.GetType().Name);

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs unobserved)
    {
        Unobserved.Add(unobserved.Exception.GetBaseException().GetType().Name);
        Unobserved.Keep(unobserved.Exception.ToString());
    }
}
