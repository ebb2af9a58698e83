namespace NatActors.Protocols.Relay;

/// <summary>The two ways through a circuit.</summary>
public enum CircuitDirection
{
    /// <summary>From the peer that asked for the circuit.</summary>
    FromSource,

    /// <summary>From the peer that was asked for.</summary>
    FromDestination,
}

/// <summary>
/// Counts what passes a circuit against its limits (circuit-v2.md, "Reservation", field limit: bytes in each direction, and duration). The
/// two directions may be counted from two threads at once; each direction has one writer.
/// </summary>
public sealed class CircuitMeter
{
    private readonly long _limit;
    private long _fromSource;
    private long _fromDestination;

    /// <summary>A meter for a circuit that starts now.</summary>
    public CircuitMeter(RelayLimits limits, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _limit = limits.BytesPerDirection ?? long.MaxValue;
        Deadline = limits.Duration is { } duration ? now + duration : null;
    }

    /// <summary>When the circuit has to end, or null.</summary>
    public TimeSpan? Deadline { get; }

    /// <summary>Bytes that passed so far.</summary>
    public long Passed(CircuitDirection direction) =>
        Volatile.Read(ref direction == CircuitDirection.FromSource ? ref _fromSource : ref _fromDestination);

    /// <summary>
    /// How many of these bytes may pass, counted as passed. Fewer than asked means that the direction's limit is reached: what is over it
    /// must not be forwarded.
    /// </summary>
    public int Admit(CircuitDirection direction, int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ref var passed = ref direction == CircuitDirection.FromSource ? ref _fromSource : ref _fromDestination;
        var before = Volatile.Read(ref passed);
        var admitted = (int)Math.Min(bytes, _limit - before);
        Volatile.Write(ref passed, before + admitted);
        return admitted;
    }
}
