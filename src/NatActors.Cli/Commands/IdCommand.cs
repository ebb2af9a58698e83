using System.CommandLine;
using NatActors.Cli.Output;
using NatActors.Multiformats;
using NatActors.Transports;

namespace NatActors.Cli.Commands;

/// <summary><c>natactors id</c>: the peer id of a key file, made on first use.</summary>
internal static class IdCommand
{
    public static Command Create(CommonOptions common, TextWriter output, TextWriter errors)
    {
        var command = new Command("id", "Print the peer id of the identity; makes the key file on first use") { common.Identity };
        command.SetAction(result =>
        {
            var options = common.Read(result).Checked();
            var file = options.Identity ?? DefaultIdentity.Path;
            var opened = KeyFile.Open(file, SystemRandomSource.Instance);
            using var key = opened.Key;
            if (opened.Warning is { } warning)
            {
                errors.WriteLine(warning);
            }

            if (result.GetValue(common.Json))
            {
                new JsonOutput(output, TextWriter.Null, TimeProvider.System).Write(
                    "id", TimeProvider.System.GetUtcNow(), [("peerId", key.PeerId.ToString()), ("file", Path.GetFullPath(file))]);
            }
            else
            {
                output.WriteLine(key.PeerId);
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
