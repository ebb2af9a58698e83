using NatActors.Benchmarks.Suite;
using NatActors.Multiformats;
using NatActors.Testing.Js;
using Xunit;

namespace NatActors.Benchmarks.Peers;

/// <summary>Two js-libp2p peers, each a process of its own: one serves, one asks. What it does for a measurement stands in tests/interop/bench.mjs.</summary>
internal sealed class JsPair : IAsyncDisposable
{
    /// <summary>By itself js would reset the sixth connection of a second from one host, and the eleventh that is half-open.</summary>
    private static readonly string[] Serving =
        ["--listen", "/ip4/127.0.0.1/tcp/0", "--perf", "--echo", "--inbound-threshold", "1000000", "--inbound-pending", "100"];

    /// <summary>A guard, far above what any measurement takes.</summary>
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(5);

    private bool _failed;

    private JsPair(JsPeer server, JsPeer client)
    {
        Server = server;
        Client = client;
    }

    public JsPeer Server { get; }

    public JsPeer Client { get; }

    /// <summary>Where the serving one is.</summary>
    public Multiaddr Address => Multiaddr.Parse(Server.Addresses[0]);

    /// <summary>Starts both and connects them; null where js is not wanted, or not installed, which it says.</summary>
    public static async Task<JsPair?> TryStartAsync(BenchRun run, params string[] more)
    {
        if (run.WithoutJs)
        {
            return null;
        }

        try
        {
            var server = await JsPeer.StartAsync([.. Serving, .. more]);
            try
            {
                var client = await JsPeer.StartAsync(Serving);
                await client.DialAsync(server.Addresses[0]);
                return new JsPair(server, client);
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }
        catch (SkipException why)
        {
            run.Say($"js-libp2p is left out: {why.Message}");
            return null;
        }
    }

    /// <summary>Measures with js for a round; where it fails, it is left out from then on, and what it has shown until then counts.</summary>
    public async Task TryAsync(BenchRun run, Func<Task> measure)
    {
        if (_failed)
        {
            return;
        }

        try
        {
            await measure();
        }
        catch (JsPeerException failure)
        {
            _failed = true;
            run.Say($"js-libp2p is left out from here on: {failure.Message}");
        }
    }

    /// <summary>Has the asking one do something with the other (bench.mjs); the milliseconds that it answers.</summary>
    public async Task<double[]> TimeAsync(string command, object arguments)
    {
        var answer = await Client.AskAsync(command, arguments, Guard);
        return [.. answer["ms"]!.AsArray().Select(ms => ms!.GetValue<double>())];
    }

    /// <summary>One perf stream of the asking one; how long it took.</summary>
    public async Task<TimeSpan> PerfAsync(long upload, long download) =>
        TimeSpan.FromMilliseconds((await TimeAsync("benchPerf", new { peer = Server.PeerId, upload, download, streams = 1 }))[0]);

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }
}
