using System.Diagnostics;
using NatActors.Lab.Kernel;

namespace NatActors.Lab;

/// <summary>What a process that ran to its end left.</summary>
/// <param name="ExitCode">Its exit code; 128 and the signal's number where a signal ended it.</param>
/// <param name="Output">Lines of its standard output.</param>
/// <param name="Errors">Lines of its standard error.</param>
public sealed record LabRun(int ExitCode, IReadOnlyList<string> Output, IReadOnlyList<string> Errors);

/// <summary>A process that runs in a host of a laboratory. Disposing it kills it and its children.</summary>
public sealed class LabProcess : IAsyncDisposable
{
    private const int SigInt = 2;
    private const int SigTerm = 15;

    private readonly Process _process;
    private readonly Task _drained;
    private int _disposed;

    private LabProcess(Process process)
    {
        _process = process;
        Id = process.Id;
        _drained = Task.WhenAll(Output.FillAsync(process.StandardOutput), Errors.FillAsync(process.StandardError));
    }

    /// <summary>Its process id.</summary>
    public int Id { get; }

    /// <summary>Its standard output, line by line.</summary>
    public LineLog Output { get; } = new();

    /// <summary>Its standard error, line by line.</summary>
    public LineLog Errors { get; } = new();

    /// <summary>Its standard input.</summary>
    public StreamWriter Input => _process.StandardInput;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Asks it to end, as a service manager does (SIGTERM).</summary>
    public void Terminate() => _ = Native.SendSignal(Id, SigTerm);

    /// <summary>Asks another process to end, as a service manager does (SIGTERM).</summary>
    public static void Terminate(Process process)
    {
        if (!process.HasExited)
        {
            _ = Native.SendSignal(process.Id, SigTerm);
        }
    }

    /// <summary>Asks it to end, as Ctrl-C does (SIGINT).</summary>
    public void Interrupt() => _ = Native.SendSignal(Id, SigInt);

    /// <summary>Ends it and its children at once (SIGKILL), as a crash would.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    /// <summary>Waits until it has ended and all its output is read, and answers what it left.</summary>
    /// <param name="cancellation">Ends the wait, with an exception; the process goes on.</param>
    public async Task<LabRun> WaitForExitAsync(CancellationToken cancellation = default)
    {
        await _process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        await _drained.WaitAsync(cancellation).ConfigureAwait(false);
        return new LabRun(_process.ExitCode, Output.Lines, Errors.Lines);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    internal static LabProcess Start(string netns, ProcessStartInfo wanted)
    {
        var start = Inside(netns, wanted);
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        return new LabProcess(Process.Start(start) ?? throw new LabException($"{wanted.FileName} did not start"));
    }

    /// <summary>The same command, by way of <c>ip netns exec</c>, which becomes the command: the process id is the command's own.</summary>
    internal static ProcessStartInfo Inside(string netns, ProcessStartInfo wanted)
    {
        if (wanted.Arguments.Length > 0)
        {
            throw new ArgumentException("Put the arguments into ArgumentList.", nameof(wanted));
        }

        var ip = Tool.Find("ip") ?? throw new LabException("ip is not installed");
        var start = new ProcessStartInfo(ip) { WorkingDirectory = wanted.WorkingDirectory };
        foreach (var argument in (string[])["netns", "exec", netns, wanted.FileName, .. wanted.ArgumentList])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        foreach (var (name, value) in wanted.Environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }
}
