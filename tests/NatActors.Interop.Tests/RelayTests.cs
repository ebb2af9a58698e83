using System.Security.Cryptography;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Connections;
using NatActors.Node.Ping;
using NatActors.Node.Streams;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.Relay;
using NatActors.Testing.Js;

namespace NatActors.Interop.Tests;

/// <summary>Circuit relay v2 with js in each of the three places: relay, target, dialer. Holes are not punched here.</summary>
public sealed class RelayTests
{
    private const string Loopback = "/ip4/127.0.0.1/tcp/0";

    // A circuit of a js relay carries 128 KiB in all.
    private const int SmallEcho = 32 << 10;
    private const int LargeEcho = 1 << 20;

    [SkippableFact]
    public async Task Our_node_reserves_at_a_js_relay_and_js_reaches_it_there()
    {
        await using var relay = await JsPeer.StartAsync("--listen", Loopback, "--relay-server");
        await using var ours = await LoopbackNode.StartAsync(o => Still(o) with { Relays = [Multiaddr.Parse(relay.Addresses[0])], Echo = true });
        await using var dialer = await JsPeer.StartAsync();
        var reserved = await ours.Events.NextAsync<NodeEvents.Reserved>();
        Assert.Equal(relay.PeerId, reserved.Relay.ToString());
        Assert.Equal(
            [ours.Id.ToString()],
            (await relay.AskAsync("reservations"))["peers"]!.AsArray().Select(peer => peer!.GetValue<string>()));

        var connection = await dialer.DialAsync(Assert.Single(reserved.Addresses).ToString());

        Assert.Equal((ours.Id.ToString(), true, true), (connection.Peer, connection.Relayed, connection.Limited));
        Assert.Single(await dialer.PingAsync(ours.Id.ToString()));
        Assert.Equal(SmallEcho, await dialer.EchoAsync(ours.Id.ToString(), SmallEcho, "relayed"));
        Assert.Null((await ours.Events.NextAsync<NodeEvents.Identified>(e => e.Peer.ToString() == dialer.PeerId)).Observed);
    }

    [SkippableFact]
    public async Task Our_node_reaches_a_js_node_through_a_js_relay()
    {
        await using var relay = await JsPeer.StartAsync("--listen", Loopback, "--relay-server");
        await using var target = await JsPeer.StartAsync("--echo");
        await using var ours = await LoopbackNode.StartAsync(Still);
        var address = Assert.Single(await target.ReserveAsync(relay.Addresses[0]));

        var connection = await ours.Node.DialAsync(Multiaddr.Parse(address)).WaitAsync(JsPeer.Guard);

        Assert.Equal((target.PeerId, true, true), (connection.Peer.ToString(), connection.Relayed, connection.Limited));
        // Its time limit says nothing: a js relay puts milliseconds into the field of seconds.
        Assert.Equal(128 << 10, connection.Limits!.BytesPerDirection);
        Assert.True(await ours.Node.PingAsync(connection.Peer).WaitAsync(JsPeer.Guard) > TimeSpan.Zero);
        await EchoAsync(ours, connection.Peer, SmallEcho);
    }

    [SkippableFact]
    public async Task Js_reserves_at_our_relay_and_our_node_reaches_it_there()
    {
        await using var relay = await Relay();
        await using var target = await JsPeer.StartAsync("--echo");
        await using var ours = await LoopbackNode.StartAsync(Still);
        var address = Assert.Single(await target.ReserveAsync(relay.Address.ToString()));

        var connection = await ours.Node.DialAsync(Multiaddr.Parse(address)).WaitAsync(JsPeer.Guard);

        Assert.Equal((target.PeerId, true), (connection.Peer.ToString(), connection.Relayed));
        await EchoAsync(ours, connection.Peer, LargeEcho);
    }

    [SkippableFact]
    public async Task Js_reaches_our_node_through_our_relay()
    {
        await using var relay = await Relay();
        await using var ours = await LoopbackNode.StartAsync(o => Still(o) with { Relays = [relay.Address], Echo = true });
        await using var dialer = await JsPeer.StartAsync();
        var reserved = await ours.Events.NextAsync<NodeEvents.Reserved>();

        var connection = await dialer.DialAsync(reserved.Addresses[0].ToString());

        Assert.Equal((ours.Id.ToString(), true), (connection.Peer, connection.Relayed));
        Assert.Equal(LargeEcho, await dialer.EchoAsync(ours.Id.ToString(), LargeEcho, "relayed"));
        var inbound = await ours.Events.NextAsync<NodeEvents.Connected>(e => e.Relayed);
        Assert.Equal((dialer.PeerId, ConnectionDirection.Inbound), (inbound.Peer.ToString(), inbound.Direction));
    }

