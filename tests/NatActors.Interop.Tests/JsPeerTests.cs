using NatActors.Testing.Js;

namespace NatActors.Interop.Tests;

/// <summary>The js peer itself, js to js: what fails here is not our node's fault.</summary>
public class JsPeerTests
{
    private const string Loopback = "/ip4/127.0.0.1/tcp/0";
    private const int EchoBytes = 1 << 20;

    [SkippableFact]
    public async Task Two_js_peers_identify_ping_and_echo()
    {
        await using var server = await JsPeer.StartAsync("--listen", Loopback, "--echo");
        await using var client = await JsPeer.StartAsync();
        var connection = await client.DialAsync(server.Addresses[0]);
        Assert.Equal((server.PeerId, false), (connection.Peer, connection.Relayed));
        var identified = await client.EventAsync("identified", one => one["peer"]!.GetValue<string>() == server.PeerId);
        Assert.Contains("/echo/1.0.0", identified["protocols"]!.AsArray().Select(one => one!.GetValue<string>()));
        Assert.Single(await client.PingAsync(server.PeerId));
        Assert.Equal(EchoBytes, await client.EchoAsync(server.PeerId, EchoBytes));
    }

    [SkippableFact]
    public async Task A_js_peer_is_reached_through_a_js_relay()
    {
        await using var relay = await JsPeer.StartAsync("--listen", Loopback, "--relay-server");
        await using var target = await JsPeer.StartAsync("--echo");
        await using var client = await JsPeer.StartAsync();
        var address = Assert.Single(await target.ReserveAsync(relay.Addresses[0]));
        var connection = await client.DialAsync(address);
        Assert.Equal((target.PeerId, true, true), (connection.Peer, connection.Relayed, connection.Limited));
    }

    [SkippableFact]
    public async Task A_refused_command_says_why()
    {
        await using var peer = await JsPeer.StartAsync();
        var refused = await Assert.ThrowsAsync<JsPeerException>(() => peer.AskAsync("fly"));
        Assert.Contains("no command 'fly'", refused.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_peer_that_ended_is_not_waited_for()
    {
        await using var peer = await JsPeer.StartAsync();
        peer.Kill();
        await Assert.ThrowsAsync<JsPeerException>(() => peer.EventAsync("identified"));
    }
}
