using System.Globalization;
using System.Text.Json;
using NatActors.Multiformats;

namespace NatActors.Benchmarks.Memory;

/// <summary>
/// Bytes for one idle connection at a node: how much more the node's process holds with so many connections than with none, over their
/// number. The node and its peers are two processes on loopback with real sockets; the kernel's buffers are not in it.
/// </summary>
internal static class MemoryBenchmark
{
    public const string Verb = "memory";
    public const string Usage = "Usage: NatActors.Benchmarks memory [CONNECTIONS …]   (default: 2000 10000)";

    private const double Kibibyte = 1024;

    public static async Task<int> RunAsync(string[] args)
    {
        var counts = args.Length == 0 ? [2000, 10_000] : args.Select(a => int.TryParse(a, out var n) ? n : 0).Order().ToArray();
        if (counts[0] <= 0)
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        var most = counts[^1];
        if (ProcessMemory.MaxDescriptors() is var allowed && allowed < most + MemoryNode.DescriptorsBeside)
        {
            Console.Error.WriteLine(
                $"{most} connections need {most + MemoryNode.DescriptorsBeside} descriptors in each of two processes, and this one may have {allowed}: "
                + $"run 'ulimit -n {most + MemoryNode.DescriptorsBeside}' first, or ask for fewer connections.");
            return 1;
        }

        await using var node = ChildProcess.Start(MemoryNode.Verb, most.ToString(CultureInfo.InvariantCulture));
        Multiaddr.Parse(await node.HearAsync()).TryGetTcpEndPoint(out var endPoint);
        await using var clients = ChildProcess.Start(MemoryClients.Verb, endPoint!.ToString());

        // The first connections bring in code and pools that are there once for all.
        await clients.AskAsync("64");
        var none = await MeasureAsync(node, 64);
        foreach (var count in counts)
        {
            var processor = node.ProcessorTime;
            var seconds = double.Parse(
                await clients.AskAsync(count.ToString(CultureInfo.InvariantCulture)), CultureInfo.InvariantCulture);
            processor = node.ProcessorTime - processor;
            Report(none, await MeasureAsync(node, count), seconds, processor);
        }

        return 0;
    }

    private static async Task<MemorySample> MeasureAsync(ChildProcess node, int connections) =>
        JsonSerializer.Deserialize<MemorySample>(await node.AskAsync(connections.ToString(CultureInfo.InvariantCulture)))!;

    private static void Report(MemorySample none, MemorySample now, double seconds, TimeSpan processor)
    {
        var more = now.Connections - none.Connections;
        double Each(Func<ProcessMemory, long> of) => (of(now.Settled) - of(none.Settled)) / Kibibyte / more;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{now.Connections} connections: managed {Each(m => m.Managed):0.0} KiB, resident {Each(m => m.Resident):0.0} KiB each"
            + $" (committed {Each(m => m.Committed):0.0}; before collecting {(now.AsItStands.Resident - none.Settled.Resident) / Kibibyte / more:0.0})"
            + $"; threads {now.Settled.Threads}; {more / seconds:0} handshakes/s, {processor.TotalMilliseconds / more:0.00} ms CPU of the node each"));
    }
}
