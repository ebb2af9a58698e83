using System.Diagnostics;
using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;
using NatActors.Lab;
using NatActors.Multiformats;
using NatActors.Testing.Js;
using Xunit;

namespace NatActors.Benchmarks.Handshakes;

/// <summary>
/// How many round trips a first answer takes in the kernel laboratory, where one takes 40 ms: from the dial on, and from the opening of a
/// further stream on. What is more than a whole number is computing.
/// </summary>
internal sealed class FirstByteBenchmark : IBenchmark
{
    private const int MessageBytes = 32;
    private const string Unit = "RTT";
    private const string NewConnection = "from the dial to the first answer";
    private const string NewStream = "a further stream's first answer";

    /// <summary>What no protocol over TCP goes below: its handshake, and the question with its answer.</summary>
    private const double TcpAlone = 2;

    public string Verb => "firstbyte";

    public string Summary => "round trips until the first byte of an answer, over a path of 40 ms in the kernel laboratory";

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        var ability = LabAbility.Check();
        if (ability is not { IsReady: true, HasPathDelay: true })
        {
            var why = $"there is no laboratory here: {ability.Reason}; {ability.Remedy}";
            return [.. Ids.Select(id => Figure.NotMeasured(id.Id, id.What, Unit, why))];
        }

        await using var lab = Laboratory.Create(new LabPlan { Hosts = [new("R"), new("S")], Routers = [] });
        var roundTrip = 2 * lab.PathDelay;
        await using var peer = await BenchNode.StartAsync(new BenchNodeOptions { Host = lab.Host("S") });
        var (connection, stream) = (new Series(), new Series());
        foreach (var round in run.Rounds())
        {
            await using var node = await BenchNode.StartAsync(new BenchNodeOptions { Host = lab.Host("R"), Listens = false });
            var (first, further) = await MeasureAsync(node, peer.Address);
            connection.Add(round, first / roundTrip);
            stream.Add(round, further / roundTrip);
        }

        var (jsConnection, jsStream) = run.WithoutJs ? (new Series(), new Series()) : await JsAsync(run, lab, roundTrip);
        return
        [
            new Figure(Ids[0].Id, NewConnection, Unit, connection)
            {
                Beside = [Yardstick.Elsewhere("TCP, no security", TcpAlone), .. Js(jsConnection)],
            },
            new Figure(Ids[1].Id, NewStream, Unit, stream) { Beside = [Yardstick.Elsewhere("the least", 1), .. Js(jsStream)] },
        ];
    }

    private static (string Id, string What)[] Ids => [("firstbyte.connection", NewConnection), ("firstbyte.stream", NewStream)];

    private static async Task<(TimeSpan First, TimeSpan Further)> MeasureAsync(BenchNode node, Multiaddr address)
    {
        var identified = node.Events.Next<NatActors.Node.NodeEvents.Identified>();
        var started = Stopwatch.GetTimestamp();
        await node.Node.DialAsync(address).WaitAsync(BenchNode.Guard);
        await AnswerAsync(node, address.PeerId!);
        var first = Stopwatch.GetElapsedTime(started);

        // Only then it is known what the peer speaks, and a stream need not wait for a yes.
        await identified.WaitAsync(BenchNode.Guard);
        started = Stopwatch.GetTimestamp();
        await AnswerAsync(node, address.PeerId!);
        return (first, Stopwatch.GetElapsedTime(started));
    }

    private static async Task AnswerAsync(BenchNode node, PeerId peer)
    {
        await using var stream = await node.Node.OpenStreamAsync(peer, StreamWork.Echo).WaitAsync(BenchNode.Guard);
        await StreamWork.RoundTripsAsync(stream, MessageBytes, 1).WaitAsync(BenchNode.Guard);
    }

    private static async Task<(Series Connection, Series Stream)> JsAsync(BenchRun run, Laboratory lab, TimeSpan roundTrip)
    {
        var (connection, stream) = (new Series(), new Series());
        try
        {
            var host = lab.Host("S");
            var listen = $"/ip4/{host.Address}/tcp/{BenchNode.LabPort + 1}";
            await using var server = await JsPeer.StartInAsync(host.Namespace, "--listen", listen, "--echo", "--inbound-threshold", "1000000");
            await using var client = await JsPeer.StartInAsync(lab.Host("R").Namespace);
            foreach (var round in run.Rounds())
            {
                var answer = await client.AskAsync("benchFirstByte", new { addr = $"{listen}/p2p/{server.PeerId}", size = MessageBytes });
                var ms = answer["ms"]!.AsArray().Select(one => one!.GetValue<double>()).ToArray();
                connection.Add(round, TimeSpan.FromMilliseconds(ms[0]) / roundTrip);
                stream.Add(round, TimeSpan.FromMilliseconds(ms[1]) / roundTrip);
            }
        }
        catch (Exception why) when (why is SkipException or JsPeerException)
        {
            run.Say($"js-libp2p is left out: {why.Message}");
        }

        return (connection, stream);
    }

    private static Yardstick[] Js(Series series) => series.Count == 0 ? [] : [Yardstick.Of("js-libp2p", series)];
}
