namespace NatActors.Fuzz.Running;

/// <summary>
/// Inputs that are kept: in each subfolder one file an entry, <c>name.hex</c>, one input a line, lines with <c>#</c> are comments.
/// </summary>
public sealed class CorpusFolder(string root)
{
    /// <summary>What the engine found, reduced to what adds coverage; rewritten by <c>--minimize</c>.</summary>
    public const string Found = "found";

    /// <summary>Where the shipped corpus lies beside the program.</summary>
    public static string Shipped { get; } = Path.Combine(AppContext.BaseDirectory, "Corpus");

    /// <summary>All inputs of an entry, in a fixed order.</summary>
    /// <param name="entry">The entry's name.</param>
    /// <param name="except">A subfolder to leave out.</param>
    public IReadOnlyList<byte[]> Read(string entry, string? except = null) => !Directory.Exists(root)
        ? []
        : [.. Directory.EnumerateDirectories(root)
            .Where(folder => Path.GetFileName(folder) != except)
            .Order(StringComparer.Ordinal)
            .Select(folder => Path.Combine(folder, entry + ".hex"))
            .Where(File.Exists)
            .SelectMany(ReadFile)];

    /// <summary>The inputs of one file.</summary>
    /// <exception cref="FormatException">A line is neither hex nor a comment.</exception>
    public static IEnumerable<byte[]> ReadFile(string path) => File.ReadLines(path)
        .Where(line => line.Length == 0 || line[0] != '#')
        .Select(line => Convert.FromHexString(line.Trim()));

    /// <summary>Replaces what was found for an entry.</summary>
    public void WriteFound(string entry, IReadOnlyCollection<byte[]> inputs)
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(root, Found)).FullName, entry + ".hex");
        if (inputs.Count == 0)
        {
            File.Delete(path);
            return;
        }

        File.WriteAllLines(path, inputs.Select(Convert.ToHexStringLower));
    }
}
