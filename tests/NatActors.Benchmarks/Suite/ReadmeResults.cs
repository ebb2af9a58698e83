namespace NatActors.Benchmarks.Suite;

/// <summary>The results in the readme: what stands between two marks, replaced by the run's table.</summary>
internal static class ReadmeResults
{
    public const string Begin = "<!-- results: written by bench --readme -->";
    public const string End = "<!-- end of results -->";

    private const string Solution = "NatActors.sln";

    /// <summary>The readme of this project; null where the program does not stand in its repository.</summary>
    public static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Solution)))
            {
                return Path.Combine(folder.FullName, "tests", "NatActors.Benchmarks", "README.md");
            }
        }

        return null;
    }

    /// <summary>The readme with other results; null where it has not both marks, in their order.</summary>
    public static string? Replace(string readme, IEnumerable<string> lines)
    {
        var begin = readme.IndexOf(Begin, StringComparison.Ordinal);
        var end = readme.IndexOf(End, StringComparison.Ordinal);
        return begin < 0 || end < begin ? null : $"{readme[..(begin + Begin.Length)]}\n\n{string.Join('\n', lines)}\n\n{readme[end..]}";
    }
}
