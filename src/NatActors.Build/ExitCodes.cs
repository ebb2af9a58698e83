namespace NatActors.Build;

/// <summary>How the build program ends.</summary>
internal static class ExitCodes
{
    public const int Success = 0;

    /// <summary>The compiler or a test failed.</summary>
    public const int Failed = 1;

    /// <summary>The arguments, or a tool that is missing.</summary>
    public const int Usage = 2;
}

/// <summary>The build cannot go on, for a reason that the user can act on: one line, no stack trace.</summary>
internal sealed class BuildException(string message, int exitCode) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
