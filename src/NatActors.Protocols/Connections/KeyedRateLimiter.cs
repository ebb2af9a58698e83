using NatActors.Multiformats;

namespace NatActors.Protocols.Connections;

/// <summary>
/// A token bucket for each source, remembered within a bound: rested buckets are forgotten first, so that nobody chooses our memory.
/// </summary>
/// <param name="whenCrowded">
/// The answer to a source that finds every bucket in use. False refuses it, where a service may wait; true lets it in, where honest newcomers
/// must not pay for a crowd and another bound stands behind.
/// </param>
public sealed class KeyedRateLimiter<TKey>(bool whenCrowded)
    where TKey : notnull
{
    /// <summary>Buckets remembered.</summary>
    public const int MaxBuckets = 4096;

    // A crowded table is searched at most this often, not at every stranger's request.
    private static readonly TimeSpan ForgetInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<TKey, TokenBucket> _buckets = [];
    private TimeSpan _forgetAt = TimeSpan.MinValue;

    /// <summary>Sources remembered now.</summary>
    public int Count => _buckets.Count;

    /// <summary>True when the source may go on; nothing is taken yet.</summary>
    public bool Has(TKey source, RateLimit limit, TimeSpan now)
    {
        if (_buckets.TryGetValue(source, out var bucket))
        {
            return bucket.Has(now);
        }

        if (_buckets.Count >= MaxBuckets && now >= _forgetAt)
        {
            Forget(now);
            _forgetAt = now + ForgetInterval;
        }

        if (_buckets.Count >= MaxBuckets)
        {
            return whenCrowded;
        }

        _buckets[source] = new TokenBucket(limit, now);
        return limit.Burst >= 1;
    }

    /// <summary>Takes what <see cref="Has"/> found; also where room for another source has cost this one its bucket, which was full.</summary>
    public void Take(TKey source, RateLimit limit, TimeSpan now)
    {
        var isKnown = _buckets.TryGetValue(source, out var bucket);
        if (isKnown || _buckets.Count < MaxBuckets)
        {
            bucket = isKnown ? bucket : new TokenBucket(limit, now);
            bucket.TryTake(now);
            _buckets[source] = bucket;
        }
    }

    /// <summary>Both in one: true when the source may go on, and its token is taken.</summary>
    public bool TryTake(TKey source, RateLimit limit, TimeSpan now)
    {
        if (!Has(source, limit, now))
        {
            return false;
        }

        Take(source, limit, now);
        return true;
    }

    private void Forget(TimeSpan now)
    {
        foreach (var (key, bucket) in _buckets)
        {
            if (bucket.IsFull(now))
            {
                _buckets.Remove(key);
            }
        }
    }
}
