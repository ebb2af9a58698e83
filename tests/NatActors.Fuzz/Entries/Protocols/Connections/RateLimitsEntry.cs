using System.Net;
using NatActors.Fuzz.Engine;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Fuzz.Entries.Protocols.Connections;

/// <summary>
/// Limits by network under a crowd of networks: buckets are bounded, and no source gets more than its burst and what comes back since.
/// </summary>
public sealed class RateLimitsEntry : MachineEntry
{
    private const int Crowd = 2050;

    private static readonly RateLimit Limit = new(0.5, 3);
    private static readonly PrefixRate[] Rates = [new(24, 56, Limit), new(0, 48, new RateLimit(1, 6))];

    /// <inheritdoc />
    public override string Name => "protocols.connections.rates";

    /// <inheritdoc />
    public override IReadOnlyList<string> EventNames { get; } = ["take", "bucket", "crowd"];

    // A crowd is two thousand networks by one event.
    /// <inheritdoc />
    public override FuzzBounds Bounds =>
        new(AllocatedPerByte: 400 * 1024, AllocatedConstant: 2 * 1024 * 1024, StepsPerByte: 100_000, StepsConstant: 200_000);

    /// <inheritdoc />
    public override int MaxLength => 120;

    /// <inheritdoc />
    public override int Cost => 5000;

    /// <inheritdoc />
    public override IEnumerable<byte[]> Seeds() =>
    [
        new EventScript().On(0, 0).On(0, 0).On(0, 1).On(0, 0).After(EventClock.Seconds(3), 0, 0).On(0, 13).On(0, 14).ToArray(),
        new EventScript().On(2, 1).On(2, 2).After(EventClock.Minutes(2), 0, 13).On(0, 15).ToArray(),
        new EventScript().On(1).On(1).On(1).On(1).After(EventClock.Seconds(5), 1).ToArray(),
    ];

    /// <inheritdoc />
    protected override IMachineRun Start(RandomSource random, TimeSpan now) => new RatesRun(now);

    private sealed class RatesRun(TimeSpan start) : IMachineRun
    {
        private readonly PrefixRateLimiter _limiter = new(new RateLimit(1e6, 1e6), Rates, start);
        private readonly Dictionary<AddressPrefix, List<TimeSpan>> _taken = [];
        private readonly List<TimeSpan> _own = [];
        private TokenBucket _bucket = new(Limit, start);
        private int _crowds;

        public void On(int kind, ref EventArguments arguments, TimeSpan now, ref FuzzDigest digest)
        {
            switch (kind)
            {
                case 0:
                    var host = Samples.Host(ref arguments);
                    var granted = _limiter.TryTake(host, now);
                    digest.Add(granted);
                    if (granted && !IPAddress.IsLoopback(host))
                    {
                        var network = AddressPrefix.Of(host, 24, 56);
                        Hold(_taken.TryGetValue(network, out var times) ? times : _taken[network] = [], now);
                    }

                    break;
                case 1:
                    var had = _bucket.Has(now);
                    Require.That(
                        _bucket.Until(now) is var until && had == (until == TimeSpan.Zero) && until >= TimeSpan.Zero,
                        "the wait for a token is none");
                    Require.That(_bucket.TryTake(now) == had, "a token that is there is not given, or one that is not is");
                    if (had)
                    {
                        Hold(_own, now);
                    }

                    break;
                case 2 when _crowds < 4:
                    var first = ++_crowds;
                    for (var i = 0; i < Crowd; i++)
                    {
                        _limiter.TryTake(new IPAddress([18, (byte)first, (byte)(i >> 8), (byte)i]), now);
                        _limiter.TryTake(new IPAddress([19, (byte)((first * 8) + (i >> 8)), (byte)i, 1]), now);
                    }

                    break;
            }

            Require.That(_limiter.BucketCount <= PrefixRateLimiter.MaxBuckets, "more buckets are remembered than allowed");
        }

        public void End(TimeSpan now, ref FuzzDigest digest) => digest.Add(_limiter.BucketCount);

        /// <summary>In any span of time no more than the burst and what came back in it.</summary>
        private static void Hold(List<TimeSpan> times, TimeSpan now)
        {
            times.Add(now);
            for (var i = 0; i < times.Count; i++)
            {
                var allowed = Limit.Burst + ((now - times[i]).TotalSeconds * Limit.PerSecond);
                Require.That(times.Count - i <= allowed + 1e-6, "a source gets more than its limit");
            }
        }
    }
}
