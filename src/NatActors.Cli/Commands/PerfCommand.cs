using System.CommandLine;

namespace NatActors.Cli.Commands;

/// <summary><c>natactors perf</c>: throughput to a peer, direct if it can be.</summary>
internal static class PerfCommand
{
    /// <summary>Enough to see a rate, over quickly on a home line: 16 MiB.</summary>
    private const long DefaultBytes = 16 << 20;

    public static Command Create(CommonOptions common)
    {
        var address = DialingCommand.Address();
        var upload = Bytes("--upload", "How many bytes to send");
        var download = Bytes("--download", "How many bytes to ask for");
        var command = new Command("perf", "Measure the throughput to a peer, directly if that can be")
        {
            address, upload, download, common.Identity, common.Listen, common.Bootstrap,
        };
        command.SetAction((result, cancellationToken) => DialingCommand.RunAsync(
            common,
            result,
            result.GetValue(address)!,
            (node, peer, ended) => node.MeasureAsync(peer, result.GetValue(upload), result.GetValue(download), ended),
            cancellationToken));
        return command;
    }

    private static Option<long> Bytes(string name, string description) =>
        Numbers.Option(name, "BYTES", description, "a number of bytes, 0 or more", 0, DefaultBytes);
}
