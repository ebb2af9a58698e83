namespace NatActors.Testing;

/// <summary>
/// Lines of a test that takes minutes, for whoever waits for it: appended to the file that <see cref="FileVariable"/> names.
/// <c>./build.sh test --slow</c> names one and shows what comes; without one nothing is written.
/// </summary>
public static class Progress
{
    /// <summary>The environment variable with the file's name.</summary>
    public const string FileVariable = "NATACTORS_PROGRESS";

    private static readonly Lock Gate = new();
    private static readonly string? File = Environment.GetEnvironmentVariable(FileVariable);

    /// <summary>Shows a line, or several.</summary>
    public static void Say(string text)
    {
        if (string.IsNullOrEmpty(File))
        {
            return;
        }

        lock (Gate)
        {
            System.IO.File.AppendAllText(File, text + Environment.NewLine);
        }
    }
}
