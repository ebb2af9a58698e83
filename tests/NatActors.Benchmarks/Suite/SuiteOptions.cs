using System.Globalization;

namespace NatActors.Benchmarks.Suite;

/// <summary>The command line, understood.</summary>
internal sealed record SuiteOptions
{
    /// <summary>Odd, so that the median is one that was measured.</summary>
    public const int DefaultRounds = 7;

    private const int QuickRounds = 3;

    /// <summary>The benchmarks named; none for the default suite.</summary>
    public IReadOnlyList<string> Verbs { get; init; } = [];

    public int Rounds { get; init; } = DefaultRounds;

    /// <summary>Smaller sizes and fewer rounds.</summary>
    public bool Quick { get; init; }

    /// <summary>Leave js-libp2p out.</summary>
    public bool WithoutJs { get; init; }

    /// <summary>Where the JSON goes; null for a file under artifacts.</summary>
    public string? JsonFile { get; init; }

    /// <summary>The table as markdown, for the readme.</summary>
    public bool Markdown { get; init; }

    /// <summary>Put the table into the readme too.</summary>
    public bool Readme { get; init; }

    /// <summary>Only say what there is.</summary>
    public bool List { get; init; }

    public bool Help { get; init; }

    /// <summary>What <c>--set</c> says.</summary>
    public IReadOnlyDictionary<string, long> Sizes { get; init; } = new Dictionary<string, long>();

    /// <summary>Why the command line is wrong; null when it is not.</summary>
    public string? Mistake { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <param name="args">What stands behind the program's name.</param>
    /// <param name="benchmarks">What there is.</param>
    public static SuiteOptions Parse(IReadOnlyList<string> args, IReadOnlyList<IBenchmark> benchmarks)
    {
        var verbs = new List<string>();
        var sizes = new Dictionary<string, long>();
        var options = new SuiteOptions();
        int? rounds = null;
        for (var i = 0; i < args.Count; i++)
        {
            var value = i + 1 < args.Count ? args[i + 1] : null;
            switch (args[i])
            {
                case "--help" or "-h" or "help":
                    return new SuiteOptions { Help = true };
                case "--list":
                    options = options with { List = true };
                    break;
                case "--quick":
                    options = options with { Quick = true };
                    break;
                case "--no-js":
                    options = options with { WithoutJs = true };
                    break;
                case "--readme":
                    options = options with { Readme = true };
                    break;
                case "--markdown":
                    options = options with { Markdown = true };
                    break;
                case "--rounds" when TryCount(value, out var count) && count <= int.MaxValue:
                    (rounds, i) = ((int)count, i + 1);
                    break;
                case "--json" when value is { Length: > 0 } && value[0] != '-':
                    (options, i) = (options with { JsonFile = value }, i + 1);
                    break;
                case "--set" when TryRead(value, benchmarks, out var name, out var size):
                    (sizes[name], i) = (size, i + 1);
                    break;
                case var word when word[0] != '-' && benchmarks.Any(one => one.Verb == word):
                    verbs.Add(word);
                    break;
                default:
                    return new SuiteOptions { Mistake = Complaint(args[i], value) };
            }
        }

        return options with { Verbs = verbs, Sizes = sizes, Rounds = rounds ?? (options.Quick ? QuickRounds : DefaultRounds) };
    }

    private static string Complaint(string word, string? value) => word switch
    {
        "--rounds" => "--rounds takes a number from 1",
        "--json" => "--json takes the name of a file",
        "--set" => $"--set takes NAME=N, a name that --list shows and a number from 1, not '{value}'",
        ['-', ..] => $"there is no option '{word}'",
        _ => $"there is no benchmark '{word}': --list shows them",
    };

    private static bool TryCount(string? text, out long count) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0;

    private static bool TryRead(string? text, IReadOnlyList<IBenchmark> benchmarks, out string name, out long size)
    {
        var parts = text?.Split('=') ?? [];
        (name, size) = (parts.Length == 2 ? parts[0] : "", 0);
        var wanted = name;
        return benchmarks.SelectMany(one => one.Sizes).Any(one => one.Name == wanted) && TryCount(parts[1], out size);
    }
}
