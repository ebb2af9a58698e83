using System.CommandLine;
using NatActors.Cli.Output;
using NatActors.Multiformats;
using NatActors.Transports;

namespace NatActors.Cli.Commands;

/// <summary><c>natactors id</c>: the peer id of a key file, made on first use.</summary>
internal static class IdCommand
{
    public static Command Create(CommonOptions common, TextWriter output)
    {
        var command = new Command("id", "Print the peer id of the identity; makes the key file on first use") { common.Identity };
        command.SetAction(result =>
        {
            var options = common.Read(result);
            var file = options.Identity ?? DefaultIdentity.Path;
            using var key = KeyFile.LoadOrCreate(file, SystemRandomSource.Instance);
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
