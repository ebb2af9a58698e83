using System.Collections.Concurrent;

namespace NatActors.Soak.Tests.Counters;

/// <summary>Counts by name, of which there are few; and the first texts of what should not happen.</summary>
public sealed class EventCounts
{
    private const int MostNames = 200;
    private const int MostTexts = 40;
    private const int LongestText = 2000;

    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly ConcurrentQueue<string> _texts = new();

    public IReadOnlyDictionary<string, long> ByName => _counts;

    public IReadOnlyCollection<string> Texts => _texts;

    public long Total => _counts.Values.Sum();

    public void Add(string name)
    {
        if (_counts.Count < MostNames || _counts.ContainsKey(name))
        {
            _counts.AddOrUpdate(name, 1, static (_, n) => n + 1);
        }
    }

    public void Keep(string text)
    {
        if (_texts.Count < MostTexts)
        {
            _texts.Enqueue(text.Length > LongestText ? text[..LongestText] : text);
        }
    }

    /// <summary>The counts in one line, the largest first.</summary>
    public string Line(int most = 6) =>
        string.Join(", ", _counts.OrderByDescending(pair => pair.Value).Take(most).Select(pair => $"{pair.Key} {pair.Value}"));
}
