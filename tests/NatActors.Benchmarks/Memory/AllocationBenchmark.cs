using System.Globalization;
using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;

namespace NatActors.Benchmarks.Memory;

/// <summary>
/// Bytes allocated for each 64 KiB that pass, at either end and in either direction, once everything is warm. Counted as the difference between
/// a transfer and one of twice the size, so that what a stream costs once is not in it.
/// </summary>
internal sealed class AllocationBenchmark : IBenchmark
{
    private const string MibSize = "allocations.mib";
    private const string Node = "allocations-node";
    private const long Mebibyte = 1024 * 1024;
    private const long Piece = 64 * 1024;

    /// <summary>The goal is none. What a collection, a timer or a thread that comes or goes allocates meanwhile is less than this.</summary>
    private const double GoalBytes = 1;

    public string Verb => "allocations";

    public string Summary => "bytes allocated for 64 KiB of payload, on both ends and in both directions";

    public IReadOnlyList<Size> Sizes => [new(MibSize, "MiB of the smaller transfer", 1024, 256)];

    public IReadOnlyList<Role> Roles => [new(Node, PlayAsync)];

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        await using var other = OtherProcess.Start(Node);
        var address = Multiaddr.Parse(await other.HearAsync());
        await using var node = await BenchNode.StartAsync(new BenchNodeOptions { Listens = false });
        await node.ConnectAsync(address);
        var bytes = run.Size(MibSize) * Mebibyte;
        var (up, down) = (new Ends(), new Ends());
        foreach (var round in run.Rounds())
        {
            await CountAsync(other, bytes, size => StreamWork.UploadAsync(node.Node, address.PeerId!, size), round, up);
            await CountAsync(other, bytes, size => StreamWork.DownloadAsync(node.Node, address.PeerId!, size), round, down);
        }

        return
        [
            Make("allocations.upload.sender", "upload, the sender", up.Here),
            Make("allocations.upload.receiver", "upload, the receiver", up.There),
            Make("allocations.download.sender", "download, the sender", down.There),
            Make("allocations.download.receiver", "download, the receiver", down.Here),
        ];
    }

    private static Figure Make(string id, string what, Series values) => new(id, what, "B/64 KiB", values) { Goal = Goal.AtMost(GoalBytes) };

    private static async Task CountAsync(OtherProcess other, long bytes, Func<long, Task<TimeSpan>> transfer, Round round, Ends ends)
    {
        var (hereOnce, thereOnce) = await CountAsync(other, bytes, transfer);
        var (hereTwice, thereTwice) = await CountAsync(other, 2 * bytes, transfer);
        var pieces = (double)bytes / Piece;
        ends.Here.Add(round, Math.Max(0, hereTwice - hereOnce) / pieces);
        ends.There.Add(round, Math.Max(0, thereTwice - thereOnce) / pieces);
    }

    private static async Task<(long Here, long There)> CountAsync(OtherProcess other, long bytes, Func<long, Task<TimeSpan>> transfer)
    {
        var there = await AllocatedThereAsync(other);
        var here = GC.GetTotalAllocatedBytes(precise: true);
        await transfer(bytes);
        here = GC.GetTotalAllocatedBytes(precise: true) - here;
        return (here, await AllocatedThereAsync(other) - there);
    }

    private static async Task<long> AllocatedThereAsync(OtherProcess other) =>
        long.Parse(await other.AskAsync("allocated"), CultureInfo.InvariantCulture);

    private static async Task PlayAsync(RoleTalk talk)
    {
        await using var node = await BenchNode.StartAsync();
        await talk.TellAsync(node.Address.ToString());
        while (await talk.HearAsync() is not null)
        {
            await talk.TellAsync(GC.GetTotalAllocatedBytes(precise: true).ToString(CultureInfo.InvariantCulture));
        }
    }

    private sealed record Ends
    {
        public Series Here { get; } = new();

        public Series There { get; } = new();
    }
}
