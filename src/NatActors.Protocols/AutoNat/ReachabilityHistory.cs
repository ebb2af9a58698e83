namespace NatActors.Protocols.AutoNat;

/// <summary>Verdicts that were, the latest first; bounded.</summary>
internal sealed class ReachabilityHistory
{
    /// <summary>Ours: enough to see an oscillation.</summary>
    public const int MaxEntries = 16;

    private readonly List<VerdictChange> _entries = [];

    public IReadOnlyList<VerdictChange> Entries => [.. _entries];

    public void Add(Reachability verdict, TimeSpan at, string reason)
    {
        _entries.Insert(0, new VerdictChange(verdict, at, reason));
        if (_entries.Count > MaxEntries)
        {
            _entries.RemoveAt(MaxEntries);
        }
    }
}
