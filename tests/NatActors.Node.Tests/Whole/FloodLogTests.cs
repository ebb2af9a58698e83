namespace NatActors.Node.Tests.Whole;

public sealed class FloodLogTests
{
    [Fact]
    public void A_flood_is_a_few_lines_and_then_one_that_says_how_many_there_were()
    {
        var log = new FloodLog();
        var start = TimeSpan.FromHours(1);
        Assert.Equal(10, Enumerable.Range(0, 1000).Count(_ => log.MayLog(start, out var others) && others.Length == 0));

        Assert.True(log.MayLog(start + TimeSpan.FromSeconds(10), out var left));
        Assert.Contains("990 more", left, StringComparison.Ordinal);
        Assert.False(log.MayLog(start + TimeSpan.FromSeconds(11), out _));
    }
}
