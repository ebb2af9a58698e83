using System.CommandLine;
using NatActors.Cli.Output;
using NatActors.Hosting.Control;

namespace NatActors.Cli.Commands;

/// <summary><c>natactors status</c>: what a running node knows of its place in the world.</summary>
internal static class StatusCommand
{
    public static Command Create(CommonOptions common, TextWriter output)
    {
        var command = new Command("status", "Ask the node that runs on this machine how it can be reached, and what stands in the way") { common.Control };
        command.SetAction(async (result, cancellationToken) =>
        {
            var path = common.Read(result).Checked().Control;
            var report = await ControlClient.GetReportAsync(path is null or ControlPaths.Automatic or ControlPaths.None ? TheOne() : path, cancellationToken);
            ReportOutput.Write("status", report, result.GetValue(common.Json), output);
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>The socket of the only node that runs here.</summary>
    private static string TheOne() => ControlClient.Running() switch
    {
        [] => throw new NoNodeException($"No node of yours runs here. Start one with 'natactors run', or name its control socket with --control "
            + $"(looked for in {ControlPaths.OwnFolder})."),
        [var only] => only,
        var several => throw new UsageException(
            string.Join(Environment.NewLine, ["Several nodes run here; say which one you mean:", .. several.Select(path => $"  --control {path}")])),
    };
}
