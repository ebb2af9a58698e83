using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;
using NatActors.Testing.Js;

namespace NatActors.Benchmarks.Relay;

/// <summary>A stream through a relay without limits, dialer, relay and peer three processes on loopback, beside the direct path.</summary>
internal sealed class RelayBenchmark : IBenchmark
{
    private const string MibSize = "relay.mib";
    private const string JsMibSize = "relay.js-mib";

    public string Verb => "relay";

    public string Summary => "one stream through a relay, beside the direct path; what the relay spends on it";

    public IReadOnlyList<Size> Sizes =>
        [new(MibSize, "MiB of one transfer", 128, 16), new(JsMibSize, "MiB of one transfer between js peers", 32, 8)];

    public IReadOnlyList<Role> Roles => PeerProcess.Roles;

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        await using var relay = await PeerProcess.StartRelayAsync();
        await using var behind = await PeerProcess.StartBehindAsync(relay.Hello);
        await using var open = await PeerProcess.StartNodeAsync();
        await using var node = await BenchNode.StartAsync();
        await using var js = await JsCircuit.TryStartAsync(run);
        await node.ConnectAsync(open.Address);
        var relayed = await node.Node.DialAsync(relay.Address.Append("/p2p-circuit").WithPeerId(behind.Address.PeerId!));
        if (!relayed.Relayed)
        {
            throw new InvalidOperationException("The connection is not relayed.");
        }

        var bytes = run.Size(MibSize) * (long)StreamWork.Mebibyte;
        var jsBytes = run.Size(JsMibSize) * (long)StreamWork.Mebibyte;
        var (up, down, directUp, directDown) = (new Series(), new Series(), new Series(), new Series());
        var (cpu, jsUp, jsDown) = (new Series(), new Series(), new Series());
        foreach (var round in run.Rounds())
        {
            directUp.Add(round, StreamWork.Rate(bytes, await StreamWork.UploadAsync(node.Node, open.Address.PeerId!, bytes)));
            directDown.Add(round, StreamWork.Rate(bytes, await StreamWork.DownloadAsync(node.Node, open.Address.PeerId!, bytes)));
            var before = relay.Process.ProcessorTime;
            up.Add(round, StreamWork.Rate(bytes, await StreamWork.UploadAsync(node.Node, behind.Address.PeerId!, bytes)));
            down.Add(round, StreamWork.Rate(bytes, await StreamWork.DownloadAsync(node.Node, behind.Address.PeerId!, bytes)));
            cpu.Add(round, (relay.Process.ProcessorTime - before).TotalMilliseconds / (2 * run.Size(MibSize)));
            if (js is not null)
            {
                await js.TryAsync(run, async () =>
                {
                    jsUp.Add(round, StreamWork.Rate(jsBytes, await js.PerfAsync(jsBytes, 0)));
                    jsDown.Add(round, StreamWork.Rate(jsBytes, await js.PerfAsync(0, jsBytes)));
                });
            }
        }

        return
        [
            new Figure("relay.upload", "through the relay, upload", "MiB/s", up) { Beside = [Yardstick.Of("direct", directUp), .. Js(jsUp)] },
            new Figure("relay.download", "through the relay, download", "MiB/s", down)
            {
                Beside = [Yardstick.Of("direct", directDown), .. Js(jsDown)],
            },
            new Figure("relay.cpu", "CPU of the relay", "ms/MiB", cpu),
        ];
    }

    private static Yardstick[] Js(Series series) => series.Count == 0 ? [] : [Yardstick.Of("js-libp2p", series)];
}
