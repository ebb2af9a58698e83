using System.CommandLine;
using System.Globalization;
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
        var bytes = Numbers.Option(
            "--bytes", "BYTES", "How much to send over the direct connection", "a number of bytes, 1 or more", 1, DefaultBytes);
        var command = new Command("demo", "Two peers behind NATs meet through a relay and go direct, in a laboratory on this machine") { bytes };
        command.SetAction(async result =>
        {
            _ = common.Read(result).Checked();
            var ability = LabAbility.Check();
            if (ability.Mode == LabMode.None)
            {
                throw new LabException(
                    $"The demonstration needs network namespaces, which it cannot have here: {ability.Reason}. Instead: {ability.Remedy}"
                    + $"{(Environment.IsPrivilegedProcess ? "" : $"; type: sudo {string.Join(' ', OwnProgram.Command("demo"))}")}. "
                    + "Two machines will do as well; README.md shows how.");
            }

            using var signals = Signals.ThatEnd();
            try
            {
                var json = result.GetValue(common.Json);
                return ability.Mode == LabMode.UserNamespace
                    ? await InUserNamespaceAsync(result.GetValue(bytes), json, signals.Token)
                    : await new DemoStory(new Narrator(output, json, TimeProvider.System), result.GetValue(bytes)).RunAsync(signals.Token);
            }
            catch (Exception e) when (signals.Token.IsCancellationRequested && e is OperationCanceledException or IOException)
            {
                await errors.WriteLineAsync("Interrupted; the laboratory is taken down.");
                return ExitCodes.Failed;
            }
            catch (LabException failure)
            {
                var why = string.Join("; ", failure.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
                throw new LabException($"The laboratory of the demonstration failed: {why}. Instead: run it as root (sudo) or in a virtual machine.", failure);
            }
        });
        return command;
    }

    private static async Task<int> InUserNamespaceAsync(long bytes, bool json, CancellationToken cancellationToken)
    {
        var state = Directory.CreateTempSubdirectory("natactors-lab-").FullName;
        try
        {
            string[] arguments = ["demo", "--bytes", bytes.ToString(CultureInfo.InvariantCulture), .. json ? ["--json"] : Array.Empty<string>()];
            return await OwnProgram.RunAsync(LabAbility.InUserNamespace(state, OwnProgram.Command(arguments)), cancellationToken);
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }
}
