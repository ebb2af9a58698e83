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
    private readonly TimeSpan? _duration;
    private long _fromSource;
    private long _fromDestination;

    /// <summary>A meter for a circuit that starts now.</summary>
    public CircuitMeter(RelayLimits limits, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(limits);
        _limit = limits.BytesPerDirection ?? long.MaxValue;
        _duration = limits.Duration;
        Deadline = now + limits.Duration;
    }

    /// <summary>When the circuit has to end, or null.</summary>
    public TimeSpan? Deadline { get; }

    /// <summary>Bytes that passed so far.</summary>
    public long Passed(CircuitDirection direction) =>
        Volatile.Read(ref direction == CircuitDirection.FromSource ? ref _fromSource : ref _fromDestination);

    /// <summary>Bytes that may still pass, or null when their number is not limited.</summary>
    public long? Left(CircuitDirection direction) => _limit == long.MaxValue ? null : _limit - Passed(direction);

    /// <summary>Time that is left, never less than zero; null when it is not limited.</summary>
    public TimeSpan? TimeLeft(TimeSpan now) =>
        Deadline is { } deadline ? TimeSpan.FromTicks(Math.Max(0, (deadline - now).Ticks)) : null;

    /// <summary>The least that is left of what is limited, from 0 to 1; 1 without limits.</summary>
    public double ShareLeft(TimeSpan now)
    {
        var most = Math.Max(Passed(CircuitDirection.FromSource), Passed(CircuitDirection.FromDestination));
        var bytes = _limit == long.MaxValue ? 1 : 1 - ((double)most / _limit);
        var time = TimeLeft(now) is { } left && _duration is { Ticks: > 0 } whole ? left / whole : 1;
        return Math.Min(bytes, time);
    }

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
