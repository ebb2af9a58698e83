using System.CommandLine;
using NatActors.Cli.Demo;
using NatActors.Lab;

namespace NatActors.Cli.Commands;

/// <summary><c>natactors demo</c>: the whole story on one machine.</summary>
internal static class DemoCommand
{
    /// <summary>What goes over the direct connection: 100 MB.</summary>
    public const long DefaultBytes = 100_000_000;

    public static Command Create(CommonOptions common, TextWriter output, TextWriter errors)
    {
        var bytes = new Option<long>("--bytes")
        {
            Description = "How much to send over the direct connection",
            DefaultValueFactory = _ => DefaultBytes,
        };
        var command = new Command("demo", "Two peers behind NATs meet through a relay and go direct, in a laboratory on this machine") { bytes };
        command.SetAction(async (result, cancellationToken) =>
        {
            var json = result.GetValue(common.Json);
            var ability = LabAbility.Check();
            if (ability.Mode == LabMode.None)
            {
                await errors.WriteLineAsync($"The demonstration needs network namespaces, which it cannot have here: {ability.Reason}.");
                await errors.WriteLineAsync($"Instead: {ability.Remedy}. Two machines will do as well; README.md, 'Two machines', shows how.");
                return ExitCodes.Failed;
            }

            if (ability.Mode == LabMode.UserNamespace)
            {
                return await InUserNamespaceAsync(result.GetValue(bytes), json, cancellationToken);
            }

            return await new DemoStory(new Narrator(output, json, TimeProvider.System), result.GetValue(bytes)).RunAsync(cancellationToken);
        });
        return command;
    }

    private static async Task<int> InUserNamespaceAsync(long bytes, bool json, CancellationToken cancellationToken)
    {
        var state = Directory.CreateTempSubdirectory("natactors-lab-").FullName;
        try
        {
            string[] arguments = ["demo", "--bytes", bytes.ToString(System.Globalization.CultureInfo.InvariantCulture), .. json ? ["--json"] : Array.Empty<string>()];
            return await OwnProgram.RunAsync(LabAbility.InUserNamespace(state, OwnProgram.Command(arguments)), cancellationToken);
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }
}
