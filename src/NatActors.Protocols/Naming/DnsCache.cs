namespace NatActors.Protocols.Naming;

/// <summary>How long answers are kept.</summary>
public sealed record DnsCacheOptions
{
    /// <summary>Answers kept; beyond it the one that ends first goes. At least 1; default 256. Ours: peers' names count too.</summary>
    public int MaxEntries { get; init; } = 256;

    /// <summary>
    /// Bytes that the values of all answers take, about; beyond it those that end first go, and one that is larger alone is not kept. At least
    /// 1; default 1 MiB. Ours: an answer has some hundred bytes, but a hostile zone fills 64 KiB with each.
    /// </summary>
    public int MaxBytes { get; init; } = 1 << 20;

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
    private long _bytes;

    /// <summary>Answers kept now, some of which may have ended.</summary>
    public int Count => _entries.Count;

    /// <summary>Bytes that they take, about.</summary>
    public long Bytes => _bytes;

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

        Forget(question);
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
        Forget(question);
        var size = SizeOf(outcome);
        if (size > options.MaxBytes)
        {
            return;
        }

        while (_entries.Count >= options.MaxEntries || _bytes + size > options.MaxBytes)
        {
            Forget(_entries.MinBy(e => e.Value.Ends).Key);
        }

        _bytes += size;
        _entries[question] = (outcome, now + time);
    }

    /// <summary>Takes an answer out: what it led to does not work, so ask anew. Returns it.</summary>
    public DnsOutcome? Forget(DnsQuestion question)
    {
        if (!_entries.Remove(question, out var entry))
        {
            return null;
        }

        _bytes -= SizeOf(entry.Outcome);
        return entry.Outcome;
    }

    private static long SizeOf(DnsOutcome outcome)
    {
        // What an object or a text of .NET takes besides its content, about.
        const int Overhead = 64;
        var texts = outcome.Texts.Sum(text => (long)Overhead + (sizeof(char) * text.Length));
        return texts + (Overhead * (outcome.Addresses.Count + 1)) + (sizeof(char) * outcome.Detail.Length);
    }
}
