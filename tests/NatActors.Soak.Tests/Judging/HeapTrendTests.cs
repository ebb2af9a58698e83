using NatActors.Soak.Tests.Counters;

namespace NatActors.Soak.Tests.Judging;

/// <summary>That the judge of the soak can say no, and says it for real memory too.</summary>
public class HeapTrendTests
{
    private const int StepsAPoint = 1000;
    private const int Points = 25;

    private static readonly List<byte[]> Leak = [];

    [Fact]
    public void A_heap_that_swings_but_does_not_grow_passes()
    {
        var random = new Random(7);
        Assert.Null(HeapTrend.Judge(Run(_ => random.Next(-200_000, 200_000))));
    }

    [Fact]
    public void Fifty_bytes_a_step_do_not_pass_in_the_same_noise()
    {
        var random = new Random(7);
        var verdict = HeapTrend.Judge(Run(point => (point * StepsAPoint * 50) + random.Next(-200_000, 200_000)));
        Assert.Contains("bytes a step", verdict);
    }

    [Fact]
    public void One_great_jump_does_not_pass_in_a_run_too_short_for_a_trend()
    {
        MemoryPoint[] points = [new(100, 20 << 20), new(200, 20 << 20), new(300, (20 << 20) + HeapTrend.MostGrowth + 1)];
        Assert.Contains("has grown by", HeapTrend.Judge(points));
        Assert.Null(HeapTrend.Judge(points[..2]));
    }

    [Fact]
    public void Resident_memory_that_swings_passes_and_one_that_doubles_does_not()
    {
        Assert.Null(HeapTrend.JudgeResident([.. Enumerable.Range(0, Points).Select(i => (long)(150 + (i % 3 * 10)) << 20)]));
        Assert.Contains("resident", HeapTrend.JudgeResident([.. Enumerable.Range(0, Points).Select(i => (long)(150 + (i * 6)) << 20)]));
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(0, false)]
    public void Real_objects_that_are_left_behind_at_each_step_are_seen(int bytes, bool seen)
    {
        var points = new List<MemoryPoint>();
        for (var point = 1; point <= HeapTrend.LeastPoints; point++)
        {
            for (var step = 0; step < StepsAPoint * 10; step++)
            {
                var left = new byte[64];
                if (bytes > 0)
                {
                    Leak.Add(left);
                }
            }

            points.Add(new MemoryPoint(point * StepsAPoint * 10, ProcessCounts.LiveBytes()));
        }

        Leak.Clear();
        Assert.Equal(seen, HeapTrend.Judge(points) is not null);
    }

    private static List<MemoryPoint> Run(Func<int, long> extra) =>
        [.. Enumerable.Range(1, Points).Select(point => new MemoryPoint(point * StepsAPoint, (20 << 20) + extra(point)))];
}
