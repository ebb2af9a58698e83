using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;
using NatActors.Node;

namespace NatActors.Benchmarks.Streams;

/// <summary>Round trips of 32 bytes by the ping protocol; what answers is the node's own ping service.</summary>
internal sealed class PingBenchmark : IBenchmark
{
    private const string CountSize = "ping.count";
    private const int PingBytes = 32;
    private const double GoalMilliseconds = 0.05;
    private const double GoLibp2pMilliseconds = 0.022;

    public string Verb => "ping";

    public string Summary => "a ping's round trip on loopback, between two processes";

    public IReadOnlyList<Size> Sizes => [new(CountSize, "pings a round", 5000, 500)];

    public IReadOnlyList<Role> Roles => PeerProcess.Roles;

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        await using var bare = await PeerProcess.StartBareAsync();
        await using var peer = await PeerProcess.StartNodeAsync();
        await using var js = await JsPair.TryStartAsync(run);
        await using var node = await BenchNode.StartAsync(new BenchNodeOptions { Listens = false });
        await node.ConnectAsync(peer.Address);
        var id = peer.Address.PeerId!;
        var count = (int)run.Size(CountSize);
        var (overBare, ours, own, overJs) = (new Percentiles(), new Percentiles(), new Percentiles(), new Percentiles());
        foreach (var round in run.Rounds())
        {
            // The peer answers two ping streams at once, and these come fast: no other one may be open meanwhile.
            own.Add(round, await OwnAsync(node, id, count / 4));
            overBare.Add(round, Milliseconds(BareSocket.RoundTrips(bare.Port, PingBytes, count)));
            await using (var stream = await node.Node.OpenStreamAsync(id, StreamWork.Ping))
            {
                ours.Add(round, Milliseconds(await StreamWork.RoundTripsAsync(stream, PingBytes, count)));
            }

            if (js is not null)
            {
                await js.TryAsync(run, async () => overJs.Add(round, await js.TimeAsync(
                    "benchRoundTrips", new { peer = js.Server.PeerId, protocol = StreamWork.Ping, size = PingBytes, count })));
            }
        }

        var p50 = Of("ping.p50", "ping, p50", ours.P50, overBare.P50, overJs.P50);
        return
        [
            p50 with { Goal = Goal.AtMost(GoalMilliseconds), Beside = [.. p50.Beside, Yardstick.Elsewhere("go-libp2p", GoLibp2pMilliseconds)] },
            Of("ping.p99", "ping, p99", ours.P99, overBare.P99, overJs.P99),
            new Figure("ping.own-p50", "the node's ping, a stream each, p50", "ms", own.P50),
        ];
    }

    /// <summary>
    /// As <c>INatNode.PingAsync</c> tells it: the time of the echo, which on a new stream takes the negotiation along. The peer refuses a third
    /// ping stream, so on a busy machine one that comes too soon after the others may have to be tried again.
    /// </summary>
    private static async Task<double[]> OwnAsync(BenchNode node, PeerId peer, int count)
    {
        var times = new List<double>(count);
        var refusals = 20 * count;
        while (times.Count < count)
        {
            try
            {
                times.Add((await node.Node.PingAsync(peer)).TotalMilliseconds);
            }
            catch (PeerFailedException) when (--refusals > 0)
            {
                // Refused after a round trip of its own, in which the peer may have let go of an older one.
            }
        }

        return [.. times];
    }

    private static Figure Of(string id, string what, Series ours, Series bare, Series js) => new(id, what, "ms", ours)
    {
        Beside = [Yardstick.Of("bare socket", bare), .. js.Count == 0 ? (Yardstick[])[] : [Yardstick.Of("js-libp2p", js)]],
    };

    private static IEnumerable<double> Milliseconds(TimeSpan[] times) => times.Select(time => time.TotalMilliseconds);

    private sealed class Percentiles
    {
        public Series P50 { get; } = new();

        public Series P99 { get; } = new();

        public void Add(Round round, IEnumerable<double> times)
        {
            var all = new Series(times);
            P50.Add(round, all.Median);
            P99.Add(round, all.Percentile(0.99));
        }
    }
}
