using System.Reflection;

namespace NatActors.Fuzz.Engine;

/// <summary>All entries of an assembly, found by reflection, by name.</summary>
public static class EntryCatalog
{
    /// <summary>The entries of this program.</summary>
    public static IReadOnlyList<FuzzEntry> All { get; } = In(typeof(EntryCatalog).Assembly);

    /// <summary>The entries of an assembly: every class that is one and has a constructor without parameters.</summary>
    /// <exception cref="InvalidOperationException">Two entries have the same name.</exception>
    public static IReadOnlyList<FuzzEntry> In(Assembly assembly)
    {
        var entries = assembly.GetTypes()
            .Where(type => !type.IsAbstract && type.IsAssignableTo(typeof(FuzzEntry)) && type.GetConstructor(Type.EmptyTypes) is not null)
            .Select(type => (FuzzEntry)Activator.CreateInstance(type)!)
            .OrderBy(entry => entry.Name, StringComparer.Ordinal)
            .ToList();
        var twice = entries.GroupBy(entry => entry.Name).FirstOrDefault(group => group.Count() > 1);
        return twice is null ? entries : throw new InvalidOperationException($"Two entries are called {twice.Key}.");
    }
}
