using System.Diagnostics;
using System.Text.Json;
using NatActors.Lab;

namespace NatActors.Cli.Tests;

/// <summary>What a command that ran to its end left.</summary>
internal sealed record CliRun(int ExitCode, IReadOnlyList<string> Output, IReadOnlyList<string> Errors)
{
    /// <summary>The events of that name among the output lines.</summary>
    public IReadOnlyList<JsonElement> Events(string name) =>
        [.. Output.Select(line => JsonDocument.Parse(line).RootElement).Where(e => e.GetProperty("event").GetString() == name)];
}

/// <summary>The real command as a child process, in a folder of its own.</summary>
internal sealed class Cli : IAsyncDisposable
{
    /// <summary>A guard against hanging, nothing else; what is awaited comes within a second or two.</summary>
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly List<string> _output = [];
    private readonly List<string> _errors = [];
    private readonly SemaphoreSlim _news = new(0);
    private readonly Task _read;

    private Cli(Process process)
    {
        _process = process;
        _read = Task.WhenAll(ReadAsync(process.StandardOutput, _output), ReadAsync(process.StandardError, _errors));
    }

    /// <summary>The process id.</summary>
    public int Id => _process.Id;

    /// <summary>Starts <c>natactors</c> with these arguments; Ctrl-C reaches it whatever started the tests.</summary>
    public static Cli Start(string folder, params IReadOnlyList<string> arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "natactors.dll");
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["XDG_DATA_HOME"] = folder;
        start.Environment["XDG_RUNTIME_DIR"] = folder;
        return new Cli(Process.Start(start)!);
    }

    /// <summary>Runs it to its end.</summary>
    public static async Task<CliRun> RunAsync(string folder, params IReadOnlyList<string> arguments)
    {
        await using var cli = Start(folder, arguments);
        return await cli.EndAsync();
    }

    /// <summary>The first line, come or still to come, that holds the text.</summary>
    public async Task<string> LineWithAsync(string text)
    {
        using var guard = new CancellationTokenSource(Guard);
        while (true)
        {
            lock (_output)
            {
                if (_output.Find(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
                {
                    return found;
                }
            }

            Assert.False(_read.IsCompleted, $"It ended without '{text}': {string.Join('\n', _errors)}");
            await _news.WaitAsync(guard.Token);
        }
    }

    /// <summary>The first event of that name, come or still to come.</summary>
    public async Task<JsonElement> EventAsync(string name) => JsonDocument.Parse(await LineWithAsync($"\"event\":\"{name}\"")).RootElement;

    /// <summary>The first address that it listens on.</summary>
    public async Task<string> AddressAsync() => (await EventAsync("listening")).GetProperty("addrs")[0].GetString()!;

    /// <summary>SIGTERM.</summary>
    public void Terminate() => LabProcess.Terminate(_process);

    /// <summary>Ctrl-C.</summary>
    public void Interrupt() => Process.Start("kill", ["-INT", $"{_process.Id}"]).WaitForExit();

    /// <summary>Waits for its end.</summary>
    public async Task<CliRun> EndAsync(TimeSpan? guard = null)
    {
        await _process.WaitForExitAsync().WaitAsync(guard ?? Guard);
        await _read.WaitAsync(Guard);
        return new CliRun(_process.ExitCode, _output, _errors);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _read.WaitAsync(Guard);
        _process.Dispose();
        _news.Dispose();
    }

    private async Task ReadAsync(StreamReader reader, List<string> lines)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_output)
            {
                lines.Add(line);
            }

            _news.Release();
        }

        _news.Release();
    }
}

/// <summary>A folder that goes with the test.</summary>
public abstract class InAFolder : IDisposable
{
    /// <summary>The folder.</summary>
    protected string Folder { get; } = Directory.CreateTempSubdirectory("natactors-cli-tests-").FullName;

    /// <inheritdoc />
    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>A file in it.</summary>
    protected string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
