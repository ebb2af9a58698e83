using System.Globalization;

namespace NatActors.Soak.Tests;

/// <summary>How long the soak takes, and by which seed. The two knobs are environment variables; the rest is fixed for each
/// length.</summary>
public sealed record SoakOptions
{
    /// <summary>The seed: a whole number. Without it a new one is drawn, and printed.</summary>
    public const string SeedVariable = "NATACTORS_SOAK_SEED";

    /// <summary>Minutes that the long run takes; may have a fraction. Default 60.</summary>
    public const string MinutesVariable = "NATACTORS_SOAK_MINUTES";

    /// <summary>A seed by which the plain run, though short, has every kind of disturbance.</summary>
    public const int PlainSeed = 3;

    private const double UsualMinutes = 60;

    private SoakOptions(int seed) => Seed = seed;

    /// <summary>All that is drawn is drawn by it.</summary>
    public int Seed { get; }

    /// <summary>No new round begins after this, but for <see cref="LeastRounds"/>.</summary>
    public TimeSpan Duration { get; private init; }

    /// <summary>Steps between two checkpoints.</summary>
    public int StepsPerRound { get; private init; }

    /// <summary>
    /// One step in so many disturbs the network. In the long run 60: with some sixteen steps a second one every four seconds, so that most
    /// steps still go through.
    /// </summary>
    public int StepsForOneDisturbance { get; private init; } = 60;

    /// <summary>Rounds that are run whatever the time: the first is warm-up, one has to follow.</summary>
    public int LeastRounds { get; private init; }

    /// <summary>Steps that may be under way at once: enough to overlap on each of the three nodes.</summary>
    public int Parallel { get; private init; } = 12;

    /// <summary>The time between the starts of two steps: churn, not load, so that an hour costs a fraction of a core.</summary>
    public TimeSpan Pace { get; private init; } = TimeSpan.FromMilliseconds(60);

    /// <summary>
    /// How long a checkpoint waits for the network to come to rest. By default longer than anything that a node does by itself after a
    /// disturbance: a reservation is asked for again half a minute after its relay was lost at the latest, a dead path is noticed in
    /// seconds, mappings are measured for some ten. In the plain run, whose disturbances are over in seconds, half of that: no test may be
    /// silent for three minutes.
    /// </summary>
    public TimeSpan Patience { get; private init; } = TimeSpan.FromSeconds(150);

    /// <summary>How often the table is printed.</summary>
    public TimeSpan TableInterval { get; private init; } = TimeSpan.FromMinutes(1);

    /// <summary>The run of <c>./build.sh test --slow</c>.</summary>
    public static SoakOptions Long() => new(Seeded() ?? Random.Shared.Next())
    {
        Duration = TimeSpan.FromMinutes(Minutes()),
        StepsPerRound = 1500,
        LeastRounds = 3,
    };

    /// <summary>The same in about half a minute, by a fixed seed where none is given, for the plain run.</summary>
    public static SoakOptions Short() => new(Seeded() ?? PlainSeed)
    {
        Duration = TimeSpan.Zero,
        StepsPerRound = 200,
        StepsForOneDisturbance = 40,
        Patience = TimeSpan.FromSeconds(75),
        LeastRounds = 2,
    };

    private static int? Seeded() =>
        int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var seed) ? seed : null;

    private static double Minutes() =>
        double.TryParse(Environment.GetEnvironmentVariable(MinutesVariable), CultureInfo.InvariantCulture, out var minutes)
            ? minutes
            : UsualMinutes;
}
