using System.Diagnostics;

namespace NatActors.Benchmarks.Memory;

/// <summary>This program again under another verb, spoken with by lines. It ends when its standard input does.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    public static ChildProcess Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        }

        Array.ForEach(arguments, start.ArgumentList.Add);
        return new ChildProcess(Process.Start(start) ?? throw new IOException("The second process did not start."));
    }

    /// <summary>Processor time that it has used so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The next line that it says.</summary>
    public async Task<string> HearAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new IOException("The second process ended early.");

    /// <summary>Says a line and waits for the answer.</summary>
    public Task<string> AskAsync(string line)
    {
        _process.StandardInput.WriteLine(line);
        return HearAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
