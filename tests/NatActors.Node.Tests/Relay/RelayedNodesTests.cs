using System.Security.Cryptography;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Tests.Relay;

/// <summary>Three whole nodes on loopback: a relay, one that keeps a reservation there, and one that reaches it.</summary>
public sealed class RelayedNodesTests
{
    [Fact]
    public async Task A_node_reserves_a_slot_and_is_reached_through_it()
    {
        await using var relay = await Relay();
        await using var b = await Reserved(relay);
        await using var a = await LoopbackNode.StartAsync(Still);
        var reserved = await b.Events.NextAsync<NodeEvents.Reserved>();
        Assert.Equal(relay.Id, reserved.Relay);
        Assert.EndsWith($"/p2p/{relay.Id}/p2p-circuit/p2p/{b.Id}", Assert.Single(reserved.Addresses).ToString(), StringComparison.Ordinal);

        var connection = await a.Node.DialAsync(reserved.Addresses[0]).WaitAsync(LoopbackNode.Guard);

        Assert.Equal(b.Id, connection.Peer);
        Assert.True(connection.Relayed && connection.Limited);
        Assert.Equal(TimeSpan.FromHours(1), connection.Limits!.Duration);
        var inbound = await b.Events.NextAsync<NodeEvents.Connected>(e => e.Relayed);
        Assert.Equal((a.Id, ConnectionDirection.Inbound), (inbound.Peer, inbound.Direction));
        Assert.True(await a.Node.PingAsync(b.Id).WaitAsync(LoopbackNode.Guard) > TimeSpan.Zero);
    }

    [Fact]
    public async Task Streams_over_a_limited_connection_need_an_opt_in_and_carry_a_mebibyte_then()
    {
        await using var relay = await Relay();
        await using var b = await Reserved(relay);
        await using var a = await LoopbackNode.StartAsync(Still);
        using var echo = b.Node.Handle("/repeat/1.0.0", async (stream, ended) => await stream.CopyToAsync(stream, ended), allowLimited: true);
        await a.Node.DialAsync(await AddressOf(b)).WaitAsync(LoopbackNode.Guard);

        var refused = await Assert.ThrowsAsync<StreamNotOpenedException>(
            () => a.Node.OpenStreamAsync(b.Id, "/repeat/1.0.0").WaitAsync(LoopbackNode.Guard));
        Assert.Equal(StreamFailureKind.LimitedConnection, refused.Failure.Kind);

        await using var stream = await a.Node.OpenStreamAsync(b.Id, "/repeat/1.0.0", allowLimited: true).WaitAsync(LoopbackNode.Guard);
        var sent = RandomNumberGenerator.GetBytes(1 << 20);
        var received = new byte[sent.Length];
        var reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(sent);
        await stream.CompleteWritesAsync();
        await reading.WaitAsync(LoopbackNode.Guard);
        Assert.True(sent.AsSpan().SequenceEqual(received));
    }

