namespace NatActors.Benchmarks.Suite;

/// <summary>One turn of a measurement; the first ones warm up and are not counted.</summary>
internal readonly record struct Round(int Number, bool IsWarmUp);

/// <summary>The values of one figure, one a round. What counts is the median: a neighbour's burst moves it less than a mean.</summary>
internal sealed class Series
{
    private readonly List<double> _values = [];

    public Series(params IEnumerable<double> values) => _values.AddRange(values);

    public int Count => _values.Count;

    public IReadOnlyList<double> Values => _values;

    public double Median => Percentile(0.5);

    public double Min => _values.Count == 0 ? double.NaN : _values.Min();

    public double Max => _values.Count == 0 ? double.NaN : _values.Max();

    public void Add(double value) => _values.Add(value);

    /// <summary>Counts the value unless the round warms up.</summary>
    public void Add(Round round, double value)
    {
        if (!round.IsWarmUp)
        {
            _values.Add(value);
        }
    }

    /// <summary>The value below which that share lies, between neighbours by straight line; not a number where there are no values.</summary>
    /// <param name="share">0 to 1.</param>
    public double Percentile(double share)
    {
        if (_values.Count == 0)
        {
            return double.NaN;
        }

        var sorted = _values.Order().ToArray();
        var place = share * (sorted.Length - 1);
        var below = (int)Math.Floor(place);
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((sorted[above] - sorted[below]) * (place - below));
    }
}
