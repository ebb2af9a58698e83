using System.Security.Cryptography;
using NatActors.Node.Connections;
using NatActors.Node.Ping;
using NatActors.Node.Streams;

namespace NatActors.Node.Tests.Whole;

public sealed class TwoNodesTests
{
    [Fact]
    public async Task Two_nodes_connect_identify_and_ping()
    {
        await using var a = await LoopbackNode.StartAsync();
        await using var b = await LoopbackNode.StartAsync();

        var connection = await a.Node.DialAsync(b.Address).WaitAsync(LoopbackNode.Guard);
        var roundTrip = await a.Node.PingAsync(b.Id).WaitAsync(LoopbackNode.Guard);
        var back = await b.Node.PingAsync(a.Id).WaitAsync(LoopbackNode.Guard);

        Assert.Equal(b.Id, connection.Peer);
        Assert.True(roundTrip > TimeSpan.Zero && back > TimeSpan.Zero);
        var identified = await b.Events.NextAsync<NodeEvents.Identified>();
        Assert.Equal(a.Id, identified.Peer);
        Assert.Contains(PingIds.Ping, identified.Protocols);
        Assert.True((await b.Events.NextAsync<NodeEvents.Connected>()).PortReused);
    }

    [Fact]
    public async Task The_dialed_node_sees_the_dialers_listen_port()
    {
        await using var a = await LoopbackNode.StartAsync();
        await using var b = await LoopbackNode.StartAsync();

        await a.Node.DialAsync(b.Address).WaitAsync(LoopbackNode.Guard);
        var identified = await a.Events.NextAsync<NodeEvents.Identified>();

        Assert.Equal(a.Address, identified.Observed);
    }

    [Fact]
    public async Task An_echo_of_sixteen_mebibytes_comes_back_whole()
    {
        await using var a = await LoopbackNode.StartAsync();
        await using var b = await LoopbackNode.StartAsync(o => o with { Echo = true });
        await a.Node.DialAsync(b.Address).WaitAsync(LoopbackNode.Guard);
        await using var stream = await a.Node.OpenStreamAsync(b.Id, EchoService.Id).WaitAsync(LoopbackNode.Guard);
        var sent = RandomNumberGenerator.GetBytes(16 << 20);

        var received = new byte[sent.Length];
        var reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(sent);
        await stream.CompleteWritesAsync();
        await reading.WaitAsync(LoopbackNode.Guard);

        Assert.True(sent.AsSpan().SequenceEqual(received));
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task A_protocol_that_nobody_serves_is_refused_by_name()
    {
        await using var a = await LoopbackNode.StartAsync();
        await using var b = await LoopbackNode.StartAsync();
        await a.Node.DialAsync(b.Address).WaitAsync(LoopbackNode.Guard);

        var refused = await Assert.ThrowsAsync<StreamNotOpenedException>(
            () => a.Node.OpenStreamAsync(b.Id, "/nobody/1.0.0").WaitAsync(LoopbackNode.Guard));

        Assert.Equal(StreamFailureKind.ProtocolNotSupported, refused.Failure.Kind);
    }

    [Fact]
    public async Task A_handler_serves_its_streams_and_is_gone_when_disposed()
    {
        await using var a = await LoopbackNode.StartAsync();
        await using var b = await LoopbackNode.StartAsync();
        using (b.Node.Handle("/greeting/1.0.0", async (stream, ended) => await stream.WriteAsync("hello"u8.ToArray(), ended)))
        {
            await a.Node.DialAsync(b.Address).WaitAsync(LoopbackNode.Guard);
            await using var stream = await a.Node.OpenStreamAsync(b.Id, "/greeting/1.0.0").WaitAsync(LoopbackNode.Guard);
            using var reader = new StreamReader(stream);
            Assert.Equal("hello", await reader.ReadToEndAsync().WaitAsync(LoopbackNode.Guard));
        }

        await Assert.ThrowsAsync<StreamNotOpenedException>(
            () => a.Node.OpenStreamAsync(b.Id, "/greeting/2.0.0").WaitAsync(LoopbackNode.Guard));
    }

    [Fact]
    public async Task A_peer_with_another_identity_is_refused()
    {
        await using var a = await LoopbackNode.StartAsync();
        await using var b = await LoopbackNode.StartAsync();

        var unreachable = await Assert.ThrowsAsync<PeerUnreachableException>(
            () => a.Node.DialAsync(b.Address.WithoutPeerId().WithPeerId(a.Id == b.Id ? b.Id : SomebodyElse())).WaitAsync(LoopbackNode.Guard));

        Assert.Equal(DialFailureKind.AllFailed, unreachable.Failure.Kind);
    }

    [Fact]
    public async Task The_other_side_hears_of_a_node_that_ends()
    {
        await using var a = await LoopbackNode.StartAsync();
        var b = await LoopbackNode.StartAsync();
        await a.Node.DialAsync(b.Address).WaitAsync(LoopbackNode.Guard);

        await b.DisposeAsync();

        var gone = await a.Events.NextAsync<NodeEvents.Disconnected>();
        Assert.Equal(b.Id, gone.Peer);
    }

    [Fact]
    public async Task A_held_port_ends_the_start_with_one_line()
    {
        await using var a = await LoopbackNode.StartAsync();
        var held = a.Address.WithoutPeerId();

        var failure = await Assert.ThrowsAsync<NodeStartException>(() => LoopbackNode.StartAsync(o => o with { Listen = [held] }));

        Assert.Equal(NodeFailureKind.Port, failure.Failure.Kind);
        Assert.DoesNotContain('\n', failure.Message);
    }

    [Fact]
    public async Task Ping_and_perf_are_measured()
    {
        await using var a = await LoopbackNode.StartAsync();
        await using var b = await LoopbackNode.StartAsync();
        await a.Node.DialAsync(b.Address).WaitAsync(LoopbackNode.Guard);

        var result = await a.Node.MeasureAsync(b.Id, 1 << 20, 2 << 20).WaitAsync(LoopbackNode.Guard);

        Assert.Equal(1 << 20, result.UploadBytes);
        Assert.Equal(2 << 20, result.DownloadBytes);
        Assert.False(result.Relayed);
    }

    private static Multiformats.PeerId SomebodyElse()
    {
        using var key = Multiformats.PrivateKey.GenerateEd25519(Transports.SystemRandomSource.Instance);
        return key.PeerId;
    }

    private static class PingIds
    {
        public const string Ping = "/ipfs/ping/1.0.0";
    }
}
