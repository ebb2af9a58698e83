using System.CommandLine;
using System.CommandLine.Parsing;
using NatActors.Cli.Commands;
using NatActors.Cli.Output;

namespace NatActors.Cli;

/// <summary>The command line: every verb, its options, and the exit code of whatever goes wrong.</summary>
public static class CommandTree
{
    /// <summary>Parses and runs; the result is the process's exit code (<see cref="ExitCodes"/>).</summary>
    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter errors)
    {
        var common = new CommonOptions();
        var root = new RootCommand("A peer that gets direct connections through NATs, speaking libp2p.")
        {
            common.Config,
            common.Json,
            IdCommand.Create(common, output, errors),
            RunCommand.Create(common),
            DoctorCommand.Create(common, output, errors),
            StatusCommand.Create(common, output),
            PingCommand.Create(common),
            PerfCommand.Create(common),
            LabCommand.Create(common, output, errors),
            DemoCommand.Create(common, output, errors),
        };
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            Complain(arguments.Contains(common.Json.Name), output, errors, WhatIsWrong(parsed));
            return ExitCodes.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = output,
                Error = errors,
            });
        }
        catch (OperationCanceledException)
        {
            // Asked to end before it had begun.
            return ExitCodes.Ok;
        }
        catch (Exception failure)
        {
            Complain(parsed.GetValue(common.Json), output, errors, failure.Message);
            return ExitCodes.For(failure);
        }
    }

    private static void Complain(bool json, TextWriter output, TextWriter errors, string line)
    {
        IEventOutput complaints = json ? new JsonOutput(output, errors, TimeProvider.System) : new PlainOutput(output, errors);
        complaints.Complain(line);
    }

    /// <summary>One line; that a command is missing is no news where a word stands in its place that is none.</summary>
    private static string WhatIsWrong(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var name = command is RootCommand ? "natactors" : $"natactors {string.Join(' ', Path(parsed.CommandResult))}";
        var strange = parsed.UnmatchedTokens;
        var what = strange.Count > 0
            ? $"{string.Join(' ', strange.Select(word => $"'{word}'"))} {(strange.Count == 1 ? "is" : "are")} not understood after '{name}'."
            : string.Join(' ', parsed.Errors.Select(error => error.Message).Distinct());
        return $"{what} Type '{name} --help' for what can be typed.";
    }

    private static IEnumerable<string> Path(CommandResult result) =>
        result.Parent is CommandResult { Command: not RootCommand } above
            ? [.. Path(above), result.Command.Name]
            : [result.Command.Name];
}
