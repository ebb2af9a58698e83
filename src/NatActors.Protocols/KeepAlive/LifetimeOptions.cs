using NatActors.Multiformats;

namespace NatActors.Protocols.KeepAlive;

/// <summary>How the lifetime of mappings is measured and used.</summary>
public sealed record LifetimeOptions
{
    /// <summary>The refresh interval while nothing is measured and nobody helps. Above zero; default 15 s.</summary>
    public TimeSpan Unmeasured { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The shortest interval. Above zero; default 2.5 s.</summary>
    public TimeSpan Shortest { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>The longest interval. At least the shortest; default one minute.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The part of the proven lifetime after which a mapping is refreshed. Between 0 and 1; default two thirds: in the rest a lost packet is sent
    /// again.
    /// </summary>
    public double Fraction { get; init; } = 2.0 / 3;

    /// <summary>
    /// The silences tried, ascending. Default 4 s, doubled up to 128 s: the truth is known within a factor of two, and lifetimes from five seconds
    /// on are told from shorter ones. Those that would prove more than the longest interval needs are left out.
    /// </summary>
    public IReadOnlyList<TimeSpan> Silences { get; init; } = [.. new[] { 4, 8, 16, 32, 64, 128 }.Select(s => TimeSpan.FromSeconds(s))];

    /// <summary>How many servers, each in a network of its own, are asked for their opinion. At least 1; default 3: one liar is outvoted.</summary>
    public int Opinions { get; init; } = 3;

    /// <summary>When it is measured again, give or take a tenth. Default two hours.</summary>
    public TimeSpan MeasureAgain { get; init; } = TimeSpan.FromHours(2);

    /// <summary>When it is tried again after every server failed; doubled each time up to <see cref="MostRetry"/>. Default one minute.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>See <see cref="FirstRetry"/>. Default half an hour.</summary>
    public TimeSpan MostRetry { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long a new network is left alone before it is measured. Default two seconds: the connections have to be made anew first.</summary>
    public TimeSpan Settling { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Connections that died silently within this time are one reason for doubt, and it is not measured again for their sake sooner. Default two
    /// minutes.
    /// </summary>
    public TimeSpan DoubtSpacing { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>When a doubt is forgotten that nobody could settle. Default one hour.</summary>
    public TimeSpan DoubtLasts { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The silences that are worth trying: up to the first that proves the longest interval.</summary>
    internal IReadOnlyList<TimeSpan> Useful => [.. Silences.TakeWhile((_, i) => i == 0 || Silences[i - 1] * Fraction < Longest)];
}

/// <summary>What <see cref="MappingLifetime"/> wants done.</summary>
public abstract record LifetimeEffect
{
    private LifetimeEffect()
    {
    }

    /// <summary>Measure with that server; report what is found, and the end.</summary>
    public sealed record Measure(PeerId Server, IReadOnlyList<TimeSpan> Silences) : LifetimeEffect;

    /// <summary>Give the measurement up that is under way; nothing more of it is to be reported.</summary>
    public sealed record GiveUp : LifetimeEffect;

    /// <summary>Refresh mappings this often from now on.</summary>
    public sealed record Refresh(TimeSpan Interval) : LifetimeEffect;
}
