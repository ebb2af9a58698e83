using NatActors.Multiformats;

namespace NatActors.Node;

/// <summary>
/// Keeps a line of the log that a remote can provoke from filling it: a few are written at once, then one in ten seconds, which says how many
/// were left out. The metrics count all.
/// </summary>
internal sealed class FloodLog
{
    private static readonly RateLimit Lines = new(PerSecond: 0.1, Burst: 10);

    private TokenBucket _lines = new(Lines, TimeSpan.Zero);
    private long _leftOut;

    /// <summary>True when the line may be written; <paramref name="others"/> is to stand at its end.</summary>
    public bool MayLog(TimeSpan now, out string others)
    {
        others = "";
        if (!_lines.TryTake(now))
        {
            _leftOut++;
            return false;
        }

        if (_leftOut > 0)
        {
            others = $" (and {_leftOut} more of this kind)";
            _leftOut = 0;
        }

        return true;
    }
}
