using NatActors.Node.Streams;

namespace NatActors.Node.Ping;

/// <summary>Sees whether bytes still move on a stream, whichever way. Asked at <see cref="Interval"/>.</summary>
internal sealed class StallWatch(PeerStream stream, TimeSpan limit, TimeSpan now)
{
    /// <summary>How often to ask.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private long _moved;
    private TimeSpan _movedAt = now;

    /// <summary>True when nothing has moved for the limit.</summary>
    public bool IsStalled(TimeSpan now)
    {
        var moved = stream.BytesRead + stream.BytesWritten;
        if (moved != _moved)
        {
            _moved = moved;
            _movedAt = now;
        }

        return now - _movedAt >= limit;
    }
}
