using NatActors.Hosting.Control;
using NatActors.Multiformats;
using NatActors.Node;

namespace NatActors.Cli;

/// <summary>How the command ends. The table in README.md is this.</summary>
public static class ExitCodes
{
    /// <summary>Done, or ended by SIGTERM or Ctrl-C.</summary>
    public const int Ok = 0;

    /// <summary>The peer or the network failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int Usage = 2;

    /// <summary>A port could not be bound.</summary>
    public const int Port = 3;

    /// <summary>The key file could not be used.</summary>
    public const int Key = 4;

    /// <summary>The exit code for a failure; the exception's message is one line (or one for each mistake) that says what to do.</summary>
    public static int For(Exception failure) => failure switch
    {
        UsageException or ControlSocketException or ArgumentException or FormatException => Usage,
        NodeStartException { Failure.Kind: NodeFailureKind.Port } => Port,
        KeyFileException => Key,
        _ => Failed,
    };
}

/// <summary>The command line or the configuration is wrong; the message says what to do.</summary>
public sealed class UsageException(string message) : Exception(message);
