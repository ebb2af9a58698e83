using System.Diagnostics;
using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;

namespace NatActors.Benchmarks.Handshakes;

/// <summary>
/// Whole connections a second: TCP, multistream-select, Noise XX, yamux, and identify until the dialer knows the other; then closed. The
/// dialers are whole nodes in one process, the peer another process.
/// </summary>
internal sealed class HandshakesBenchmark : IBenchmark
{
    private const string CountSize = "handshakes.count";
    private const string WarmUpSize = "handshakes.warm-up";
    private const string JsCountSize = "handshakes.js-count";

    /// <summary>Enough to keep both ends busy, below what a node lets in half-open.</summary>
    private const int AtOnce = 16;

    private const double GoalPerSecond = 600;
    private const double GoLibp2pPerSecond = 321;

    public string Verb => "handshakes";

    public string Summary => "whole connections a second, from the dial until identify is done, then closed";

    public IReadOnlyList<Size> Sizes =>
    [
        new(WarmUpSize, "connections before the first round", 6000, 200),
        new(CountSize, "connections a round", 1500, 200),
        new(JsCountSize, "connections a round between js peers", 160, 50),
    ];

    public IReadOnlyList<Role> Roles => PeerProcess.Roles;

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        await using var peer = await PeerProcess.StartNodeAsync();
        await using var js = await JsPair.TryStartAsync(run);
        var nodes = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ =>
            BenchNode.StartAsync(new BenchNodeOptions { Listens = false })));
        var (one, many, cpu, jsOne, jsMany) = (new Series(), new Series(), new Series(), new Series(), new Series());
        using var self = Process.GetCurrentProcess();
        var count = (int)run.Size(CountSize);

        // A connection runs through most of the node: one round is too short for all of it to be compiled for good.
        await RateAsync(nodes, peer, (int)run.Size(WarmUpSize), AtOnce);
        foreach (var round in run.Rounds())
        {
            one.Add(round, await RateAsync(nodes, peer, count / 2, 1));
            self.Refresh();
            var before = self.TotalProcessorTime + peer.Process.ProcessorTime;
            many.Add(round, await RateAsync(nodes, peer, count, AtOnce));
            self.Refresh();
            cpu.Add(round, (self.TotalProcessorTime + peer.Process.ProcessorTime - before).TotalMilliseconds / count);
            if (js is not null)
            {
                await js.TryAsync(run, async () =>
                {
                    jsOne.Add(round, await JsRateAsync(js, run.Size(JsCountSize), 1));
                    jsMany.Add(round, await JsRateAsync(js, run.Size(JsCountSize), AtOnce));
                });
            }
        }

        await Task.WhenAll(nodes.Select(node => node.DisposeAsync().AsTask()));
        return
        [
            new Figure("handshakes.at-once", $"connections, {AtOnce} at once", "/s", many)
            {
                Goal = Goal.AtLeast(GoalPerSecond),
                Beside = [.. Js(jsMany), Yardstick.Elsewhere("go-libp2p", GoLibp2pPerSecond)],
            },
            new Figure("handshakes.sequential", "connections, one after the other", "/s", one) { Beside = Js(jsOne) },
            new Figure("handshakes.cpu", "CPU of both ends for one connection", "ms", cpu),
        ];
    }

    private static async Task<double> RateAsync(BenchNode[] nodes, PeerProcess peer, int count, int atOnce)
    {
        var time = await StreamWork.ManyAsync(count, atOnce, async worker =>
        {
            var connection = await nodes[worker].ConnectAsync(peer.Address);
            await nodes[worker].CloseAsync(connection);
        });
        return count / time.TotalSeconds;
    }

    private static async Task<double> JsRateAsync(JsPair js, long count, int atOnce) =>
        count / (await js.TimeAsync("benchHandshakes", new { addr = js.Server.Addresses[0], count, atOnce }))[0] * 1000;

    private static Yardstick[] Js(Series series) => series.Count == 0 ? [] : [Yardstick.Of("js-libp2p", series)];
}
