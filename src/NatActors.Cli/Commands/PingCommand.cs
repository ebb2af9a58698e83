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
        var count = new Option<int>("-c", "--count") { Description = "How many pings", HelpName = "N", DefaultValueFactory = _ => 4 };
        count.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("-c takes a number of at least 1.");
            }
        });
        var command = new Command("ping", "Ping a peer, directly if that can be") { address, count, common.Identity, common.Listen };
        command.SetAction((result, cancellationToken) => DialingCommand.RunAsync(
            common,
            result,
            result.GetValue(address)!,
            async (node, peer, ended) =>
            {
                for (var i = 0; i < result.GetValue(count); i++)
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
