namespace NatActors.Benchmarks.Suite;

/// <summary>Something that a figure is put beside.</summary>
/// <param name="Name">What it is, e.g. "js-libp2p".</param>
/// <param name="Value">In the figure's unit.</param>
/// <param name="Measured">True for one measured in the same run, false for one published or measured elsewhere: it is marked in the table.</param>
internal sealed record Yardstick(string Name, double Value, bool Measured = true)
{
    /// <summary>The median of a series of this run.</summary>
    public static Yardstick Of(string name, Series series) => new(name, series.Median);

    /// <summary>A number from elsewhere: another machine, another day.</summary>
    public static Yardstick Elsewhere(string name, double value) => new(name, value, Measured: false);
}

/// <summary>How a figure stands to its goal.</summary>
internal enum Outcome
{
    NoGoal,
    Pass,
    Miss,

    /// <summary>It could not be measured here; <see cref="Figure.Note"/> says why.</summary>
    NotMeasured,
}

/// <summary>One line of the table: a median of several rounds, beside what it is compared with.</summary>
/// <param name="Id">Fixed name for tools, by benchmark, e.g. <c>transfer.upload</c>.</param>
/// <param name="What">For people, 36 characters at most.</param>
/// <param name="Unit">E.g. <c>MiB/s</c>, 10 characters at most.</param>
/// <param name="Values">One value a round; none if it was not measured.</param>
internal sealed record Figure(string Id, string What, string Unit, Series Values)
{
    /// <summary>What it should reach, or null.</summary>
    public Goal? Goal { get; init; }

    /// <summary>What it is put beside; the ratio of the goal is the one to the first.</summary>
    public IReadOnlyList<Yardstick> Beside { get; init; } = [];

    /// <summary>One line more that a reader needs, or null.</summary>
    public string? Note { get; init; }

    /// <summary>The median.</summary>
    public double Value => Values.Median;

    /// <summary>The figure over its first yardstick; null where there is none.</summary>
    public double? Ratio => Beside.Count == 0 || Values.Count == 0 ? null : Value / Beside[0].Value;

    public Outcome Outcome
    {
        get
        {
            if (Values.Count == 0)
            {
                return Outcome.NotMeasured;
            }

            var judged = Goal?.Of == GoalOf.Ratio ? Ratio : Value;
            return Goal is null || judged is null ? Outcome.NoGoal : Goal.IsMetBy(judged.Value) ? Outcome.Pass : Outcome.Miss;
        }
    }

    /// <summary>A figure of one value, as counted things have.</summary>
    public static Figure Counted(string id, string what, string unit, double value) => new(id, what, unit, new Series(value));

    /// <summary>What cannot be measured on this machine, and why.</summary>
    public static Figure NotMeasured(string id, string what, string unit, string why) => new(id, what, unit, new Series()) { Note = why };
}
