using System.Collections.Concurrent;

namespace NatActors.Testing;

/// <summary>Tasks that failed and were collected without anybody having looked, of those whose failure names a piece of code.</summary>
public sealed class UnobservedTasks : IDisposable
{
    private const int Collections = 3;

    private readonly string _code;
    private readonly ConcurrentQueue<string> _failures = new();

    /// <summary>Listens from now on for failures whose text holds the name.</summary>
    public UnobservedTasks(string code)
    {
        _code = code;
        TaskScheduler.UnobservedTaskException += OnUnobserved;
    }

    /// <summary>Collects what nobody holds any more; what was found then and before.</summary>
    public IReadOnlyCollection<string> Collect()
    {
        for (var i = 0; i < Collections; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return _failures;
    }

    /// <inheritdoc />
    public void Dispose() => TaskScheduler.UnobservedTaskException -= OnUnobserved;

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs unobserved)
    {
        var text = unobserved.Exception.ToString();
        if (text.Contains(_code, StringComparison.Ordinal))
        {
            _failures.Enqueue(text);
        }
    }
}
