using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NatActors.Build;

/// <summary>How a command ended; <see cref="TimedOut"/> means that it was killed with all its children.</summary>
internal sealed record CommandResult(int ExitCode, bool TimedOut, string Output)
{
    public bool Ok => ExitCode == 0 && !TimedOut;
}

/// <summary>Runs other programs.</summary>
internal static class Shell
{
    private const int Sigterm = 15;

    /// <summary>True if a program of this name stands on PATH or in the folders where Debian keeps root's tools.</summary>
    public static bool Has(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(["/usr/sbin", "/sbin"])
            .Any(folder => File.Exists(Path.Combine(folder, program)) || File.Exists(Path.Combine(folder, program + ".cmd")));

    /// <summary>Runs a program quietly, without input, and keeps what it says; kills it and its children after <paramref name="limit"/>.</summary>
    public static async Task<CommandResult> CaptureAsync(
        string folder,
        TimeSpan limit,
        IReadOnlyDictionary<string, string>? environment,
        string program,
        params IEnumerable<string> args)
    {
        var start = Describe(folder, program, args);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var lines = new LineLog();
        process.OutputDataReceived += (_, line) => lines.Add(line.Data);
        process.ErrorDataReceived += (_, line) => lines.Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var timedOut = await EndsWithinAsync(process, limit);
        return new CommandResult(timedOut ? ExitCodes.Failed : process.ExitCode, timedOut, lines.ToString());
    }

    /// <summary>Runs a program in the foreground on our terminal: Ctrl-C reaches it directly, SIGTERM is passed on, its exit code is ours.</summary>
    public static async Task<int> ForegroundAsync(string folder, string program, params IEnumerable<string> args)
    {
        using var process = Process.Start(Describe(folder, program, args))!;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            if (!OperatingSystem.IsWindows())
            {
                _ = SendSignal(process.Id, Sigterm);
            }
        });
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private static ProcessStartInfo Describe(string folder, string program, IEnumerable<string> args)
    {
        var start = new ProcessStartInfo(program) { WorkingDirectory = folder };
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        return start;
    }

    private static async Task<bool> EndsWithinAsync(Process process, TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            return false;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return true;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int processId, int signal);

    private sealed class LineLog
    {
        private readonly List<string> _lines = [];

        public void Add(string? line)
        {
            if (line is not null)
            {
                lock (_lines)
                {
                    _lines.Add(line);
                }
            }
        }

        public override string ToString()
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }
}
