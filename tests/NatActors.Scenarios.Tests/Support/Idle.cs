namespace NatActors.Scenarios.Tests.Support;

/// <summary>Lets time pass in which nothing is asked of any node: what is tested is what they do by themselves meanwhile.</summary>
public static class Idle
{
    public static Task ForAsync(TimeSpan time)
    {
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var timer = new Timer(_ => over.TrySetResult(), null, time, Timeout.InfiniteTimeSpan);
        return over.Task.ContinueWith(_ => timer.Dispose(), TaskScheduler.Default);
    }
}
