using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;
using static NatActors.Protocols.Tests.Connections.Peers;

namespace NatActors.Protocols.Tests.Connections;

public sealed class RateLimitTests
{
    private static readonly PrefixRate[] Rates =
        [new(24, 56, new RateLimit(0.2, 2)), new(0, 48, new RateLimit(0.5, 3))];

    [Fact]
    public void A_bucket_holds_its_burst_and_fills_with_time()
    {
        var bucket = new TokenBucket(new RateLimit(2, 3), Seconds(0));

        Assert.True(bucket.TryTake(Seconds(0)) && bucket.TryTake(Seconds(0)) && bucket.TryTake(Seconds(0)));
        Assert.False(bucket.TryTake(Seconds(0.49)));
        Assert.True(bucket.TryTake(Seconds(0.5)));
        Assert.False(bucket.TryTake(Seconds(0.5)));
        Assert.True(bucket.IsFull(Seconds(100)));
    }

    [Fact]
    public void A_bucket_does_not_lose_tokens_when_the_clock_stands_still_or_goes_back()
    {
        var bucket = new TokenBucket(new RateLimit(1, 1), Seconds(10));

        Assert.True(bucket.TryTake(Seconds(5)));
        Assert.False(bucket.TryTake(Seconds(10)));
        Assert.True(bucket.TryTake(Seconds(11)));
    }

    [Fact]
    public void One_network_that_spends_its_tokens_leaves_others_theirs()
    {
        var limiter = new PrefixRateLimiter(new RateLimit(100, 100), Rates, Seconds(0));

        Assert.True(Take(limiter, "192.0.1.1"));
        Assert.True(Take(limiter, "192.0.1.2"));
        Assert.False(Take(limiter, "192.0.1.3"));
        Assert.True(Take(limiter, "192.0.3.1"));
    }

    [Fact]
    public void A_larger_IPv6_network_has_its_own_bucket_over_the_smaller_ones()
    {
        var limiter = new PrefixRateLimiter(new RateLimit(100, 100), Rates, Seconds(0));

        Assert.True(Take(limiter, "2a00:1:2:100::1"));
        Assert.True(Take(limiter, "2a00:1:2:200::1"));
        Assert.True(Take(limiter, "2a00:1:2:300::1"));
        Assert.False(Take(limiter, "2a00:1:2:400::1"));
        Assert.True(Take(limiter, "2a00:1:3:400::1"));
    }

    [Fact]
    public void The_common_bucket_bounds_all_and_refused_requests_do_not_take_from_it()
    {
        var limiter = new PrefixRateLimiter(new RateLimit(1, 4), Rates, Seconds(0));
        Take(limiter, "192.0.1.1");
        Take(limiter, "192.0.1.1");
        Assert.False(Take(limiter, "192.0.1.1"));

        Assert.True(Take(limiter, null));
        Assert.True(Take(limiter, null));
        Assert.False(Take(limiter, null));
        Assert.False(Take(limiter, "127.0.0.1"));
    }

    [Fact]
    public void Networks_remembered_are_bounded_and_rested_ones_are_forgotten()
    {
        var limiter = new PrefixRateLimiter(new RateLimit(1e6, 1e6), [new(32, 56, new RateLimit(1, 1))], Seconds(0));
        for (var i = 0; i < PrefixRateLimiter.MaxBuckets; i++)
        {
            Assert.True(limiter.TryTake(new IPAddress([11, 0, (byte)(i >> 8), (byte)i]), Seconds(0)));
        }

        Assert.False(limiter.TryTake(IPAddress.Parse("192.0.1.1"), Seconds(0)));
        Assert.Equal(PrefixRateLimiter.MaxBuckets, limiter.BucketCount);

        Assert.True(limiter.TryTake(IPAddress.Parse("192.0.1.1"), Seconds(2)));
        Assert.Equal(1, limiter.BucketCount);
    }

    [Theory]
    [InlineData("192.0.1.1", "::ffff:192.0.1.1", true)]
    [InlineData("192.0.1.1", "192.0.1.2", false)]
    [InlineData("2a00::1", "2a00:0:0:ff::1", true)]
    [InlineData("2a00::1", "2a00:0:0:100::1", false)]
    [InlineData("32.0.0.0", "2000::", false)]
    public void Observers_are_told_apart_by_IPv4_address_or_IPv6_slash_56(string one, string other, bool same)
    {
        Assert.Equal(same, AddressPrefix.Observer(IPAddress.Parse(one)) == AddressPrefix.Observer(IPAddress.Parse(other)));
    }

    [Fact]
    public void A_crowded_table_makes_room_for_all_networks_of_a_source_at_once()
    {
        var limiter = new PrefixRateLimiter(new RateLimit(1e6, 1e6), Rates, Seconds(0));
        for (var i = 0; i < PrefixRateLimiter.MaxBuckets - 1; i++)
        {
            Assert.True(Take(limiter, $"11.{i / 250}.{i % 250}.1"));
        }

        // Two networks for an IPv6 source, room for one: the first one's bucket, just made and full, must not be forgotten for the second's.
        Assert.True(limiter.TryTake(IPAddress.Parse("2a01:4f8::1"), Seconds(100)));
        Assert.Equal(2, limiter.BucketCount);
    }

    private static bool Take(PrefixRateLimiter limiter, string? source) =>
        limiter.TryTake(source is null ? null : IPAddress.Parse(source), Seconds(0));
}
