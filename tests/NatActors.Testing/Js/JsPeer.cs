using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NatActors.Testing.Js;

/// <summary>
/// A js-libp2p peer in a process of its own (tests/interop/peer.mjs). Commands are asked, events awaited; disposing it kills the process.
/// Events stay until a test takes them, so it does not matter whether a test waits before or after they happen.
/// </summary>
public sealed class JsPeer : IAsyncDisposable
{
    /// <summary>A guard against a peer that never answers, far above what any answer takes.</summary>
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly JsEvents _events;
    private int _lastId;

    private JsPeer(Process process)
    {
        _process = process;
        _events = new JsEvents(process);
    }

    /// <summary>Its peer id, as text.</summary>
    public string PeerId { get; private set; } = "";

    /// <summary>What it announced when it started; each ends in <c>/p2p/</c> and its peer id.</summary>
    public IReadOnlyList<string> Addresses { get; private set; } = [];

    /// <summary>Starts a peer here and waits until it listens. Options are those of peer.mjs; skips the test where js peers are not installed.</summary>
    public static Task<JsPeer> StartAsync(params IEnumerable<string> options) => StartInAsync(null, options);

    /// <summary>Starts a peer inside a network namespace (<c>ip netns exec NAME</c>, as root), or here for null.</summary>
    public static async Task<JsPeer> StartInAsync(string? netns, params IEnumerable<string> options)
    {
        RequiresJs.OrSkip();
        string[] prefix = netns is null ? [] : ["ip", "netns", "exec", netns];
        string[] command = [.. prefix, RequiresJs.NodeBinary, Path.Combine(RequiresJs.Folder, "peer.mjs"), .. options];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var peer = new JsPeer(Process.Start(start) ?? throw new JsPeerException($"{command[0]} did not start"));
        try
        {
            var started = await peer.EventAsync("started");
            peer.PeerId = started["peerId"]!.GetValue<string>();
            peer.Addresses = Texts(started["addrs"]);
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for an event by name (see events.mjs), and by what it says, and takes it.</summary>
    public Task<JsonNode> EventAsync(string name, Func<JsonNode, bool>? fits = null, TimeSpan? guard = null) =>
        _events.TakeAsync(one => one["event"]?.GetValue<string>() == name && fits?.Invoke(one) != false, $"event '{name}'", guard ?? Guard);

    /// <summary>Gives a command (see commands.mjs) and waits for its answer; throws what the peer says if it failed.</summary>
    public async Task<JsonNode> AskAsync(string command, object? arguments = null, TimeSpan? guard = null)
    {
        var id = Interlocked.Increment(ref _lastId);
        var line = JsonSerializer.SerializeToNode(arguments ?? new { })!.AsObject();
        line["id"] = id;
        line["do"] = command;
        await _process.StandardInput.WriteLineAsync(line.ToJsonString());
        await _process.StandardInput.FlushAsync();
        var answer = await _events.TakeAsync(one => one["id"]?.GetValue<int>() == id, $"the answer to '{command}'", guard ?? Guard);
        return answer["event"]?.GetValue<string>() == "done" ? answer : throw new JsPeerException($"{command}: {answer["error"]}");
    }

    /// <summary>Dials a multiaddr that ends in a peer id; what it answers is the connection.</summary>
    public async Task<JsConnection> DialAsync(string address) => JsConnection.Read(await AskAsync("dial", new { addr = address }));

    /// <summary>Pings a peer over whatever connection there is; round trips in milliseconds.</summary>
    public async Task<IReadOnlyList<double>> PingAsync(string peer, int count = 1) =>
        [.. (await AskAsync("ping", new { peer, count }))["ms"]!.AsArray().Select(ms => ms!.GetValue<double>())];

    /// <summary>Sends that many bytes to the peer's <c>/echo/1.0.0</c>; js checks each byte that comes back.</summary>
    /// <param name="peer">Who echoes.</param>
    /// <param name="bytes">How many.</param>
    /// <param name="path">"direct" or "relayed" for a connection of that kind, null for whichever js prefers.</param>
    public async Task<long> EchoAsync(string peer, long bytes, string? path = null) =>
        (await AskAsync("echo", path is null ? new { peer, bytes } : new { peer, bytes, path }))["bytes"]!.GetValue<long>();

    /// <summary>Runs <c>/perf/1.0.0</c> against a peer; the answer has uploadBytes, uploadMs, downloadBytes, downloadMs.</summary>
    public Task<JsonNode> PerfAsync(string peer, long upload, long download) => AskAsync("perf", new { peer, upload, download });

    /// <summary>Reserves at a relay; answers the addresses it can now be reached at.</summary>
    public async Task<IReadOnlyList<string>> ReserveAsync(string relay) => Texts((await AskAsync("reserve", new { relay }))["addrs"]);

    /// <summary>All its open connections.</summary>
    public async Task<IReadOnlyList<JsConnection>> ConnectionsAsync() =>
        [.. (await AskAsync("connections"))["connections"]!.AsArray().Select(one => JsConnection.Read(one!))];

    /// <summary>Closes all connections to a peer.</summary>
    public Task CloseAsync(string peer) => AskAsync("close", new { peer });

    /// <summary>Stops it in order, its connections closed; returns when its process has ended.</summary>
    public async Task StopAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Guard);
    }

    /// <summary>Kills it at once, as a crash would.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        Kill();
        await _process.WaitForExitAsync();
        await _events.Ended;
        _process.Dispose();
    }

    private static List<string> Texts(JsonNode? array) => [.. array!.AsArray().Select(text => text!.GetValue<string>())];
}
