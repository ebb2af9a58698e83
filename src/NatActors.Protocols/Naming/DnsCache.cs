namespace NatActors.Protocols.Naming;

/// <summary>How long answers are kept.</summary>
public sealed record DnsCacheOptions
{
    /// <summary>Answers kept; beyond it the one that ends first goes. At least 1; default 256. Ours: peers' names count too.</summary>
    public int MaxEntries { get; init; } = 256;

    /// <summary>The shortest time an answer is kept. Default 5 s. Ours: the dials of one burst share it, whatever the zone says.</summary>
    public TimeSpan Shortest { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest time an answer is kept. Default 1 h. Ours: a name that moved is found again within it.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// The longest time the answer that there is nothing is kept. Default 1 min; RFC 2308 section 5 allows hours, but a record may be added
    /// while a person waits for it.
    /// </summary>
    public TimeSpan LongestNegative { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>Answers of name servers, for as long as they may be kept. Failures are not kept: the next question asks again.</summary>
public sealed class DnsCache(DnsCacheOptions options)
{
    private readonly Dictionary<DnsQuestion, (DnsOutcome Outcome, TimeSpan Ends)> _entries = [];

    /// <summary>Answers kept now, some of which may have ended.</summary>
    public int Count => _entries.Count;

    /// <summary>The answer, or null when it is not known or no longer.</summary>
    public DnsOutcome? Find(DnsQuestion question, TimeSpan now)
    {
        if (!_entries.TryGetValue(question, out var entry))
        {
            return null;
        }

        if (now < entry.Ends)
        {
            return entry.Outcome;
        }

        _entries.Remove(question);
        return null;
    }

    /// <summary>Keeps an answer for its time to live, within the bounds.</summary>
    public void Keep(DnsQuestion question, DnsOutcome outcome, TimeSpan now)
    {
        if (outcome.Kind == DnsOutcomeKind.Failed)
        {
            return;
        }

        var most = outcome.IsNegative ? options.LongestNegative : options.Longest;
        var time = outcome.TimeToLive ?? options.Shortest;
        time = time > most ? most : time < options.Shortest ? options.Shortest : time;
        if (!_entries.ContainsKey(question) && _entries.Count >= options.MaxEntries)
        {
            _entries.Remove(_entries.MinBy(e => e.Value.Ends).Key);
        }

        _entries[question] = (outcome, now + time);
    }

    /// <summary>Takes an answer out: what it led to does not work, so ask anew. Returns it.</summary>
    public DnsOutcome? Forget(DnsQuestion question) => _entries.Remove(question, out var entry) ? entry.Outcome : null;
}
