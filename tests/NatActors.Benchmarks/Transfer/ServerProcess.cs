using System.Diagnostics;
using System.Globalization;

namespace NatActors.Benchmarks.Transfer;

/// <summary>The other process: serves the bare socket and the stack until its standard input ends.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    public const string Verb = "serve";

    private readonly Process _process;

    private ServerProcess(Process process, int barePort, int stackPort)
    {
        _process = process;
        BarePort = barePort;
        StackPort = stackPort;
    }

    public int BarePort { get; }

    public int StackPort { get; }

    /// <summary>Processor time that both processes have used so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            using var self = Process.GetCurrentProcess();
            _process.Refresh();
            return self.TotalProcessorTime + _process.TotalProcessorTime;
        }
    }

    /// <summary>The other process's side.</summary>
    public static async Task<int> RunAsync()
    {
        var ports = string.Create(CultureInfo.InvariantCulture, $"{BareSocket.Listen()} {Stack.Listen()}");
        Console.WriteLine(ports);
        while (await Console.In.ReadLineAsync() is not null)
        {
            // Only its end counts.
        }

        return 0;
    }

    public static async Task<ServerProcess> StartAsync()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ServerProcess).Assembly.Location);
        }

        start.ArgumentList.Add(Verb);
        var process = Process.Start(start) ?? throw new IOException("The second process did not start.");
        var ports = (await process.StandardOutput.ReadLineAsync() ?? throw new IOException("The second process said nothing.")).Split(' ');
        return new ServerProcess(
            process, int.Parse(ports[0], CultureInfo.InvariantCulture), int.Parse(ports[1], CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