    [Fact]
    public async Task A_public_relay_cuts_a_circuit_at_its_limit()
    {
        await using var relay = await Relay("public");
        await using var b = await Reserved(relay);
        await using var a = await LoopbackNode.StartAsync(Still);
        using var sink = b.Node.Handle("/sink/1.0.0", async (stream, ended) => await stream.CopyToAsync(Stream.Null, ended), allowLimited: true);
        await a.Node.DialAsync(await AddressOf(b)).WaitAsync(LoopbackNode.Guard);
        await using var stream = await a.Node.OpenStreamAsync(b.Id, "/sink/1.0.0", allowLimited: true).WaitAsync(LoopbackNode.Guard);

        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            for (var i = 0; i < 64; i++)
            {
                await stream.WriteAsync(new byte[16 * 1024]).AsTask().WaitAsync(LoopbackNode.Guard);
            }
        });
        Assert.True((await a.Events.NextAsync<NodeEvents.Disconnected>(e => e.Relayed)).Relayed);
    }

    [Fact]
    public async Task A_peer_without_a_reservation_is_not_reached_and_the_reason_is_told()
    {
        await using var relay = await Relay();
        await using var b = await LoopbackNode.StartAsync(Still);
        await using var a = await LoopbackNode.StartAsync(Still);
        await b.Node.DialAsync(relay.Address).WaitAsync(LoopbackNode.Guard);

        var unreachable = await Assert.ThrowsAsync<PeerUnreachableException>(
            () => a.Node.DialAsync(relay.Address.Append("/p2p-circuit").WithPeerId(b.Id)).WaitAsync(LoopbackNode.Guard));

        Assert.Contains(RelayStatus.NoReservation.InWords(), unreachable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_no_relay_says_so()
    {
        await using var other = await LoopbackNode.StartAsync(Still);
        await using var b = await LoopbackNode.StartAsync(o => Still(o) with { Relays = [other.Address] });

        var error = await b.Events.NextAsync<NodeEvents.Error>();

        Assert.Contains("the peer is no relay", error.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_the_owner_refuses_gets_no_slot()
    {
        await using var relay = await LoopbackNode.StartAsync(
            o => Still(o) with { RelayServer = "private" },
            setup => setup with { RelayAcl = new Nobody() });
        await using var b = await LoopbackNode.StartAsync(o => Still(o) with { Relays = [relay.Address] });

        var error = await b.Events.NextAsync<NodeEvents.Error>();

        Assert.Contains(RelayStatus.PermissionDenied.InWords(), error.What, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_relay_is_told_of_and_found_again_when_it_is_back()
    {
        using var key = PrivateKey.GenerateEd25519(Transports.SystemRandomSource.Instance);
        var relay = await LoopbackNode.StartAsync(o => Still(o) with { RelayServer = "private" }, setup => setup with { Key = key });
        var address = relay.Address;
        await using var b = await Reserved(relay);
        await b.Events.NextAsync<NodeEvents.Reserved>();

        await relay.DisposeAsync();
        Assert.Equal(relay.Id, (await b.Events.NextAsync<NodeEvents.ReservationLost>()).Relay);

        await using var again = await LoopbackNode.StartAsync(
            o => Still(o) with { RelayServer = "private", Listen = [address.WithoutPeerId()] },
            setup => setup with { Key = key });
        await b.Events.NthAsync<NodeEvents.Reserved>(2);
        await using var a = await LoopbackNode.StartAsync(Still);
        Assert.True((await a.Node.DialAsync(await AddressOf(b)).WaitAsync(LoopbackNode.Guard)).Relayed);
    }

    [Fact]
    public async Task Both_ends_of_a_circuit_hear_of_the_relays_end()
    {
        var relay = await Relay();
        await using var b = await Reserved(relay);
        await using var a = await LoopbackNode.StartAsync(Still);
        await a.Node.DialAsync(await AddressOf(b)).WaitAsync(LoopbackNode.Guard);
        await b.Events.NextAsync<NodeEvents.Connected>(e => e.Relayed);

        // The dialer sends the handshake's last message: the other end is connected only once the relay has passed that on.
        await b.Events.NextAsync<NodeEvents.Connected>(e => e.Peer == a.Id && e.Relayed);

        await relay.DisposeAsync();

        await a.Events.NextAsync<NodeEvents.Disconnected>(e => e.Peer == b.Id && e.Relayed);
        await b.Events.NextAsync<NodeEvents.Disconnected>(e => e.Peer == a.Id && e.Relayed);
    }

    [Theory]
    [InlineData("FFFF", RelayStatus.MalformedMessage)]
    [InlineData("", RelayStatus.MalformedMessage)]
    [InlineData("0801", RelayStatus.MalformedMessage)]
    [InlineData("0809", RelayStatus.UnexpectedMessage)]
    [InlineData("08022864", RelayStatus.UnexpectedMessage)]
    public async Task A_bad_question_is_answered_by_name_and_costs_its_stream_only(string hex, RelayStatus status)
    {
        await using var relay = await Relay();
        await using var a = await LoopbackNode.StartAsync(Still);
        await a.Node.DialAsync(relay.Address).WaitAsync(LoopbackNode.Guard);
        await using var stream = await a.Node.OpenStreamAsync(relay.Id, RelayProtocol.Hop).WaitAsync(LoopbackNode.Guard);
        var messages = new MessageStream(stream);

        await messages.WriteMessageAsync(Convert.FromHexString(hex), CancellationToken.None);
        var answer = await messages.ReadMessageAsync(RelayCodec.MaxMessageSize, CancellationToken.None).AsTask().WaitAsync(LoopbackNode.Guard);

        Assert.Equal(status, Assert.IsType<HopMessage.Status>(RelayCodec.DecodeHop(answer.Message!.Value.Span).Message).Code);
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(LoopbackNode.Guard));
        Assert.True(await a.Node.PingAsync(relay.Id).WaitAsync(LoopbackNode.Guard) > TimeSpan.Zero);
    }

    [Fact]
    public async Task Nobody_reserves_through_another_relay()
    {
        await using var relay = await Relay();
        await using var second = await LoopbackNode.StartAsync(o => Still(o) with { RelayServer = "private", Relays = [relay.Address] });
        await using var a = await LoopbackNode.StartAsync(Still);
        await a.Node.DialAsync(await AddressOf(second)).WaitAsync(LoopbackNode.Guard);
        await using var stream = await a.Node.OpenStreamAsync(second.Id, RelayProtocol.Hop, allowLimited: true).WaitAsync(LoopbackNode.Guard);
        var messages = new MessageStream(stream);

        await messages.WriteMessageAsync(RelayCodec.Encode(new HopMessage.Reserve()), CancellationToken.None);
        var answer = await messages.ReadMessageAsync(RelayCodec.MaxMessageSize, CancellationToken.None).AsTask().WaitAsync(LoopbackNode.Guard);

        var refused = Assert.IsType<HopMessage.Status>(RelayCodec.DecodeHop(answer.Message!.Value.Span).Message);
        Assert.Equal(RelayStatus.PermissionDenied, refused.Code);
    }

    [Fact]
    public async Task A_stranger_that_announces_a_circuit_is_refused()
    {
        await using var b = await LoopbackNode.StartAsync(Still);
        await using var stranger = await LoopbackNode.StartAsync(Still);
        await stranger.Node.DialAsync(b.Address).WaitAsync(LoopbackNode.Guard);
        await using var stream = await stranger.Node.OpenStreamAsync(b.Id, RelayProtocol.Stop).WaitAsync(LoopbackNode.Guard);
        var messages = new MessageStream(stream);
        using var somebody = PrivateKey.GenerateEd25519(Transports.SystemRandomSource.Instance);

        await messages.WriteMessageAsync(RelayCodec.Encode(new StopMessage.Connect(somebody.PeerId, RelayLimits.None)), CancellationToken.None);
        var answer = await messages.ReadMessageAsync(RelayCodec.MaxMessageSize, CancellationToken.None).AsTask().WaitAsync(LoopbackNode.Guard);

        var refused = Assert.IsType<StopMessage.Status>(RelayCodec.DecodeStop(answer.Message!.Value.Span).Message);
        Assert.Equal(RelayStatus.PermissionDenied, refused.Code);
    }

    private static NodeOptions Still(NodeOptions options) => options with { HolePunching = false };

    private static Task<LoopbackNode> Relay(string profile = "private") =>
        LoopbackNode.StartAsync(o => Still(o) with { RelayServer = profile });

    private static Task<LoopbackNode> Reserved(LoopbackNode relay) =>
        LoopbackNode.StartAsync(o => Still(o) with { Relays = [relay.Address], Echo = true });

    private static async Task<Multiaddr> AddressOf(LoopbackNode node) => (await node.Events.NextAsync<NodeEvents.Reserved>()).Addresses[0];

    private sealed class Nobody : IRelayAcl
    {
        public bool AllowReserve(PeerId peer, Multiaddr address) => false;
    }
}
