using NatActors.Benchmarks.Suite;

namespace NatActors.Benchmarks.Tests;

public class FigureTests
{
    [Theory]
    [InlineData(600, true)]
    [InlineData(599, false)]
    public void At_least_takes_the_number_itself(double value, bool reached) =>
        Assert.Equal(Expected(reached), (Of(value) with { Goal = Goal.AtLeast(600) }).Outcome);

    [Theory]
    [InlineData(0.05, true)]
    [InlineData(0.051, false)]
    public void At_most_takes_the_number_itself(double value, bool reached) =>
        Assert.Equal(Expected(reached), (Of(value) with { Goal = Goal.AtMost(0.05) }).Outcome);

    [Theory]
    [InlineData(60, true)]
    [InlineData(59, false)]
    public void A_goal_by_ratio_is_judged_by_the_first_yardstick(double value, bool reached)
    {
        var figure = Of(value) with { Goal = Goal.RatioAtLeast(0.6), Beside = [new Yardstick("bare", 100), new Yardstick("js", 1)] };
        Assert.Equal(Expected(reached), figure.Outcome);
        Assert.Equal(value / 100, figure.Ratio);
    }

    [Fact]
    public void A_goal_by_ratio_without_a_yardstick_is_not_judged() =>
        Assert.Equal(Outcome.NoGoal, (Of(1) with { Goal = Goal.RatioAtMost(1.3) }).Outcome);

    [Fact]
    public void What_was_not_measured_reaches_no_goal() =>
        Assert.Equal(Outcome.NotMeasured, (Figure.NotMeasured("a", "b", "c", "why") with { Goal = Goal.AtMost(1) }).Outcome);

    [Fact]
    public void Goals_read_as_they_are_held() =>
        Assert.Equal([">= 600", "<= 0.05", ">= 0.6x"], new[] { Goal.AtLeast(600), Goal.AtMost(0.05), Goal.RatioAtLeast(0.6) }.Select(goal => goal.Text));

    private static Outcome Expected(bool reached) => reached ? Outcome.Pass : Outcome.Miss;

    private static Figure Of(double value) => Figure.Counted("id", "what", "unit", value);
}
