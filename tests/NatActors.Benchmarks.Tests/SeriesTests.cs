using NatActors.Benchmarks.Suite;

namespace NatActors.Benchmarks.Tests;

public class SeriesTests
{
    [Theory]
    [InlineData(new[] { 3.0 }, 3)]
    [InlineData(new[] { 9.0, 1, 5 }, 5)]
    [InlineData(new[] { 4.0, 1, 2, 100 }, 3)]
    public void The_median_is_the_middle_or_lies_between_the_two_of_it(double[] values, double expected) =>
        Assert.Equal(expected, new Series(values).Median);

    [Fact]
    public void A_percentile_lies_between_its_neighbours() => Assert.Equal(9.9, new Series(Enumerable.Range(0, 11).Select(i => (double)i)).Percentile(0.99), 9);

    [Fact]
    public void Without_values_there_is_no_median() => Assert.True(double.IsNaN(new Series().Median));

    [Fact]
    public void A_warm_up_is_not_counted()
    {
        var series = new Series();
        series.Add(new Round(0, IsWarmUp: true), 1000);
        series.Add(new Round(1, IsWarmUp: false), 2);
        series.Add(new Round(2, IsWarmUp: false), 4);
        Assert.Equal((3, 2, 4), (series.Median, series.Min, series.Max));
    }
}
