namespace NatActors.Lab.Verbs;

/// <summary>What <c>natactors lab up</c> is asked for.</summary>
public sealed record LabUpOptions
{
    /// <summary>The kind of router NA, before host A (<see cref="Nat.RouterKind.TryParse"/>). Default <c>portrestricted</c>.</summary>
    public string RouterA { get; init; } = "portrestricted";

    /// <summary>The kind of router NB, before host B. Default <c>portrestricted</c>.</summary>
    public string RouterB { get; init; } = "portrestricted";

    /// <summary>One way through the core, in milliseconds, from 0. Default 20.</summary>
    public double DelayMs { get; init; } = LabPlan.DefaultPathDelay.TotalMilliseconds;

    /// <summary>
    /// True to keep the laboratory up in this process, until Ctrl-C; false (default) leaves a process behind, until <c>lab down</c>.
    /// </summary>
    public bool Foreground { get; init; }

    /// <summary>The same as arguments of a command line, after <c>lab up</c>.</summary>
    internal IReadOnlyList<string> Arguments() =>
    [
        "--router-a", RouterA, "--router-b", RouterB, "--delay", DelayMs.ToString(System.Globalization.CultureInfo.InvariantCulture),
        "--foreground", "--json",
    ];
}
