using NatActors.Node;

namespace NatActors.Cli.Output;

/// <summary>Chooses how events are shown.</summary>
public static class Outputs
{
    /// <summary>JSON lines when asked for; a live view for a long-running command on a terminal; plain lines otherwise.</summary>
    public static IEventOutput For(bool json, bool live) => json
        ? new JsonOutput(Console.Out, Console.Error, TimeProvider.System)
        : live && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb")
            ? new LiveView(Spectre.Console.AnsiConsole.Console, TimeProvider.System)
            : new PlainOutput(Console.Out, Console.Error);

    /// <summary>For a command that dials one peer: JSON has every event, plain lines only what concerns the path and the result.</summary>
    public static IEventOutput ForDialing(bool json) => json
        ? new JsonOutput(Console.Out, Console.Error, TimeProvider.System)
        : new PlainOutput(Console.Out, Console.Error, brief: true);
}
