using System.Net;
using NatActors.Multiformats;

namespace NatActors.Protocols.Connections;

/// <summary>A rate for each network of one size.</summary>
/// <param name="IPv4Length">Prefix length for IPv4 sources, 1 to 32; 0 leaves IPv4 out.</param>
/// <param name="IPv6Length">Prefix length for IPv6 sources, 1 to 128; 0 leaves IPv6 out.</param>
/// <param name="Limit">The rate for each such network.</param>
public readonly record struct PrefixRate(int IPv4Length, int IPv6Length, RateLimit Limit);

/// <summary>
/// Limits how often strangers may ask for something: one bucket for all, and buckets for networks of one or more sizes. A request passes
/// when every bucket it falls into has a token; then it takes one from each.
/// </summary>
public sealed class PrefixRateLimiter
{
    /// <summary>
    /// Buckets remembered. Full ones are forgotten first; when all are in use a new network is refused, so that nobody chooses our
    /// memory.
    /// </summary>
    public const int MaxBuckets = KeyedRateLimiter<AddressPrefix>.MaxBuckets;

    private readonly IReadOnlyList<PrefixRate> _rates;
    private readonly KeyedRateLimiter<AddressPrefix> _buckets = new(whenCrowded: false);
    private TokenBucket _global;

    /// <summary>A limiter with full buckets.</summary>
    public PrefixRateLimiter(RateLimit global, IReadOnlyList<PrefixRate> rates, TimeSpan now)
    {
        _rates = rates;
        _global = new TokenBucket(global, now);
    }

    /// <summary>Networks remembered now.</summary>
    public int BucketCount => _buckets.Count;

    /// <summary>
    /// Asks for one request. <paramref name="source"/> is null when the network is not known (a relayed peer): only the common bucket
    /// counts.
    /// Loopback sources are not limited by network: they are this machine.
    /// </summary>
    public bool TryTake(IPAddress? source, TimeSpan now)
    {
        if (!_global.Has(now))
        {
            return false;
        }

        if (source is not null && !IPAddress.IsLoopback(source) && !TakeFromNetworks(source, now))
        {
            return false;
        }

        return _global.TryTake(now);
    }

    private bool TakeFromNetworks(IPAddress source, TimeSpan now)
    {
        foreach (var rate in _rates)
        {
            if (Key(source, rate) is { } key && !_buckets.Has(key, rate.Limit, now))
            {
                return false;
            }
        }

        foreach (var rate in _rates)
        {
            if (Key(source, rate) is { } key)
            {
                _buckets.Take(key, rate.Limit, now);
            }
        }

        return true;
    }

    private static AddressPrefix? Key(IPAddress source, PrefixRate rate)
    {
        var prefix = AddressPrefix.Of(source, Math.Max(rate.IPv4Length, 1), Math.Max(rate.IPv6Length, 1));
        return (prefix.IsIPv6 ? rate.IPv6Length : rate.IPv4Length) == 0 ? null : prefix;
    }
}
