using NatActors.Hosting;

namespace NatActors.Cli;

/// <summary>Options as a configuration file and the command line make them, with the mistakes of the file.</summary>
/// <param name="Options">The options; a command may set more.</param>
/// <param name="Mistakes">What the file has wrong.</param>
public sealed record ConfiguredOptions(NatActorsOptions Options, IReadOnlyList<string> Mistakes)
{
    /// <summary>The options when there is no mistake in them.</summary>
    /// <exception cref="UsageException">There are mistakes; the message has all of them, one a line.</exception>
    public NatActorsOptions Checked()
    {
        string[] all = [.. Mistakes, .. Options.TryBuild(out _)];
        return all.Length == 0 ? Options : throw new UsageException(string.Join(Environment.NewLine, all));
    }
}
