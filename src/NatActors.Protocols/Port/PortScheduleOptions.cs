namespace NatActors.Protocols.Port;

/// <summary>The times of a <see cref="SharedPortSchedule"/>.</summary>
public sealed record PortScheduleOptions
{
    /// <summary>The defaults.</summary>
    public static PortScheduleOptions Default { get; } = new();

    /// <summary>
    /// How long to wait before another look when a 4-tuple is taken and nothing explains it: an accepted connection, or the end of an
    /// aborted connect, may be on its way through the owner's mailbox. 20 ms is far above a mailbox's delay and below what a person
    /// notices.
    /// </summary>
    public TimeSpan TupleGrace { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// The shortest pause before a refused connect of a punch is made again, so that a refusal by this very machine is no busy loop.
    /// </summary>
    public TimeSpan PunchRetryFloor { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>
    /// The upper bound of the random part of that pause, as a fraction of the time the refusal took, which is one round trip. Two ends that
    /// retry in step at the wrong distance have to drift apart, but each pause is time in which no SYN is on its way: computed for one-way
    /// delays of 5 to 100 ms and any skew, an eighth is through sooner than a quarter, a half or the whole.
    /// </summary>
    public int PunchJitterDivisor { get; init; } = 8;

    /// <summary>The least upper bound of the random part, for refusals that come at once.</summary>
    public TimeSpan PunchJitterFloor { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>The upper bound of the random part, and the pause after an unreachable remote.</summary>
    public TimeSpan PunchJitterCeiling { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How often a remote of a punch may be unreachable before it is dropped: a route may come back, a missing one will not.
    /// </summary>
    public int PunchUnreachableLimit { get; init; } = 3;

    /// <summary>
    /// How long the listener's side of a successful punch lets its other connects go on: the dialer's side chooses among several that
    /// succeed, and hears of it one path delay later at most.
    /// </summary>
    public TimeSpan PunchLinger { get; init; } = TimeSpan.FromSeconds(1);
}
