using NatActors.Benchmarks.Peers;
using NatActors.Benchmarks.Suite;
using NatActors.Testing.Js;

namespace NatActors.Benchmarks.Relay;

/// <summary>The same with three js peers: one relays without limits, one is behind it, one asks.</summary>
internal sealed class JsCircuit : IAsyncDisposable
{
    private readonly JsPair _pair;
    private readonly JsPeer _behind;

    private JsCircuit(JsPair pair, JsPeer behind)
    {
        _pair = pair;
        _behind = behind;
    }

    /// <summary>Null where js is not installed.</summary>
    public static async Task<JsCircuit?> TryStartAsync(BenchRun run)
    {
        if (await JsPair.TryStartAsync(run, "--relay-server", "--relay-unlimited") is not { } pair)
        {
            return null;
        }

        var behind = await JsPeer.StartAsync("--perf");
        var addresses = await behind.ReserveAsync(pair.Server.Addresses[0]);
        await pair.Client.DialAsync(addresses[0]);
        return new JsCircuit(pair, behind);
    }

    /// <summary>As that of the pair.</summary>
    public Task TryAsync(BenchRun run, Func<Task> measure) => _pair.TryAsync(run, measure);

    /// <summary>One perf stream through the relay; how long it took.</summary>
    public async Task<TimeSpan> PerfAsync(long upload, long download) => TimeSpan.FromMilliseconds(
        (await _pair.TimeAsync("benchPerf", new { peer = _behind.PeerId, upload, download, streams = 1 }))[0]);

    public async ValueTask DisposeAsync()
    {
        await _behind.DisposeAsync();
        await _pair.DisposeAsync();
    }
}
