using NatActors.Node.Streams;

namespace NatActors.Node.Ping;

/// <summary>Sees whether bytes still move on a stream, whichever way. Asked at <see cref="Interval"/>.</summary>
internal sealed class StallWatch(PeerStream stream, TimeSpan now)
{
    /// <summary>
    /// A stream on which nothing moved for this long is given up. Ours: longer than a TCP connection needs to recover from a cable pulled
    /// for ten seconds.
    /// </summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>How often to ask.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private long _moved;
    private TimeSpan _movedAt = now;

    /// <summary>True when nothing has moved for <see cref="Limit"/>.</summary>
    public bool IsStalled(TimeSpan now)
    {
        var moved = stream.BytesRead + stream.BytesWritten;
        if (moved != _moved)
        {
            _moved = moved;
            _movedAt = now;
        }

        return now - _movedAt >= Limit;
    }
}
