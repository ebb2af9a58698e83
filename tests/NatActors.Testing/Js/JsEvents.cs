using System.Diagnostics;
using System.Text.Json.Nodes;

namespace NatActors.Testing.Js;

/// <summary>What a js peer has told and nobody has taken yet.</summary>
internal sealed class JsEvents
{
    private const int LinesInComplaint = 60;

    private readonly Lock _gate = new();
    private readonly List<JsonNode> _untaken = [];
    private readonly List<string> _told = [];
    private TaskCompletionSource _changed = NewSignal();
    private bool _ended;

    public JsEvents(Process process) => Ended = Task.WhenAll(ReadEventsAsync(process.StandardOutput), ReadErrorsAsync(process.StandardError));

    /// <summary>Completes when the peer has closed its output.</summary>
    public Task Ended { get; }

    public async Task<JsonNode> TakeAsync(Func<JsonNode, bool> fits, string what, TimeSpan guard)
    {
        using var limit = new CancellationTokenSource(guard);
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_untaken.Find(one => fits(one)) is { } found)
                {
                    _untaken.Remove(found);
                    return found;
                }

                if (_ended)
                {
                    throw new JsPeerException($"the js peer ended before {what}:\n{Told()}");
                }

                changed = _changed.Task;
            }

            try
            {
                await changed.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                lock (_gate)
                {
                    throw new JsPeerException($"{what} did not come within {guard.TotalSeconds:F0} s:\n{Told()}");
                }
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task ReadEventsAsync(StreamReader output)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            Change(() =>
            {
                _told.Add(line);
                _untaken.Add(JsonNode.Parse(line)!);
            });
        }

        Change(() => _ended = true);
    }

    private async Task ReadErrorsAsync(StreamReader errors)
    {
        while (await errors.ReadLineAsync() is { } line)
        {
            lock (_gate)
            {
                _told.Add(line);
            }
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

    private string Told() => string.Join('\n', _told.TakeLast(LinesInComplaint));
}
