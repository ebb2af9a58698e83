using System.Text.Json;

namespace NatActors.Cli.Tests.Commands;

/// <summary><c>ping</c> and <c>perf</c> against nodes of the same command on this machine's loopback.</summary>
public sealed class DialingTests : InAFolder
{
    private const string Loopback = "/ip4/127.0.0.1/tcp/0";

    [Fact]
    public async Task Ping_tells_the_path_and_each_round_trip()
    {
        await using var node = Cli.Start(Folder, "run", "--json", "--listen", Loopback, "--identity", "node.key");
        var address = await node.AddressAsync();

        var plain = await Cli.RunAsync(Folder, "ping", address, "-c", "1");
        var json = await Cli.RunAsync(Folder, "ping", address, "-c", "2", "--json");

        Assert.Equal((0, 0), (plain.ExitCode, json.ExitCode));
        Assert.Single(plain.Output, line => line.StartsWith("direct path to 12D3KooW", StringComparison.Ordinal));
        Assert.Single(plain.Output, line => line.Contains("pong from", StringComparison.Ordinal));
        Assert.Equal(2, json.Events("ping").Count);
        Assert.All(json.Events("ping"), ping => AssertFields(ping, "peer", "ms", "relayed"));
        AssertFields(Assert.Single(json.Events("connected")), "peer", "addr", "direction", "relayed", "transport", "portReused");
        Assert.Equal(address, json.Events("connected")[0].GetProperty("addr").GetString());
        AssertFields(Assert.Single(json.Events("disconnected")), "peer", "addr", "relayed", "reason");
        Assert.Empty(json.Errors);
    }

    [Fact]
    public async Task Perf_measures_both_ways()
    {
        await using var node = Cli.Start(Folder, "run", "--json", "--listen", Loopback, "--identity", "node.key");
        var address = await node.AddressAsync();

        var plain = await Cli.RunAsync(Folder, "perf", address, "--upload", "1000", "--download", "0");
        var json = await Cli.RunAsync(Folder, "perf", address, "--upload", "1000000", "--download", "2000000", "--json");

        Assert.Equal((0, 0), (plain.ExitCode, json.ExitCode));
        Assert.Single(plain.Output, line => line.Contains("direct: up 1,000 bytes", StringComparison.Ordinal));
        var result = Assert.Single(json.Events("perf-result"));
        AssertFields(result, "peer", "relayed", "uploadBytes", "uploadMs", "downloadBytes", "downloadMs");
        Assert.Equal((1_000_000, 2_000_000), (result.GetProperty("uploadBytes").GetInt64(), result.GetProperty("downloadBytes").GetInt64()));
        Assert.False(result.GetProperty("relayed").GetBoolean());
        Assert.True(result.GetProperty("downloadMs").GetDouble() > 0);
    }

    [Fact]
    public async Task A_peer_that_is_not_there_or_is_another_ends_in_one_line_with_exit_code_1()
    {
        await using var node = Cli.Start(Folder, "run", "--json", "--listen", Loopback, "--identity", "node.key");
        var there = await node.AddressAsync();
        var other = (await Cli.RunAsync(Folder, "id", "--identity", "other.key")).Output[0];
        string[] addresses =
        [
            $"/ip4/127.0.0.1/tcp/1/p2p/{other}",
            $"{there[..there.IndexOf("/p2p/", StringComparison.Ordinal)]}/p2p/{other}",
            $"{there}/p2p-circuit/p2p/{other}",
        ];

        foreach (var address in addresses)
        {
            var run = await Cli.RunAsync(Folder, "ping", address);
            Assert.Equal(1, run.ExitCode);
            Assert.StartsWith($"{other} cannot be reached: ", Assert.Single(run.Errors));
        }

        var json = await Cli.RunAsync(Folder, "perf", addresses[0], "--json");
        Assert.Equal(1, json.ExitCode);
        AssertFields(Assert.Single(json.Events("error")), "what");
    }

    [Fact]
    public async Task Through_a_relay_the_path_and_why_it_stays_so_are_told()
    {
        await using var relay = Cli.Start(Folder, "run", "--json", "--listen", Loopback, "--relay-server", "private", "--identity", "relay.key");
        var relayAddress = await relay.AddressAsync();
        await using var node = Cli.Start(Folder, "run", "--json", "--listen", Loopback, "--relay", relayAddress, "--identity", "node.key");
        var reserved = await node.EventAsync("reserved");
        var nodeId = (await node.EventAsync("listening")).GetProperty("peerId").GetString();
        var relayed = reserved.GetProperty("addrs")[0].GetString()!;
        AssertFields(reserved, "relay", "expires", "addrs");
        Assert.Equal($"{relayAddress}/p2p-circuit/p2p/{nodeId}", relayed);

        var run = await Cli.RunAsync(Folder, "ping", relayed, "-c", "1", "--json");

        Assert.Equal(0, run.ExitCode);
        var connected = Assert.Single(run.Events("connected"), e => e.GetProperty("relayed").GetBoolean());
        Assert.Equal(relayed, connected.GetProperty("addr").GetString());
        Assert.True(Assert.Single(run.Events("ping")).GetProperty("relayed").GetBoolean());
        Assert.All(run.Events("punch-ended"), ended => AssertFields(ended, "peer", "outcome", "round", "ms", "reason"));
        Assert.Single(run.Events("punch-ended"));
        Assert.Equal(nodeId, run.Events("disconnected").First(e => e.GetProperty("relayed").GetBoolean()).GetProperty("peer").GetString());
        var seen = await node.EventAsync("punch-started");
        AssertFields(seen, "peer", "round");
        Assert.EndsWith($"/p2p-circuit/p2p/{seen.GetProperty("peer").GetString()}", await LastRelayedAsync(node));
    }

    [Fact]
    public async Task Identity_and_listen_are_those_that_were_named()
    {
        await using var node = Cli.Start(Folder, "run", "--json", "--listen", Loopback, "--identity", "node.key");
        var own = (await Cli.RunAsync(Folder, "id", "--identity", "own.key")).Output[0];

        var run = await Cli.RunAsync(
            Folder, "ping", await node.AddressAsync(), "-c", "1", "--identity", "own.key", "--listen", Loopback, "--json");

        Assert.Equal(0, run.ExitCode);
        var listening = Assert.Single(run.Events("listening"));
        AssertFields(listening, "peerId", "addrs");
        Assert.Equal(own, listening.GetProperty("peerId").GetString());
        Assert.Equal(1, listening.GetProperty("addrs").GetArrayLength());
        Assert.Equal(own, (await node.EventAsync("connected")).GetProperty("peer").GetString());
    }

    [Fact]
    public async Task A_node_that_stays_connected_is_identified()
    {
        await using var node = Cli.Start(Folder, "run", "--json", "--listen", Loopback, "--identity", "node.key");
        await using var other = Cli.Start(
            Folder, "run", "--json", "--listen", Loopback, "--identity", "other.key", "--dial", await node.AddressAsync());

        AssertFields(await node.EventAsync("identified"), "peer", "agent", "observed", "protocols");
    }

    private static async Task<string> LastRelayedAsync(Cli node) =>
        JsonDocument.Parse(await node.LineWithAsync("\"relayed\":true")).RootElement.GetProperty("addr").GetString()!;

    private static void AssertFields(JsonElement happened, params string[] fields) =>
        Assert.Equal(["event", "time", .. fields], happened.EnumerateObject().Select(p => p.Name));
}
