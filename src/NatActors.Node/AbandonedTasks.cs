namespace NatActors.Node;

/// <summary>Tasks that whoever waits for them may leave before they end.</summary>
internal static class AbandonedTasks
{
    /// <summary>
    /// Takes note of the failure that may come after the last one who waited has gone: it is no news to anybody, and unnoticed it would be
    /// told to the process as a task that nobody looked at. Who still waits sees it as before.
    /// </summary>
    public static TTask MayBeAbandoned<TTask>(this TTask task)
        where TTask : Task
    {
        _ = task.ContinueWith(
            static failed => failed.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return task;
    }
}
