namespace NatActors.Lab;

/// <summary>The lines a process has printed so far, kept for its readers, each of whom waits for the next where it stands.</summary>
/// <remarks>Keeps the last <see cref="MostLines"/>: a chatty process does not fill the memory of its test.</remarks>
public sealed class LineLog
{
    /// <summary>Lines kept.</summary>
    public const int MostLines = 20_000;

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();
    private long _dropped;
    private long _read;
    private bool _ended;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Everything kept, in order.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>The next line not yet read; null once the process has closed its output.</summary>
    /// <param name="cancellation">Ends the wait, with an exception.</param>
    public async Task<string?> ReadLineAsync(CancellationToken cancellation = default)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                _read = Math.Max(_read, _dropped);
                if (_read - _dropped < _lines.Count)
                {
                    return _lines.ElementAt((int)(_read++ - _dropped));
                }

                if (_ended)
                {
                    return null;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Reads on until a line fits, and answers it; null where the output ended without one.</summary>
    /// <param name="fits">What to wait for.</param>
    /// <param name="cancellation">Ends the wait, with an exception.</param>
    public async Task<string?> ReadUntilAsync(Func<string, bool> fits, CancellationToken cancellation = default)
    {
        while (await ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            if (fits(line))
            {
                return line;
            }
        }

        return null;
    }

    internal async Task FillAsync(StreamReader reader)
    {
        try
        {
            while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
            {
                Change(() => Add(line));
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            // The process was killed and its pipe with it.
        }
        finally
        {
            Change(() => _ended = true);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Add(string line)
    {
        _lines.Enqueue(line);
        if (_lines.Count > MostLines)
        {
            _lines.Dequeue();
            _dropped++;
        }
    }

    private void Change(Action change)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            change();
            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
    }
}
