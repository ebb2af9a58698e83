namespace NatActors.Lab.Tests;

/// <summary>The longest a test waits for anything: only ever reached by one that fails.</summary>
internal static class Guard
{
    internal static readonly TimeSpan Time = TimeSpan.FromSeconds(20);

    internal static Task<T> OrFail<T>(this Task<T> task) => task.WaitAsync(Time);

    internal static Task OrFail(this Task task) => task.WaitAsync(Time);
}
