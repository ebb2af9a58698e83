using NatActors.Multiformats;
using NatActors.Testing.Js;
using Xunit;

namespace NatActors.Benchmarks.Transfer;

/// <summary>MiB/s of js-libp2p talking to itself, and of the stack talking to js-libp2p; medians.</summary>
internal sealed record JsRates(double JsUp, double JsDown, double StackUp, double StackDown);

/// <summary>The same transfers with js-libp2p over TCP, Noise and yamux, each peer a process of its own.</summary>
internal static class JsComparison
{
    /// <summary>js is slower; an eighth of the bytes takes about as long.</summary>
    private const int Less = 8;

    /// <summary>Null where the js peers are not installed.</summary>
    public static async Task<JsRates?> RunAsync(TransferOptions options)
    {
        try
        {
            string[] serving = ["--listen", "/ip4/127.0.0.1/tcp/0", "--perf"];
            await using var server = await JsPeer.StartAsync(serving);
            await using var client = await JsPeer.StartAsync(serving);
            return await MeasureAsync(server, client, options.Bytes / Less, options.Rounds);
        }
        catch (SkipException)
        {
            return null;
        }
    }

    private static async Task<JsRates> MeasureAsync(JsPeer server, JsPeer client, long bytes, int rounds)
    {
        await client.DialAsync(server.Addresses[0]);
        Multiaddr.Parse(server.Addresses[0]).TryGetTcpEndPoint(out var endPoint);
        var stack = await Stack.ConnectAsync(endPoint!.Port);
        var (jsUp, jsDown, stackUp, stackDown) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            jsUp.Add(TransferBenchmark.Rate(bytes, await PerfAsync(client, server, bytes, 0)));
            stackUp.Add(TransferBenchmark.Rate(bytes, await stack.UploadAsync(bytes)));
            jsDown.Add(TransferBenchmark.Rate(bytes, await PerfAsync(client, server, 0, bytes)));
            stackDown.Add(TransferBenchmark.Rate(bytes, await stack.DownloadAsync(bytes)));
        }

        await stack.CloseAsync();
        return new JsRates(
            TransferBenchmark.Median(jsUp),
            TransferBenchmark.Median(jsDown),
            TransferBenchmark.Median(stackUp),
            TransferBenchmark.Median(stackDown));
    }

    private static async Task<TimeSpan> PerfAsync(JsPeer client, JsPeer server, long upload, long download)
    {
        var answer = await client.PerfAsync(server.PeerId, upload, download);
        return TimeSpan.FromMilliseconds(answer["uploadMs"]!.GetValue<double>() + answer["downloadMs"]!.GetValue<double>());
    }
}
