using System.Globalization;

namespace NatActors.Benchmarks.Suite;

/// <summary>Which way is better.</summary>
internal enum Direction
{
    AtLeast,
    AtMost,
}

/// <summary>What a goal is held against.</summary>
internal enum GoalOf
{
    /// <summary>The figure itself.</summary>
    Value,

    /// <summary>The figure over its first yardstick.</summary>
    Ratio,
}

/// <summary>What a figure should reach.</summary>
internal sealed record Goal(double Number, Direction Direction, GoalOf Of)
{
    /// <summary>How it reads in the table.</summary>
    public string Text => string.Create(
        CultureInfo.InvariantCulture,
        $"{(Direction == Direction.AtLeast ? ">=" : "<=")} {Format.Number(Number)}{(Of == GoalOf.Ratio ? "x" : "")}");

    public static Goal AtLeast(double number) => new(number, Direction.AtLeast, GoalOf.Value);

    public static Goal AtMost(double number) => new(number, Direction.AtMost, GoalOf.Value);

    public static Goal RatioAtLeast(double number) => new(number, Direction.AtLeast, GoalOf.Ratio);

    public static Goal RatioAtMost(double number) => new(number, Direction.AtMost, GoalOf.Ratio);

    public bool IsMetBy(double number) => Direction == Direction.AtLeast ? number >= Number : number <= Number;
}
