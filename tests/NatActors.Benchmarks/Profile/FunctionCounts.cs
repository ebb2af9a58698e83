using System.Globalization;

namespace NatActors.Benchmarks.Profile;

/// <summary>Samples of one process by function.</summary>
internal sealed class FunctionCounts
{
    private const int Shown = 25;
    private const int NameWidth = 100;

    private readonly Dictionary<string, int> _alone = [];
    private readonly Dictionary<string, int> _whole = [];

    public int Samples { get; private set; }

    /// <summary>One sample, innermost frame first. A function that calls itself counts once.</summary>
    public void Add(IReadOnlyList<string> frames)
    {
        Samples++;
        _alone[frames[0]] = _alone.GetValueOrDefault(frames[0]) + 1;
        foreach (var frame in frames.Distinct())
        {
            _whole[frame] = _whole.GetValueOrDefault(frame) + 1;
        }
    }

    /// <summary>The shares, greatest first: of a function alone, and with what it called.</summary>
    public IEnumerable<string> Lines(string title)
    {
        yield return $"{title}: {Samples} samples";
        foreach (var (heading, counts) in new[] { ("alone", _alone), ("with what it called", _whole) })
        {
            yield return $"  {heading}";
            foreach (var (name, count) in counts.OrderByDescending(one => one.Value).ThenBy(one => one.Key, StringComparer.Ordinal).Take(Shown))
            {
                var share = (100.0 * count / Samples).ToString("0.0", CultureInfo.InvariantCulture);
                yield return $"  {share,6} %  {(name.Length > NameWidth ? name[..NameWidth] : name)}";
            }
        }

        yield return "";
    }
}
