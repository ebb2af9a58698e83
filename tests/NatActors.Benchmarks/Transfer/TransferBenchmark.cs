using System.Diagnostics;
using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;

namespace NatActors.Benchmarks.Transfer;

/// <summary>
/// Upload and download between two processes on loopback, next to the yardsticks in the same round: what counts is the ratio, for machines
/// differ and so do their neighbours.
/// </summary>
internal sealed class TransferBenchmark : IBenchmark
{
    private const string MibSize = "transfer.mib";
    private const string JsMibSize = "transfer.js-mib";

    /// <summary>Of what two .NET processes reach with the same AEAD over a bare socket.</summary>
    private const double RatioGoal = 0.6;

    public string Verb => "transfer";

    public string Summary => "one stream over TCP + Noise + yamux, beside a bare socket with the same AEAD in 64 KiB frames";

    public IReadOnlyList<Size> Sizes =>
        [new(MibSize, "MiB of one transfer", 256, 32), new(JsMibSize, "MiB of one transfer from or to js, which is slower", 64, 16)];

    public IReadOnlyList<Role> Roles => PeerProcess.Roles;

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        await using var bare = await PeerProcess.StartBareAsync();
        await using var peer = await PeerProcess.StartNodeAsync();
        await using var js = await JsPair.TryStartAsync(run);
        await using var node = await BenchNode.StartAsync(new BenchNodeOptions { Listens = false });
        await node.ConnectAsync(peer.Address);
        if (js is not null)
        {
            await node.ConnectAsync(js.Address);
        }

        var (up, down) = (new Way(), new Way());
        foreach (var round in run.Rounds())
        {
            await MeasureAsync(run, round, up, bare, peer.Process, bytes => Task.FromResult(BareSocket.Upload(bare.Port, bytes)),
                bytes => StreamWork.UploadAsync(node.Node, peer.Address.PeerId!, bytes));
            await MeasureAsync(run, round, down, bare, peer.Process, bytes => Task.FromResult(BareSocket.Download(bare.Port, bytes)),
                bytes => StreamWork.DownloadAsync(node.Node, peer.Address.PeerId!, bytes));
            if (js is not null)
            {
                await js.TryAsync(run, () => MeasureJsAsync(run, round, js, node, up, down));
            }
        }

        return [.. Figures("upload", up, goLibp2p: 373), .. Figures("download", down, goLibp2p: 417)];
    }

    private static async Task MeasureJsAsync(BenchRun run, Round round, JsPair js, BenchNode node, Way up, Way down)
    {
        var bytes = run.Size(JsMibSize) * (long)StreamWork.Mebibyte;
        up.Js.Add(round, StreamWork.Rate(bytes, await js.PerfAsync(bytes, 0)));
        down.Js.Add(round, StreamWork.Rate(bytes, await js.PerfAsync(0, bytes)));
        up.ToJs.Add(round, StreamWork.Rate(bytes, await StreamWork.UploadAsync(node.Node, js.Address.PeerId!, bytes)));
        down.ToJs.Add(round, StreamWork.Rate(bytes, await StreamWork.DownloadAsync(node.Node, js.Address.PeerId!, bytes)));
    }

    private static async Task MeasureAsync(
        BenchRun run,
        Round round,
        Way way,
        PeerProcess bare,
        OtherProcess peer,
        Func<long, Task<TimeSpan>> overBare,
        Func<long, Task<TimeSpan>> overStack)
    {
        var bytes = run.Size(MibSize) * (long)StreamWork.Mebibyte;
        var bareCpu = await CountAsync(bare.Process, async () => way.Bare.Add(round, StreamWork.Rate(bytes, await overBare(bytes))));
        var stackCpu = await CountAsync(peer, async () => way.Stack.Add(round, StreamWork.Rate(bytes, await overStack(bytes))));
        way.BareCpu.Add(round, bareCpu.TotalMilliseconds / run.Size(MibSize));
        way.StackCpu.Add(round, stackCpu.TotalMilliseconds / run.Size(MibSize));
    }

    /// <summary>Processor time of both processes meanwhile: hardly moved by what else the machine does.</summary>
    private static async Task<TimeSpan> CountAsync(OtherProcess other, Func<Task> work)
    {
        using var self = Process.GetCurrentProcess();
        var before = self.TotalProcessorTime + other.ProcessorTime;
        await work();
        self.Refresh();
        return self.TotalProcessorTime + other.ProcessorTime - before;
    }

    private static IEnumerable<Figure> Figures(string name, Way of, double goLibp2p)
    {
        Yardstick[] js = of.Js.Count == 0 ? [] : [Yardstick.Of("js-libp2p", of.Js)];
        yield return new Figure($"transfer.{name}", $"one stream, {name}", "MiB/s", of.Stack)
        {
            Goal = Goal.RatioAtLeast(RatioGoal),
            Beside = [Yardstick.Of("bare socket", of.Bare), .. js, Yardstick.Elsewhere("go-libp2p", goLibp2p)],
        };
        yield return new Figure($"transfer.{name}-cpu", $"CPU of both ends, {name}", "ms/MiB", of.StackCpu)
        {
            Beside = [Yardstick.Of("bare socket", of.BareCpu)],
        };
        if (js.Length > 0)
        {
            yield return new Figure($"transfer.js-{name}", name == "upload" ? "upload to js-libp2p" : "download from js-libp2p", "MiB/s", of.ToJs)
            {
                Beside = js,
            };
        }
    }

    private sealed class Way
    {
        public Series Bare { get; } = new();

        public Series Stack { get; } = new();

        public Series Js { get; } = new();

        public Series ToJs { get; } = new();

        public Series BareCpu { get; } = new();

        public Series StackCpu { get; } = new();
    }
}
