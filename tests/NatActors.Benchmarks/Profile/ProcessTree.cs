using NatActors.Benchmarks.Suite;

namespace NatActors.Benchmarks.Profile;

/// <summary>The processes of a benchmark, with what each plays.</summary>
internal static class ProcessTree
{
    /// <summary>The process itself, under the name given, and its children that play a role.</summary>
    public static IReadOnlyDictionary<int, string> Below(int id, string name)
    {
        var found = new Dictionary<int, string> { [id] = name };
        foreach (var task in Directory.GetDirectories($"/proc/{id}/task"))
        {
            foreach (var child in File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var words = File.ReadAllText($"/proc/{child}/cmdline").Split('\0');
                if (Array.IndexOf(words, OtherProcess.Word) is var at and > 0)
                {
                    found[int.Parse(child)] = $"{name}, the process that plays {string.Join(' ', words[(at + 1)..]).Trim()}";
                }
            }
        }

        return found;
    }
}
