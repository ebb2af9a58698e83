using System.Globalization;

namespace NatActors.Fuzz.Running;

/// <summary>What the user asked for.</summary>
public sealed record CommandLine
{
    /// <summary>The usage text.</summary>
    public const string Usage =
        """
        usage: NatActors.Fuzz [options]

          --list             name the entries, the shape of their inputs and what one costs, and end
          --entry NAME       only entries whose name begins so; may be given again
          --count N          make up N inputs altogether, split by what an input costs (default 100000)
          --time SECONDS     instead of a count: run that long altogether
          --seed N           the same seed, corpus and count make the same inputs (default 1)
          --jobs N           entries run side by side (default: the number of cores)
          --corpus DIR       where the kept inputs are (default: the copy beside the program)
          --minimize         after the run, write back what was found, reduced to what adds coverage
          --keep-bytes N     with --minimize: at most so many bytes an entry (default 5000)
          --failures DIR     where failing inputs are saved (default: fuzz-failures)
          --replay FILE      run the inputs of one file of hex, and the seeds, through the one entry that --entry names
          --uncovered        at the end, name the methods that no input reached
          --assembly NAME    take the entries from that assembly beside the program instead
          --help             this text

        A line for each entry: inputs; how many of them were valid; how many were kept, for they reached something new; edges
        reached; the most memory and work that one input took, of the entry's bounds.

        exit codes: 0 nothing failed, 1 something failed (told with entry, seed and a shrunk input), 2 wrong usage
        """;

    /// <summary>Beginnings of names; none means all.</summary>
    public IReadOnlyList<string> Entries { get; init; } = [];

    /// <summary>Inputs altogether.</summary>
    public long Count { get; init; } = 100_000;

    /// <summary>Time altogether; null to be bounded by the count.</summary>
    public TimeSpan? Time { get; init; }

    /// <summary>The seed.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Workers.</summary>
    public int Jobs { get; init; } = Environment.ProcessorCount;

    /// <summary>The corpus.</summary>
    public string Corpus { get; init; } = CorpusFolder.Shipped;

    /// <summary>Where failing inputs go.</summary>
    public string Failures { get; init; } = "fuzz-failures";

    /// <summary>Bytes kept by entry.</summary>
    public int KeepBytes { get; init; } = 5000;

    /// <summary>A file to replay.</summary>
    public string? Replay { get; init; }

    /// <summary>Another assembly of entries.</summary>
    public string? Assembly { get; init; }

    /// <summary>Only name the entries.</summary>
    public bool List { get; init; }

    /// <summary>Only show the usage.</summary>
    public bool Help { get; init; }

    /// <summary>Write back what was found.</summary>
    public bool Minimize { get; init; }

    /// <summary>Name the methods not reached.</summary>
    public bool Uncovered { get; init; }

    /// <summary>Reads the arguments; null, with a line on what is wrong.</summary>
    public static CommandLine? TryParse(IReadOnlyList<string> args, out string? error)
    {
        var command = new CommandLine();
        error = null;
        for (var i = 0; i < args.Count; i++)
        {
            var flag = Flag(command, args[i]);
            if (flag is not null)
            {
                command = flag;
                continue;
            }

            if (i + 1 == args.Count || Valued(command, args[i], args[i + 1]) is not { } valued)
            {
                var value = i + 1 < args.Count ? " " + args[i + 1] : string.Empty;
                error = $"'{args[i]}{value}' is not understood; --help tells the options.";
                return null;
            }

            command = valued;
            i++;
        }

        return command;
    }

    private static CommandLine? Flag(CommandLine command, string name) => name switch
    {
        "--list" => command with { List = true },
        "--help" or "-h" => command with { Help = true },
        "--minimize" => command with { Minimize = true },
        "--uncovered" => command with { Uncovered = true },
        _ => null,
    };

    private static CommandLine? Valued(CommandLine command, string name, string value)
    {
        var isNumber = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        return name switch
        {
            "--entry" => command with { Entries = [.. command.Entries, value] },
            "--corpus" => command with { Corpus = value },
            "--failures" => command with { Failures = value },
            "--replay" => command with { Replay = value },
            "--assembly" => command with { Assembly = value },
            "--count" when isNumber => command with { Count = number },
            "--time" when isNumber && number > 0 => command with { Time = TimeSpan.FromSeconds(number), Count = long.MaxValue },
            "--seed" when isNumber => command with { Seed = (ulong)number },
            "--jobs" when isNumber && number is > 0 and <= 256 => command with { Jobs = (int)number },
            "--keep-bytes" when isNumber && number <= int.MaxValue => command with { KeepBytes = (int)number },
            _ => null,
        };
    }
}
