using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.HolePunch;

namespace NatActors.Node.Tests.HolePunch;

/// <summary>
/// Three whole nodes on loopback, where there is no NAT: the exchange, the switch to the direct connection, and the reasons.
/// </summary>
public sealed class PunchedNodesTests
{
    [Fact]
    public async Task A_relayed_connection_becomes_a_direct_one_and_streams_go_there()
    {
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        await using var b = await LoopbackNode.StartAsync(o => Here(o) with { Relays = [relay.Address], Echo = true });
        await using var a = await LoopbackNode.StartAsync(Here);
        var address = (await b.Events.NextAsync<NodeEvents.Reserved>()).Addresses[0];

        Assert.True((await a.Node.DialAsync(address).WaitAsync(LoopbackNode.Guard)).Relayed);
        await using var stream = await a.Node.OpenStreamAsync(b.Id, "/echo/1.0.0").WaitAsync(LoopbackNode.Guard);

        Assert.False(stream.Relayed);
        Assert.Equal(PunchOutcome.Direct, (await a.Events.NextAsync<NodeEvents.PunchEnded>()).Outcome);
        Assert.Equal(PunchOutcome.Direct, (await b.Events.NextAsync<NodeEvents.PunchEnded>()).Outcome);
        await stream.WriteAsync("direct"u8.ToArray());
        var echoed = new byte[6];
        await stream.ReadExactlyAsync(echoed).AsTask().WaitAsync(LoopbackNode.Guard);
        Assert.Equal("direct"u8.ToArray(), echoed);
    }

    [Fact]
    public async Task The_relayed_connection_closes_after_its_grace_time()
    {
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        await using var b = await LoopbackNode.StartAsync(o => Here(o) with { Relays = [relay.Address] });
        await using var a = await LoopbackNode.StartAsync(
            o => Here(o) with { Connections = new ConnectionOptions { RelayedGrace = TimeSpan.FromMilliseconds(100) } });
        await a.Node.DialAsync((await b.Events.NextAsync<NodeEvents.Reserved>()).Addresses[0]).WaitAsync(LoopbackNode.Guard);

        await a.Events.NextAsync<NodeEvents.Connected>(e => e.Peer == b.Id && !e.Relayed);

        await a.Events.NextAsync<NodeEvents.Disconnected>(e => e.Peer == b.Id && e.Relayed);
    }

    [Fact]
    public async Task Without_public_addresses_the_pair_stays_relayed_and_says_why()
    {
        var soon = new PunchOptions { ObservationHold = TimeSpan.FromMilliseconds(200) };
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        await using var b = await LoopbackNode.StartAsync(o => o with { Relays = [relay.Address], Echo = true, Punch = soon });
        await using var a = await LoopbackNode.StartAsync(o => o with { Punch = soon });
        await a.Node.DialAsync((await b.Events.NextAsync<NodeEvents.Reserved>()).Addresses[0]).WaitAsync(LoopbackNode.Guard);

        var refused = await Assert.ThrowsAsync<StreamNotOpenedException>(
            () => a.Node.OpenStreamAsync(b.Id, "/echo/1.0.0").WaitAsync(LoopbackNode.Guard));

        var ended = await a.Events.NextAsync<NodeEvents.PunchEnded>();
        Assert.Equal((PunchOutcome.Relayed, PunchReasons.NoAddress), (ended.Outcome, ended.Reason));
        Assert.Contains(PunchReasons.NoAddress, refused.Message, StringComparison.Ordinal);
        Assert.True(await a.Node.PingAsync(b.Id).WaitAsync(LoopbackNode.Guard) > TimeSpan.Zero);
    }

    [Fact]
    public async Task A_peer_that_does_not_punch_is_named()
    {
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        await using var b = await LoopbackNode.StartAsync(o => Here(o) with { Relays = [relay.Address] });
        await using var a = await LoopbackNode.StartAsync(o => o with { HolePunching = false, Listen = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")] });
        await a.Node.DialAsync((await b.Events.NextAsync<NodeEvents.Reserved>()).Addresses[0]).WaitAsync(LoopbackNode.Guard);

        var ended = await b.Events.NextAsync<NodeEvents.PunchEnded>();

        // The reversal may be faster than the refusal; either is a right answer, silence is not.
        Assert.True(ended.Outcome == PunchOutcome.Direct || ended.Reason == PunchReasons.PeerDoesNotSpeak, ended.ToString());
    }

    [Fact]
    public async Task A_dcutr_stream_on_a_direct_connection_is_cut()
    {
        await using var b = await LoopbackNode.StartAsync();
        await using var a = await LoopbackNode.StartAsync();
        await a.Node.DialAsync(b.Address).WaitAsync(LoopbackNode.Guard);

        // The reset may come before the answer of the negotiation has been read, or after it.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await using var stream = await a.Node.OpenStreamAsync(b.Id, HolePunchCodec.Protocol).WaitAsync(LoopbackNode.Guard);
            await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(LoopbackNode.Guard);
        });
    }

    [Fact]
    public async Task A_dcutr_stream_from_the_side_that_made_the_relayed_connection_is_cut()
    {
        await using var relay = await LoopbackNode.StartAsync(o => o with { RelayServer = "private" });
        await using var b = await LoopbackNode.StartAsync(o => o with { Relays = [relay.Address] });
        await using var a = await LoopbackNode.StartAsync(o => o with { HolePunching = false });
        await a.Node.DialAsync((await b.Events.NextAsync<NodeEvents.Reserved>()).Addresses[0]).WaitAsync(LoopbackNode.Guard);

        // The reset may come before the answer of the negotiation has been read, or after it.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            await using var stream =
                await a.Node.OpenStreamAsync(b.Id, HolePunchCodec.Protocol, allowLimited: true).WaitAsync(LoopbackNode.Guard);
            await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(LoopbackNode.Guard);
        });
    }

    private static NodeOptions Here(NodeOptions options) => options with { Punch = new PunchOptions { AllowPrivateAddresses = true } };
}
