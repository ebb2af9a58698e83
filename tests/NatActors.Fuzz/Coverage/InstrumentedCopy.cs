using System.Reflection;
using System.Runtime.Loader;
using System.Security.Cryptography;

namespace NatActors.Fuzz.Coverage;

/// <summary>
/// Instrumented copies of our assemblies, in a folder beside the program, made anew when one of them has changed. The assemblies of the
/// normal build are only read.
/// </summary>
internal static class InstrumentedCopy
{
    private const string FolderName = "instrumented";
    private const string BlocksFile = "blocks.txt";

    private static readonly Lock Gate = new();

    /// <summary>What the entries test; entries of other assemblies are given by name.</summary>
    private static readonly string[] Subjects =
        ["NatActors.Multiformats", "NatActors.Wire", "NatActors.Protocols", "NatActors.Transports", "NatActors.Hosting"];

    /// <summary>The folder with the copies; the assemblies that are not in it are used as they are.</summary>
    public static string Ensure(string? entriesAssembly)
    {
        lock (Gate)
        {
            return Make(entriesAssembly);
        }
    }

    private static string Make(string? entriesAssembly)
    {
        var sources = Subjects.Append(entriesAssembly).OfType<string>().Select(name => PathOf(name)).ToList();
        var folder = Path.Combine(AppContext.BaseDirectory, FolderName, Key(sources));
        if (File.Exists(Path.Combine(folder, BlocksFile)))
        {
            return folder;
        }

        var made = Directory.CreateDirectory(folder + "." + Environment.ProcessId).FullName;
        var methods = new List<InstrumentedMethod>();
        foreach (var source in sources)
        {
            var first = methods.Count == 0 ? 1 : methods[^1].First + methods[^1].Count;
            methods.AddRange(Instrumenter.Instrument(source, Path.Combine(made, Path.GetFileName(source)), first));
        }

        File.WriteAllLines(Path.Combine(made, BlocksFile),
            methods.Select(method => $"{method.First}\t{method.Count}\t{method.Assembly}\t{method.Method}"));
        Publish(made, folder);
        return folder;
    }

    /// <summary>The blocks of a folder of copies.</summary>
    public static IReadOnlyList<InstrumentedMethod> Blocks(string folder) =>
        [.. File.ReadLines(Path.Combine(folder, BlocksFile)).Select(line => line.Split('\t'))
            .Select(parts => new InstrumentedMethod(parts[2], parts[3], int.Parse(parts[0], null), int.Parse(parts[1], null)))];

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, name + ".dll");

    private static string Key(IEnumerable<string> sources)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([Instrumenter.Version]);
        foreach (var source in sources.Append(typeof(Trace).Assembly.Location))
        {
            hash.AppendData(File.ReadAllBytes(source));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }

    /// <summary>Two processes may make the same copy at once: the first one's stays.</summary>
    private static void Publish(string made, string folder)
    {
        try
        {
            Directory.Move(made, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            Directory.Delete(made, recursive: true);
        }
    }
}

/// <summary>Our assemblies once more, instrumented where there is a copy, with static fields of their own.</summary>
internal sealed class InstrumentedContext(string folder) : AssemblyLoadContext("fuzzing")
{
    private const string OurPrefix = "NatActors.";

    /// <inheritdoc />
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        var file = assemblyName.Name + ".dll";
        var copy = Path.Combine(folder, file);
        var original = Path.Combine(AppContext.BaseDirectory, file);
        if (File.Exists(copy))
        {
            return LoadFromAssemblyPath(copy);
        }

        var isOurs = assemblyName.Name!.StartsWith(OurPrefix, StringComparison.Ordinal);
        return isOurs && File.Exists(original) ? LoadFromAssemblyPath(original) : null;
    }
}
