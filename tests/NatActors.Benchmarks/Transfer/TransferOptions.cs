namespace NatActors.Benchmarks.Transfer;

/// <summary>What a run is asked to do.</summary>
/// <param name="Bytes">Payload of one transfer.</param>
/// <param name="Rounds">Transfers of each kind; the median counts.</param>
/// <param name="Pings">Round trips measured.</param>
/// <param name="JsonFile">Where the results go as JSON, or null.</param>
/// <param name="Seconds">Instead of the table: upload for that long, for a profiler. 0 for the table.</param>
internal sealed record TransferOptions(long Bytes, int Rounds, int Pings, string? JsonFile, int Seconds)
{
    private const long Mebibyte = 1024 * 1024;

    /// <summary>Reads the command line; null when it is wrong.</summary>
    public static TransferOptions? Parse(string[] args)
    {
        var options = new TransferOptions(256 * Mebibyte, 7, 2000, null, 0);
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
            {
                return null;
            }

            TransferOptions? next = (args[i], args[i + 1]) switch
            {
                ("--mib", var v) when int.TryParse(v, out var n) && n > 0 => options with { Bytes = n * Mebibyte },
                ("--rounds", var v) when int.TryParse(v, out var n) && n > 0 => options with { Rounds = n },
                ("--pings", var v) when int.TryParse(v, out var n) && n > 0 => options with { Pings = n },
                ("--soak", var v) when int.TryParse(v, out var n) && n > 0 => options with { Seconds = n },
                ("--json", var file) => options with { JsonFile = file },
                _ => null,
            };
            if (next is null)
            {
                return null;
            }

            options = next;
        }

        return options;
    }
}
