using System.CommandLine;

namespace NatActors.Cli.Commands;

/// <summary><c>natactors ping</c>: round trips to a peer, direct if it can be.</summary>
internal static class PingCommand
{
    /// <summary>From one ping to the next, as ping(8).</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static Command Create(CommonOptions common)
    {
        var address = DialingCommand.Address();
        var count = Numbers.Option("-c", "N", "How many pings", "a whole number of at least 1", 1, 4, int.MaxValue);
        var command = new Command("ping", "Ping a peer, directly if that can be") { address, count, common.Identity, common.Listen, common.Bootstrap };
        command.SetAction((result, cancellationToken) => DialingCommand.RunAsync(
            common,
            result,
            result.GetValue(address)!,
            async (node, peer, ended) =>
            {
                for (var i = 0L; i < result.GetValue(count); i++)
                {
                    if (i > 0)
                    {
                        await Task.Delay(Interval, ended);
                    }

                    await node.PingAsync(peer, ended);
                }
            },
            cancellationToken));
        return command;
    }
}
