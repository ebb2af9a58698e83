using System.CommandLine;
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
            IdCommand.Create(common, output),
            RunCommand.Create(common),
            PingCommand.Create(common),
            PerfCommand.Create(common),
            LabCommand.Create(common, output, errors),
            DemoCommand.Create(common, output, errors),
        };
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await errors.WriteLineAsync(error.Message);
            }

            await errors.WriteLineAsync("Type 'natactors --help' for the commands and their options.");
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
        catch (Exception failure)
        {
            await using var complaints = Outputs.For(parsed.GetValue(common.Json), live: false);
            complaints.Complain(failure.Message);
            return ExitCodes.For(failure);
        }
    }
}
