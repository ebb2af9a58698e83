namespace NatActors.Protocols.Relay;

/// <summary>
/// What a relay allows one circuit (circuit-v2.md, "Reservation", field limit). Null means unlimited; so does a zero on the wire, and an
/// absent message.
/// </summary>
/// <param name="Duration">How long the circuit may last, in whole seconds on the wire.</param>
/// <param name="BytesPerDirection">How many bytes may pass each way.</param>
public sealed record RelayLimits(TimeSpan? Duration, long? BytesPerDirection)
{
    /// <summary>No limit at all.</summary>
    public static RelayLimits None { get; } = new(null, null);

    /// <summary>True when neither time nor bytes are limited.</summary>
    public bool Unlimited => Duration is null && BytesPerDirection is null;

    internal static RelayLimits FromWire(Proto.Limit? limit)
    {
        if (limit is null)
        {
            return None;
        }

        // A 32-bit count of seconds fits a TimeSpan; a byte count beyond long is no limit that anybody reaches.
        return new RelayLimits(
            limit.Duration == 0 ? null : TimeSpan.FromSeconds(limit.Duration),
            limit.Data == 0 ? null : (long)Math.Min(limit.Data, long.MaxValue));
    }

    internal Proto.Limit? ToWire()
    {
        if (Unlimited)
        {
            return null;
        }

        return new Proto.Limit
        {
            Duration = Duration is { } d ? (uint)Math.Clamp(Math.Ceiling(d.TotalSeconds), 1, uint.MaxValue) : 0,
            Data = (ulong)(BytesPerDirection ?? 0),
        };
    }
}
