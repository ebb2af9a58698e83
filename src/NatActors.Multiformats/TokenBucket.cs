namespace NatActors.Multiformats;

/// <summary>How much a source may do.</summary>
/// <param name="PerSecond">Tokens that come back a second; above 0.</param>
/// <param name="Burst">Tokens that a rested bucket holds; at least 1.</param>
public readonly record struct RateLimit(double PerSecond, double Burst);

/// <summary>A token bucket on the caller's clock. It starts full.</summary>
public struct TokenBucket(RateLimit limit, TimeSpan now)
{
    private readonly RateLimit _limit = limit;
    private double _tokens = limit.Burst;
    private TimeSpan _at = now;

    /// <summary>True when a token is there, which is not taken yet.</summary>
    public bool Has(TimeSpan now)
    {
        Refill(now);
        return _tokens >= 1;
    }

    /// <summary>Takes a token if there is one.</summary>
    public bool TryTake(TimeSpan now)
    {
        if (!Has(now))
        {
            return false;
        }

        _tokens -= 1;
        return true;
    }

    /// <summary>How long until a token is there; zero when one is.</summary>
    public TimeSpan Until(TimeSpan now) => Has(now) ? TimeSpan.Zero : TimeSpan.FromSeconds((1 - _tokens) / _limit.PerSecond);

    /// <summary>True when nothing is missing: the bucket may be forgotten.</summary>
    public bool IsFull(TimeSpan now)
    {
        Refill(now);
        return _tokens >= _limit.Burst;
    }

    private void Refill(TimeSpan now)
    {
        if (now > _at)
        {
            _tokens = Math.Min(_limit.Burst, _tokens + ((now - _at).TotalSeconds * _limit.PerSecond));
            _at = now;
        }
    }
}
