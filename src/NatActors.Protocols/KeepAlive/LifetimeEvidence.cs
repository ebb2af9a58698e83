namespace NatActors.Protocols.KeepAlive;

/// <summary>What one server showed of the lifetime of mappings: silences that one lived through, and such that one did not.</summary>
internal sealed class LifetimeEvidence
{
    private readonly List<TimeSpan> _alive = [];

    /// <summary>The shortest silence after which a mapping was gone, or null.</summary>
    public TimeSpan? Expired { get; private set; }

    /// <summary>
    /// The longest silence that a mapping lived through, of those shorter than any after which one was gone: where the two contradict each other,
    /// the careful one counts. Zero when there is none.
    /// </summary>
    public TimeSpan Proven => _alive.Where(silence => Expired is null || silence < Expired).DefaultIfEmpty().Max();

    /// <summary>True when nothing was found.</summary>
    public bool IsEmpty => Expired is null && _alive.Count == 0;

    /// <summary>A packet came in after that silence.</summary>
    public void OnAlive(TimeSpan silence) => _alive.Add(silence);

    /// <summary>A packet sent after that silence did not come in.</summary>
    public void OnExpired(TimeSpan silence) => Expired = Expired is { } known && known < silence ? known : silence;

    /// <summary>
    /// True when this, found later than the other, is to be believed instead: it shows that mappings live shorter, or it is no less than the other.
    /// </summary>
    public bool Overrides(LifetimeEvidence? other) => other is null || Proven >= other.Proven || Expired <= other.Proven;
}