    [SkippableFact]
    public async Task Two_js_peers_meet_through_our_relay()
    {
        await using var relay = await Relay("public");
        await using var target = await JsPeer.StartAsync("--echo");
        await using var dialer = await JsPeer.StartAsync();
        var address = Assert.Single(await target.ReserveAsync(relay.Address.ToString()));

        var connection = await dialer.DialAsync(address);

        Assert.Equal((target.PeerId, true, true), (connection.Peer, connection.Relayed, connection.Limited));
        Assert.Equal(SmallEcho, await dialer.EchoAsync(target.PeerId, SmallEcho));
    }

    [SkippableFact]
    public async Task A_js_relay_that_has_no_slot_for_the_target_says_so()
    {
        await using var relay = await JsPeer.StartAsync("--listen", Loopback, "--relay-server");
        await using var target = await JsPeer.StartAsync();
        await using var ours = await LoopbackNode.StartAsync(Still);
        await target.DialAsync(relay.Addresses[0]);
        var address = Multiaddr.Parse($"{relay.Addresses[0]}/p2p-circuit/p2p/{target.PeerId}");

        var unreachable = await Assert.ThrowsAsync<PeerUnreachableException>(() => ours.Node.DialAsync(address).WaitAsync(JsPeer.Guard));

        Assert.Contains(RelayStatus.NoReservation.InWords(), unreachable.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Our_relay_tells_js_that_the_target_has_no_slot()
    {
        await using var relay = await Relay();
        await using var target = await JsPeer.StartAsync();
        await using var dialer = await JsPeer.StartAsync();
        await target.DialAsync(relay.Address.ToString());

        var refused = await Assert.ThrowsAsync<JsPeerException>(
            () => dialer.DialAsync($"{relay.Address}/p2p-circuit/p2p/{target.PeerId}"));

        Assert.Contains("NO_RESERVATION", refused.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_full_js_relay_is_told_of_in_words()
    {
        await using var relay = await JsPeer.StartAsync("--listen", Loopback, "--relay-server", "--relay-reservations", "1");
        await using var first = await JsPeer.StartAsync();
        await first.ReserveAsync(relay.Addresses[0]);
        await using var ours = await LoopbackNode.StartAsync(o => Still(o) with { Relays = [Multiaddr.Parse(relay.Addresses[0])] });

        var error = await ours.Events.NextAsync<NodeEvents.Error>();

        Assert.Contains(relay.PeerId, error.What, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_js_relay_that_ends_loses_the_reservation_and_the_circuits()
    {
        await using var relay = await JsPeer.StartAsync("--listen", Loopback, "--relay-server");
        await using var ours = await LoopbackNode.StartAsync(o => Still(o) with { Relays = [Multiaddr.Parse(relay.Addresses[0])] });
        await using var dialer = await JsPeer.StartAsync();
        await dialer.DialAsync((await ours.Events.NextAsync<NodeEvents.Reserved>()).Addresses[0].ToString());

        relay.Kill();

        Assert.Equal(relay.PeerId, (await ours.Events.NextAsync<NodeEvents.ReservationLost>()).Relay.ToString());
        await ours.Events.NextAsync<NodeEvents.Disconnected>(e => e.Relayed && e.Peer.ToString() == dialer.PeerId);
    }

    [SkippableFact]
    public async Task A_js_relay_cuts_a_circuit_at_its_limit_and_nothing_hangs()
    {
        await using var relay = await JsPeer.StartAsync("--listen", Loopback, "--relay-server");
        await using var target = await JsPeer.StartAsync("--echo");
        await using var ours = await LoopbackNode.StartAsync(Still);
        var address = Multiaddr.Parse(Assert.Single(await target.ReserveAsync(relay.Addresses[0])));
        var connection = await ours.Node.DialAsync(address).WaitAsync(JsPeer.Guard);

        await Assert.ThrowsAnyAsync<IOException>(() => EchoAsync(ours, connection.Peer, LargeEcho));

        await ours.Events.NextAsync<NodeEvents.Disconnected>(e => e.Relayed && e.Peer == connection.Peer);
        Assert.True((await ours.Node.DialAsync(address).WaitAsync(JsPeer.Guard)).Relayed);
    }

    [SkippableFact]
    public async Task Our_public_relay_cuts_a_circuit_of_js_at_its_limit_and_nothing_hangs()
    {
        await using var relay = await Relay("public");
        await using var target = await JsPeer.StartAsync("--echo");
        await using var dialer = await JsPeer.StartAsync();
        var address = Assert.Single(await target.ReserveAsync(relay.Address.ToString()));
        await dialer.DialAsync(address);

        await Assert.ThrowsAsync<JsPeerException>(() => dialer.EchoAsync(target.PeerId, LargeEcho));

        await dialer.EventAsync("disconnected", one => one["relayed"]!.GetValue<bool>());
        Assert.True((await dialer.DialAsync(address)).Relayed);
    }

    [SkippableFact]
    public async Task A_stream_to_js_over_a_limited_connection_needs_our_consent()
    {
        await using var relay = await JsPeer.StartAsync("--listen", Loopback, "--relay-server");
        await using var target = await JsPeer.StartAsync("--echo");
        await using var ours = await LoopbackNode.StartAsync(Still);
        var address = Assert.Single(await target.ReserveAsync(relay.Addresses[0]));
        var connection = await ours.Node.DialAsync(Multiaddr.Parse(address)).WaitAsync(JsPeer.Guard);

        var refused = await Assert.ThrowsAsync<StreamNotOpenedException>(
            () => ours.Node.OpenStreamAsync(connection.Peer, EchoService.Id).WaitAsync(JsPeer.Guard));

        Assert.Equal(StreamFailureKind.LimitedConnection, refused.Failure.Kind);
    }

    [SkippableFact]
    public async Task A_short_reservation_at_a_js_relay_is_refreshed_before_its_end()
    {
        await using var relay = await JsPeer.StartAsync("--listen", Loopback, "--relay-server", "--relay-ttl", "5000");
        await using var ours = await LoopbackNode.StartAsync(o => Still(o) with { Relays = [Multiaddr.Parse(relay.Addresses[0])] });

        var first = await ours.Events.NextAsync<NodeEvents.Reserved>();
        await ours.Events.NthAsync<NodeEvents.Reserved>(2);

        Assert.Empty(ours.Events.All.OfType<NodeEvents.ReservationLost>());
        await using var dialer = await JsPeer.StartAsync();
        Assert.True((await dialer.DialAsync(first.Addresses[0].ToString())).Relayed);
    }

    [SkippableFact]
    public async Task A_restarted_js_peer_takes_its_slot_at_our_relay_again()
    {
        string[] identity = ["--seed", Convert.ToHexString(RandomNumberGenerator.GetBytes(32))];
        await using var relay = await Relay();
        await using var dialer = await JsPeer.StartAsync();
        var before = await JsPeer.StartAsync(identity);
        await before.ReserveAsync(relay.Address.ToString());
        await before.DisposeAsync();

        await using var after = await JsPeer.StartAsync(identity);
        Assert.Equal(before.PeerId, after.PeerId);
        var address = Assert.Single(await after.ReserveAsync(relay.Address.ToString()));

        Assert.Equal((after.PeerId, true), await PeerAndPathAsync(dialer, address));
        Assert.Single(await dialer.PingAsync(after.PeerId));
    }

    private static async Task<(string Peer, bool Relayed)> PeerAndPathAsync(JsPeer dialer, string address)
    {
        var connection = await dialer.DialAsync(address);
        return (connection.Peer, connection.Relayed);
    }

    private static NodeOptions Still(NodeOptions options) => options with { HolePunching = false };

    private static Task<LoopbackNode> Relay(string profile = "private") => LoopbackNode.StartAsync(o => Still(o) with { RelayServer = profile });

    private static async Task EchoAsync(LoopbackNode ours, PeerId peer, int bytes)
    {
        await using var stream = await ours.Node.OpenStreamAsync(peer, EchoService.Id, allowLimited: true).WaitAsync(JsPeer.Guard);
        var sent = RandomNumberGenerator.GetBytes(bytes);
        var received = new byte[bytes];
        var reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(sent).AsTask().WaitAsync(JsPeer.Guard);
        await stream.CompleteWritesAsync();
        await reading.WaitAsync(JsPeer.Guard);
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }
}
