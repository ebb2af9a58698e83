using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;
using NatActors.Lab;

namespace NatActors.Benchmarks.Lab;

/// <summary>A stream through a relay where every leg has a round trip of 40 ms: what windows and copying make of a long path.</summary>
internal sealed class RelayedBenchmark : IBenchmark
{
    private const string MibSize = "relayed.mib";

    public string Verb => "relayed";

    public string Summary => "one stream through a relay of the kernel laboratory, 40 ms round trip on each leg, beside bare sockets";

    public IReadOnlyList<Size> Sizes => [new(MibSize, "MiB of one transfer", 64, 8)];

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        var ability = LabAbility.Check();
        if (ability is not { IsReady: true, HasPathDelay: true })
        {
            return [Figure.NotMeasured("relayed", "through the relay", "MiB/s", $"No laboratory here: {ability.Reason}; {ability.Remedy}")];
        }

        await using var lab = Laboratory.Create();
        await using var relay = await BenchNode.StartAsync(new BenchNodeOptions { Host = lab.Host("R"), Relays = true });
        await using var b = await BenchNode.StartAsync(new BenchNodeOptions { Host = lab.Host("B"), ReservesAt = relay.Address });
        await using var a = await BenchNode.StartAsync(new BenchNodeOptions { Host = lab.Host("A") });
        var connection = await a.Node.DialAsync(relay.Address.Append("/p2p-circuit").WithPeerId(b.Node.PeerId)).WaitAsync(BenchNode.Guard);
        if (!connection.Relayed)
        {
            throw new InvalidOperationException("The connection is not relayed.");
        }

        using var bare = await BareCircuit.ConnectAsync(lab.Host("A"), lab.Host("R"), lab.Host("B"));
        var bytes = run.Size(MibSize) * (long)StreamWork.Mebibyte;
        var (up, down, ceiling) = (new Series(), new Series(), new Series());
        foreach (var round in run.Rounds())
        {
            ceiling.Add(round, StreamWork.Rate(bytes, await bare.UploadAsync(bytes)));
            up.Add(round, StreamWork.Rate(bytes, await StreamWork.UploadAsync(a.Node, b.Node.PeerId, bytes)));
            down.Add(round, StreamWork.Rate(bytes, await StreamWork.DownloadAsync(a.Node, b.Node.PeerId, bytes)));
        }

        Yardstick[] beside = [Yardstick.Of("bare sockets", ceiling)];
        return
        [
            new Figure("relayed.upload", "through the relay, upload", "MiB/s", up) { Beside = beside },
            new Figure("relayed.download", "through the relay, download", "MiB/s", down) { Beside = beside },
        ];
    }
}
