using System.Globalization;
using System.Text.Json;
using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;

namespace NatActors.Benchmarks.Memory;

/// <summary>
/// Bytes for one idle connection at a node: how much more the node's process holds with so many connections than with a few, over their
/// number. The node and its peers are two processes on loopback with real sockets; the kernel's buffers are not in it. Counted once, not in
/// rounds: it hardly moves.
/// </summary>
internal sealed class MemoryBenchmark : IBenchmark
{
    private const string Fewer = "memory.fewer";
    private const string More = "memory.more";
    private const double Kibibyte = 1024;

    /// <summary>Whatever counts: the collector's heap, and what the process has of the machine.</summary>
    private const double GoalKibibytes = 32;

    /// <summary>The first connections bring in code and pools that are there once for all.</summary>
    private const int Few = 64;

    /// <summary>Asked for at a time, lest an answer should take too long.</summary>
    private const int Step = 1000;

    public string Verb => "memory";

    public string Summary => "what a node holds for an idle connection, beyond what it holds for all";

    public IReadOnlyList<Size> Sizes => [new(Fewer, "connections", 2000, 500), new(More, "connections", 10_000, 2000)];

    public IReadOnlyList<Role> Roles => [new(MemoryNode.Role, MemoryNode.PlayAsync), new(MemoryClients.Role, MemoryClients.PlayAsync)];

    public async Task<IReadOnlyList<Figure>> RunAsync(BenchRun run)
    {
        int[] counts = [.. new[] { (int)run.Size(Fewer), (int)run.Size(More) }.Order()];
        var needed = counts[^1] + MemoryNode.DescriptorsBeside;
        if (ProcessMemory.MaxDescriptors() is var allowed && allowed < needed)
        {
            var why = $"each of two processes needs {needed} descriptors and may have {allowed}: run 'ulimit -n {needed}' first";
            return [.. counts.SelectMany(count => Names(count).Select(name => Figure.NotMeasured(name.Id, name.What, "KiB", why)))];
        }

        await using var node = OtherProcess.Start(MemoryNode.Role, counts[^1].ToString(CultureInfo.InvariantCulture));
        Multiaddr.Parse(await node.HearAsync()).TryGetTcpEndPoint(out var endPoint);
        await using var peers = OtherProcess.Start(MemoryClients.Role, endPoint!.ToString());
        await ConnectAsync(peers, 0, Few);
        var few = await MeasureAsync(node, Few);
        var figures = new List<Figure>();
        var before = few;
        foreach (var count in counts)
        {
            var processor = node.ProcessorTime;
            var seconds = await ConnectAsync(peers, before.Connections, count);
            var each = (node.ProcessorTime - processor).TotalMilliseconds / (count - before.Connections);
            before = await MeasureAsync(node, count);
            run.Say(string.Create(CultureInfo.InvariantCulture, $"{count} connections; {seconds:0.0} s, {each:0.00} ms of the node's processor each"));
            figures.AddRange(Report(few, before));
        }

        return figures;
    }

    private static async Task<double> ConnectAsync(OtherProcess peers, int from, int to)
    {
        var seconds = 0.0;
        for (var next = from; next < to;)
        {
            next = Math.Min(to, next + Step);
            seconds += double.Parse(await peers.AskAsync(next.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);
        }

        return seconds;
    }

    private static async Task<MemorySample> MeasureAsync(OtherProcess node, int connections) =>
        JsonSerializer.Deserialize<MemorySample>(await node.AskAsync(connections.ToString(CultureInfo.InvariantCulture)))!;

    private static (string Id, string What)[] Names(int count) =>
    [
        ($"memory.{count}.managed", $"an idle connection of {count}, managed"),
        ($"memory.{count}.resident", $"an idle connection of {count}, resident"),
    ];

    private static IEnumerable<Figure> Report(MemorySample few, MemorySample now)
    {
        double Each(ProcessMemory then, Func<ProcessMemory, long> of) =>
            (of(then) - of(few.Settled)) / Kibibyte / (now.Connections - few.Connections);

        var names = Names(now.Connections);
        yield return Figure.Counted(names[0].Id, names[0].What, "KiB", Each(now.Settled, m => m.Managed)) with { Goal = Goal.AtMost(GoalKibibytes) };
        yield return Figure.Counted(names[1].Id, names[1].What, "KiB", Each(now.Settled, m => m.Resident)) with
        {
            Goal = Goal.AtMost(GoalKibibytes),
            Note = string.Create(
                CultureInfo.InvariantCulture,
                $"after a full collection; before it, with the garbage of their coming, {Each(now.AsItStands, m => m.Resident):0.0}"),
        };
    }
}
