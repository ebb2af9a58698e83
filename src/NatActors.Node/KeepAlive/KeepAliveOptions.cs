using NatActors.Protocols.KeepAlive;

namespace NatActors.Node.KeepAlive;

/// <summary>
/// How the mappings of NATs on this node's paths are kept, and dead paths noticed. The node measures how long mappings live, with the help of
/// a peer of its own kind (<see cref="LifetimeProtocol"/>), and refreshes them just often enough.
/// </summary>
public sealed record KeepAliveOptions
{
    /// <summary>
    /// Measure how long mappings live. Without it, and where no peer helps, connections ping every
    /// <see cref="ConnectionOptions.KeepAliveInterval"/>. Default true.
    /// </summary>
    public bool Measure { get; init; } = true;

    /// <summary>Help others to measure: at most <see cref="LifetimeLimits"/>, a socket and a timer for each mapping measured. Default true.</summary>
    public bool Serve { get; init; } = true;

    /// <summary>
    /// Mappings are refreshed no more often than this, however short they live. Between 1 s and <see cref="Longest"/>; default 2.5 s: half of the
    /// shortest lifetime that is worth a connection, 5 s.
    /// </summary>
    public TimeSpan Shortest { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>
    /// Mappings are refreshed at least this often, however long they live. Between <see cref="Shortest"/> and one hour; default 60 s: RFC 5382
    /// REQ-5 wants two hours for TCP, but a path that died silently is noticed by these pings only.
    /// </summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How often a side that has no mapping to keep pings to learn whether the peer lives. At least one second; default 60 s. A request without
    /// answer, a second connection of the peer, or a change of the network has it looked at once, so this need not be short.
    /// </summary>
    public TimeSpan Liveness { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long a connection of which there is reason to think that it is dead may take to show life. At least 100 ms; default 5 s: several round
    /// trips to the other side of the earth and two retransmissions.
    /// </summary>
    public TimeSpan CheckTimeout { get; init; } = TimeSpan.FromSeconds(5);

    internal IEnumerable<string> Validate()
    {
        if (Shortest < TimeSpan.FromSeconds(1) || Shortest > Longest)
        {
            yield return $"KeepAlive.Shortest: {Shortest} is out of range; use one second to KeepAlive.Longest.";
        }

        if (Longest > TimeSpan.FromHours(1))
        {
            yield return $"KeepAlive.Longest: {Longest} is out of range; use at most one hour.";
        }

        if (Liveness < TimeSpan.FromSeconds(1))
        {
            yield return $"KeepAlive.Liveness: {Liveness} is too short; use at least one second.";
        }

        if (CheckTimeout < TimeSpan.FromMilliseconds(100))
        {
            yield return $"KeepAlive.CheckTimeout: {CheckTimeout} is too short; use at least 100 ms.";
        }
    }
}
