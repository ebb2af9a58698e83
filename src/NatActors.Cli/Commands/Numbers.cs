using System.CommandLine;
using System.Globalization;

namespace NatActors.Cli.Commands;

/// <summary>Options that take a number, with one clear line when it is none.</summary>
internal static class Numbers
{
    public static Option<long> Option(
        string name, string helpName, string description, string wanted, long least, long usual, long most = long.MaxValue) => new(name)
        {
            Description = description,
            HelpName = helpName,
            DefaultValueFactory = _ => usual,
            CustomParser = result =>
            {
                var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
                if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
                {
                    return number;
                }

                result.AddError($"{name} takes {wanted}, not '{text}'.");
                return usual;
            },
        };
}
