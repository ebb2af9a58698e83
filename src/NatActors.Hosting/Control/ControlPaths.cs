namespace NatActors.Hosting.Control;

/// <summary>Where control sockets stand when nobody names another place.</summary>
public static class ControlPaths
{
    /// <summary>The value of the option <c>Control</c> for a socket in the user's own folder, under a name that is free.</summary>
    public const string Automatic = "auto";

    /// <summary>The value of the option <c>Control</c> for none.</summary>
    public const string None = "none";

    /// <summary>The end of every socket's name.</summary>
    public const string Extension = ".sock";

    /// <summary>Nodes of one user that can have a socket each by themselves. Ours: more than anybody runs by hand; others name theirs.</summary>
    public const int MaxNames = 32;

    private const string Folder = "natactors";
    private const string FirstName = "node";

    /// <summary>
    /// The folder for this user's sockets: <c>$XDG_RUNTIME_DIR/natactors</c>, else <c>/run/natactors</c> for root, else
    /// <c>natactors</c> in the user's data folder.
    /// </summary>
    public static string OwnFolder => Folders().First();

    /// <summary>The names that a socket may take in a folder, in the order they are tried: <c>node.sock</c>, <c>node-2.sock</c>, …</summary>
    public static IEnumerable<string> Names(string folder) =>
        Enumerable.Range(1, MaxNames).Select(number => Path.Combine(folder, (number == 1 ? FirstName : $"{FirstName}-{number}") + Extension));

    /// <summary>Every socket of nodes that this user may ask, dead ones included.</summary>
    public static IReadOnlyList<string> Existing() => [.. Folders().Distinct().SelectMany(SocketsIn)];

    private static IEnumerable<string> Folders()
    {
        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && Directory.Exists(runtime))
        {
            yield return Path.Combine(runtime, Folder);
        }

        if (UnixOwner.Self == UnixOwner.Root)
        {
            yield return Path.Combine("/run", Folder);
        }

        yield return Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), Folder);
    }

    private static IEnumerable<string> SocketsIn(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.GetFiles(folder, $"*{Extension}").OrderBy(path => path.Length).ThenBy(path => path, StringComparer.Ordinal)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
