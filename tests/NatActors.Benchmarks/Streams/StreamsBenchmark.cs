using System.Globalization;
using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;

namespace NatActors.Benchmarks.Streams;

/// <summary>Streams that share one connection: what they reach together, and whether each gets its share.</summary>
internal sealed class StreamsBenchmark : IBenchmark
{
    private const string MibSize = "streams.mib";

    /// <summary>js is slower; half of the bytes take about as long.</summary>
    private const int JsLess = 2;

    private static readonly int[] Counts = [1, 10, 100];

    public string Verb => "streams";

    public string Summary => "1, 10 and 100 streams that upload at once over one connection";

    public IReadOnlyList<Size> Sizes => [new(MibSize, "MiB of all streams together", 200, 20)];

    public IReadOnlyList<Role> Roles => PeerProcess.Roles;

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        await using var peer = await PeerProcess.StartNodeAsync();
        await using var js = await JsPair.TryStartAsync(run);
        await using var node = await BenchNode.StartAsync(new BenchNodeOptions { Listens = false });
        await node.ConnectAsync(peer.Address);
        var bytes = run.Size(MibSize) * (long)StreamWork.Mebibyte;
        var results = Counts.Select(count => new Load(count)).ToList();
        foreach (var round in run.Rounds())
        {
            foreach (var load in results)
            {
                var each = bytes / load.Count;
                load.Ours.Add(round, each, await Task.WhenAll(Enumerable.Range(0, load.Count).Select(_ =>
                    Task.Run(() => StreamWork.UploadAsync(node.Node, peer.Address.PeerId!, each)))));
                if (js is not null)
                {
                    await js.TryAsync(run, () => MeasureJsAsync(round, js, load, each / JsLess));
                }
            }
        }

        return [.. results.SelectMany(Figures)];
    }

    private static async Task MeasureJsAsync(Round round, JsPair js, Load load, long each)
    {
        var times = await js.TimeAsync("benchPerf", new { peer = js.Server.PeerId, upload = each, download = 0, streams = load.Count });
        load.Js.Add(round, each, [.. times.Select(TimeSpan.FromMilliseconds)]);
    }

    private static IEnumerable<Figure> Figures(Load load)
    {
        var name = load.Count == 1 ? "1 stream alone" : $"{load.Count} streams";
        var id = load.Count.ToString(CultureInfo.InvariantCulture);
        yield return new Figure($"streams.{id}", load.Count == 1 ? name : $"{name} together", "MiB/s", load.Ours.Rates) { Beside = Beside(load.Js.Rates) };
        if (load.Count > 1)
        {
            yield return new Figure($"streams.{id}-fairness", $"{name}: slowest to fastest", "", load.Ours.Shares) { Beside = Beside(load.Js.Shares) };
        }
    }

    private static Yardstick[] Beside(Series js) => js.Count == 0 ? [] : [Yardstick.Of("js-libp2p", js)];

    private sealed record Load(int Count)
    {
        public Side Ours { get; } = new();

        public Side Js { get; } = new();
    }

    private sealed class Side
    {
        public Series Rates { get; } = new();

        /// <summary>The slowest stream's rate over the fastest one's: 1 when all get the same.</summary>
        public Series Shares { get; } = new();

        public void Add(Round round, long each, TimeSpan[] times)
        {
            Rates.Add(round, StreamWork.Rate(each * times.Length, times.Max()));
            Shares.Add(round, times.Min() / times.Max());
        }
    }
}
