using System.Security.Cryptography;
using NatActors.Multiformats;
using NatActors.Node.Ping;
using NatActors.Node.Streams;

namespace NatActors.Node.Tests.Whole;

public sealed class RelayedNodesTests
{
    [Fact]
    public async Task A_node_with_a_reservation_is_reached_through_its_relay()
    {
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        await using var b = await LoopbackNode.StartAsync(o => o with { Relays = [relay.Address], HolePunching = false, Echo = true });
        await using var a = await LoopbackNode.StartAsync(o => o with { HolePunching = false });
        var reserved = await b.Events.NextAsync<NodeEvents.Reserved>();
        Assert.Equal(relay.Id, reserved.Relay);

        var connection = await a.Node.DialAsync(Circuit(relay, b)).WaitAsync(LoopbackNode.Guard);

        Assert.True(connection.Relayed);
        Assert.Equal(b.Id, connection.Peer);
        await a.Node.PingAsync(b.Id).WaitAsync(LoopbackNode.Guard);
        await EchoAsync(a, b, 1 << 20);
        Assert.True((await b.Events.NextAsync<NodeEvents.Connected>(e => e.Peer == a.Id)).Relayed);
    }

    [Fact]
    public async Task A_stream_over_a_limited_connection_needs_an_opt_in()
    {
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "public" });
        await using var b = await LoopbackNode.StartAsync(o => o with { Relays = [relay.Address], HolePunching = false, Echo = true });
        await using var a = await LoopbackNode.StartAsync(o => o with { HolePunching = false });
        await b.Events.NextAsync<NodeEvents.Reserved>();
        var connection = await a.Node.DialAsync(Circuit(relay, b)).WaitAsync(LoopbackNode.Guard);
        Assert.True(connection.Limited);

        var refused = await Assert.ThrowsAsync<StreamNotOpenedException>(
            () => a.Node.OpenStreamAsync(b.Id, EchoService.Id).WaitAsync(LoopbackNode.Guard));

        Assert.Equal(StreamFailureKind.LimitedConnection, refused.Failure.Kind);
    }

    [Fact]
    public async Task A_peer_without_a_reservation_cannot_be_reached_and_the_reason_says_so()
    {
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        await using var b = await LoopbackNode.StartAsync();
        await using var a = await LoopbackNode.StartAsync();

        var unreachable = await Assert.ThrowsAsync<PeerUnreachableException>(
            () => a.Node.DialAsync(Circuit(relay, b)).WaitAsync(LoopbackNode.Guard));

        Assert.Contains("reservation", unreachable.Message, StringComparison.OrdinalIgnoreCase);
    }

    private static Multiaddr Circuit(LoopbackNode relay, LoopbackNode target) =>
        relay.Address.Append("/p2p-circuit").WithPeerId(target.Id);

    private static async Task EchoAsync(LoopbackNode from, LoopbackNode to, int bytes)
    {
        await using var stream = await from.Node.OpenStreamAsync(to.Id, EchoService.Id, allowLimited: true).WaitAsync(LoopbackNode.Guard);
        var sent = RandomNumberGenerator.GetBytes(bytes);
        var received = new byte[bytes];
        var reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(sent);
        await stream.CompleteWritesAsync();
        await reading.WaitAsync(LoopbackNode.Guard);
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }
}
