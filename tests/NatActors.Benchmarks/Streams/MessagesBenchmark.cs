using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;

namespace NatActors.Benchmarks.Streams;

/// <summary>Small messages, echoed: one after the other, without waiting, and each on a stream of its own.</summary>
internal sealed class MessagesBenchmark : IBenchmark
{
    private const string BytesSize = "messages.bytes";
    private const string CountSize = "messages.count";
    private const string PipelinedSize = "messages.pipelined";
    private const string StreamsSize = "messages.streams";

    /// <summary>Streams open at once; js allows 64 of a protocol by default.</summary>
    private const int AtOnce = 16;

    /// <summary>js is slower; a tenth of the messages take about as long.</summary>
    private const int JsLess = 10;

    public string Verb => "messages";

    public string Summary => "messages of 100 bytes, echoed: on one stream, and on a stream of its own each";

    public IReadOnlyList<Size> Sizes =>
    [
        new(BytesSize, "bytes of a message", 100, 100),
        new(CountSize, "messages one after the other", 10_000, 1000),
        new(PipelinedSize, "messages without waiting", 200_000, 20_000),
        new(StreamsSize, "streams of one message each", 4000, 500),
    ];

    public IReadOnlyList<Role> Roles => PeerProcess.Roles;

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        await using var bare = await PeerProcess.StartBareAsync();
        await using var peer = await PeerProcess.StartNodeAsync();
        await using var js = await JsPair.TryStartAsync(run);
        await using var node = await BenchNode.StartAsync(new BenchNodeOptions { Listens = false });
        await node.ConnectAsync(peer.Address);
        var results = new Results();
        foreach (var round in run.Rounds())
        {
            await OursAsync(run, round, node, peer.Address.PeerId!, results);
            var times = BareSocket.RoundTrips(bare.Port, (int)run.Size(BytesSize), (int)run.Size(CountSize));
            results.Bare.Add(round, times.Length / times.Sum(time => time.TotalSeconds));
            if (js is not null)
            {
                await js.TryAsync(run, () => JsAsync(run, round, js, results));
            }
        }

        return results.Figures();
    }

    private static async Task OursAsync(BenchRun run, Round round, BenchNode node, PeerId peer, Results results)
    {
        var size = (int)run.Size(BytesSize);
        var (count, pipelined, streams) = ((int)run.Size(CountSize), (int)run.Size(PipelinedSize), (int)run.Size(StreamsSize));
        await using (var stream = await node.Node.OpenStreamAsync(peer, StreamWork.Echo))
        {
            var times = await StreamWork.RoundTripsAsync(stream, size, count);
            results.Alternating.Ours.Add(round, count / times.Sum(time => time.TotalSeconds));
            results.Pipelined.Ours.Add(round, pipelined / (await StreamWork.PipelineAsync(stream, size, pipelined)).TotalSeconds);
        }

        var one = await StreamWork.ManyAsync(streams, 1, _ => StreamWork.RequestAsync(node.Node, peer, size));
        results.Streams.Ours.Add(round, streams / one.TotalSeconds);
        var many = await StreamWork.ManyAsync(streams, AtOnce, _ => StreamWork.RequestAsync(node.Node, peer, size));
        results.StreamsAtOnce.Ours.Add(round, streams / many.TotalSeconds);
    }

    private static async Task JsAsync(BenchRun run, Round round, JsPair js, Results results)
    {
        var (peer, size) = (js.Server.PeerId, run.Size(BytesSize));
        var (count, pipelined, streams) = (run.Size(CountSize) / JsLess, run.Size(PipelinedSize) / JsLess, run.Size(StreamsSize) / JsLess);
        results.Alternating.Js.Add(round, await RateAsync("benchRoundTrips", count, new { peer, size, count }));
        results.Pipelined.Js.Add(round, await RateAsync("benchPipeline", pipelined, new { peer, size, count = pipelined }));
        results.Streams.Js.Add(round, await RateAsync("benchRequests", streams, new { peer, size, count = streams, atOnce = 1 }));
        results.StreamsAtOnce.Js.Add(round, await RateAsync("benchRequests", streams, new { peer, size, count = streams, atOnce = AtOnce }));

        async Task<double> RateAsync(string command, long messages, object arguments) =>
            messages / (await js.TimeAsync(command, arguments)).Sum() * 1000;
    }

    private sealed class Results
    {
        public (Series Ours, Series Js) Alternating { get; } = (new(), new());

        public (Series Ours, Series Js) Pipelined { get; } = (new(), new());

        public (Series Ours, Series Js) Streams { get; } = (new(), new());

        public (Series Ours, Series Js) StreamsAtOnce { get; } = (new(), new());

        public Series Bare { get; } = new();

        public Figure[] Figures() =>
        [
            Of("messages.alternating", "one after the other, one stream", Alternating, Yardstick.Of("bare socket", Bare)),
            Of("messages.pipelined", "without waiting, one stream", Pipelined),
            Of("messages.streams", "a stream each, one at a time", Streams),
            Of("messages.streams-at-once", $"a stream each, {AtOnce} at once", StreamsAtOnce),
        ];

        private static Figure Of(string id, string what, (Series Ours, Series Js) side, params Yardstick[] first) =>
            new(id, what, "/s", side.Ours) { Beside = side.Js.Count == 0 ? first : [.. first, Yardstick.Of("js-libp2p", side.Js)] };
    }
}
