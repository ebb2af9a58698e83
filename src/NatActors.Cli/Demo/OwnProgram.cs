using System.Diagnostics;
using NatActors.Lab;

namespace NatActors.Cli.Demo;

/// <summary>How to start this very program again.</summary>
internal static class OwnProgram
{
    /// <summary>The program and its arguments: the published executable, or <c>dotnet natactors.dll</c>.</summary>
    public static IReadOnlyList<string> Command(params IEnumerable<string> arguments)
    {
        var process = Environment.ProcessPath ?? "dotnet";
        var isHost = Path.GetFileNameWithoutExtension(process).Equals("dotnet", StringComparison.OrdinalIgnoreCase);
        return isHost ? [process, typeof(OwnProgram).Assembly.Location, .. arguments] : [process, .. arguments];
    }

    /// <summary>Starts a command with this process's console and waits for its end; cancelled, it asks the command to end and waits on.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)))
            ?? throw new IOException($"{command[0]} did not start.");
        await using var asking = cancellationToken.Register(() => LabProcess.Terminate(process));
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }
}
