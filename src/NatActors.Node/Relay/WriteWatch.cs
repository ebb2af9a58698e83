namespace NatActors.Node.Relay;

/// <summary>
/// Sees whether a write hangs: the receiver opens its window no more. Told by the copying side from any thread, asked by a timer.
/// </summary>
internal sealed class WriteWatch
{
    private long _writes;
    private long _seen;

    /// <summary>A write begins.</summary>
    public void Begin() => Interlocked.Increment(ref _writes);

    /// <summary>It is done.</summary>
    public void End() => Interlocked.Increment(ref _writes);

    /// <summary>True when the write that hung when this was asked last hangs still.</summary>
    public bool HangsStill()
    {
        // Odd while a write is under way; every write has numbers of its own.
        var now = Interlocked.Read(ref _writes);
        var hangs = (now & 1) == 1 && now == _seen;
        _seen = now;
        return hangs;
    }
}
