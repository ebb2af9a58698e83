using System.Text.Json;
using NatActors.Lab;

namespace NatActors.Cli.Demo;

/// <summary>An event line of a peer.</summary>
/// <param name="Peer">The peer's name in the laboratory.</param>
/// <param name="Name">The event.</param>
/// <param name="Time">When, by the machine's clock.</param>
/// <param name="Fields">The whole object.</param>
internal sealed record DemoEvent(string Peer, string Name, DateTimeOffset Time, JsonElement Fields)
{
    /// <summary>A text field, or an empty string.</summary>
    public string Text(string field) => Fields.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    /// <summary>A number field, or zero.</summary>
    public double Number(string field) => Fields.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0;

    /// <summary>A boolean field, or false.</summary>
    public bool Flag(string field) => Fields.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.True;
}

/// <summary>This program, run with <c>--json</c> in a host of the laboratory; its events go to the narrator as they come.</summary>
internal sealed class DemoPeer : IAsyncDisposable
{
    private readonly LabProcess _process;
    private readonly List<DemoEvent> _events = [];
    private readonly Lock _gate = new();
    private readonly Task _reading;
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DemoPeer(string name, LabProcess process, Action<DemoEvent> narrate)
    {
        Name = name;
        _process = process;
        _reading = ReadAsync(narrate);
    }

    /// <summary>The host's name.</summary>
    public string Name { get; }

    /// <summary>Starts this program there.</summary>
    public static DemoPeer Start(LabHost host, Action<DemoEvent> narrate, params IEnumerable<string> arguments)
    {
        var command = OwnProgram.Command([.. arguments, "--json"]);
        return new DemoPeer(host.Name, host.Start(command[0], command.Skip(1)), narrate);
    }

    /// <summary>The first event of that name, come or still to come.</summary>
    /// <exception cref="IOException">The program ended without it; the message is what it complained of.</exception>
    public async Task<DemoEvent> NextAsync(string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task news;
            lock (_gate)
            {
                if (_events.FirstOrDefault(e => e.Name == name) is { } found)
                {
                    return found;
                }

                news = _news.Task;
            }

            if (await Task.WhenAny(news, _reading).WaitAsync(cancellationToken) == _reading && !news.IsCompleted)
            {
                var run = await _process.WaitForExitAsync(cancellationToken);
                throw new IOException($"{Name} ended with exit code {run.ExitCode} before '{name}': {string.Join(" ", run.Errors)}");
            }
        }
    }

    /// <summary>Waits until the program has ended; its exit code.</summary>
    public async Task<int> EndAsync(CancellationToken cancellationToken) => (await _process.WaitForExitAsync(cancellationToken)).ExitCode;

    /// <summary>Asks the program to end, and kills it when it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        _process.Terminate();
        await Task.WhenAny(_process.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(3)));
        await _process.DisposeAsync();
        await _reading;
    }

    private async Task ReadAsync(Action<DemoEvent> narrate)
    {
        while (await _process.Output.ReadLineAsync() is { } line)
        {
            if (Parse(line) is not { } happened)
            {
                continue;
            }

            narrate(happened);
            lock (_gate)
            {
                _events.Add(happened);
                _news.TrySetResult();
                _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    private DemoEvent? Parse(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement.Clone();
            return new DemoEvent(Name, root.GetProperty("event").GetString()!, root.GetProperty("time").GetDateTimeOffset(), root);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }
}
