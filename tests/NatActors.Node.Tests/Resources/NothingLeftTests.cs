using Akka.Actor;
using NatActors.Node.Streams;
using NatActors.Node.Tests.BadInput;
using NatActors.Node.Tests.Whole;

namespace NatActors.Node.Tests.Resources;

/// <summary>Everything charged is given back exactly once, however streams, connections and nodes end.</summary>
[Collection(nameof(BadInputCollection))]
public sealed class NothingLeftTests
{
    private const string Mixed = "/mixed/1.0.0";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task After_a_storm_of_opens_resets_and_kills_nothing_is_held(int seed)
    {
        await using var node = await LoopbackNode.StartAsync(o => o with { Echo = true, HolePunching = false });
        using var watch = new ResourceWatch(node.Node.Resources);
        using var served = node.Node.Handle(Mixed, (stream, ended) => ServeAsync(stream, ended));
        for (var round = 0; round < 6; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(peer => StormAsync(node, new Random((seed * 1000) + (round * 10) + peer))));
        }

        await watch.EmptyAsync();
        Assert.True(watch.Now.IsEmpty);
    }

    [Fact]
    public async Task A_connection_whose_actor_fails_gives_everything_back()
    {
        await using var node = await LoopbackNode.StartAsync();
        using var watch = new ResourceWatch(node.Node.Resources);
        using var served = node.Node.Handle(Mixed, (_, ended) => new TaskCompletionSource().Task.WaitAsync(ended));
        await using var bad = await BadPeer.LinkedAsync(node.Address);
        for (var i = 0; i < 5; i++)
        {
            await (await bad.OpenAsync(Mixed)).WriteAsync(new byte[100_000]);
        }

        await (await bad.OpenAsync("/ipfs/ping/1.0.0")).WriteAsync(new byte[32]);
        Assert.False(watch.Now.IsEmpty);
        var up = await node.Events.NextAsync<NodeEvents.Connected>(e => e.Peer == bad.Id);
        var status = await node.Node.GetStatusAsync();
        Assert.Equal(up.Peer, Assert.Single(status.Connections).Connection.Peer);

        status.Connections[0].Connection.Actor.Tell(Kill.Instance);

        await watch.EmptyAsync();
    }

    [Fact]
    public async Task A_node_that_stops_gives_everything_back()
    {
        var node = await LoopbackNode.StartAsync();
        using var watch = new ResourceWatch(node.Node.Resources);
        using var served = node.Node.Handle(Mixed, (_, ended) => new TaskCompletionSource().Task.WaitAsync(ended));
        await using var bad = await BadPeer.LinkedAsync(node.Address);
        await (await bad.OpenAsync(Mixed)).WriteAsync(new byte[200_000]);

        await node.DisposeAsync();

        await watch.EmptyAsync();
    }

    [Fact]
    public async Task Handshakes_that_come_to_nothing_give_everything_back()
    {
        await using var node = await LoopbackNode.StartAsync();
        using var watch = new ResourceWatch(node.Node.Resources);
        for (var i = 0; i < 10; i++)
        {
            var conduit = await SocketConduit.ConnectAsync(node.Address);
            await conduit.WriteAsync(new byte[i * 10]);
            conduit.Abort();
        }

        await watch.EmptyAsync();
        Assert.Equal(0, watch.Now.System.Usage.Connections);
    }

    /// <summary>One peer: opens streams of several kinds, leaves some half done, and goes with or without a word.</summary>
    private static async Task StormAsync(LoopbackNode node, Random random)
    {
        var bad = await BadPeer.LinkedAsync(node.Address);
        var open = new List<PeerStream>();
        try
        {
            for (var i = 0; i < 25; i++)
            {
                await StepAsync(bad, open, random);
            }
        }
        catch (IOException)
        {
            // Reset or refused in the storm.
        }

        if (random.Next(2) == 0)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await bad.Link.CloseAsync(patience.Token);
        }

        await bad.DisposeAsync();
    }

    private static async Task StepAsync(BadPeer bad, List<PeerStream> open, Random random)
    {
        switch (random.Next(6))
        {
            case 0:
                await bad.Link.TryOpenStream()!.WriteAsync(new byte[random.Next(1, 40)]);
                break;
            case 1 when open.Count > 0:
                open[random.Next(open.Count)].Reset();
                break;
            case 2 when open.Count > 0:
                await open[random.Next(open.Count)].CompleteWritesAsync();
                break;
            case 3:
                await (await bad.OpenAsync("/echo/1.0.0")).WriteAsync(new byte[random.Next(1, 100_000)]);
                break;
            default:
                var stream = await bad.OpenAsync(Mixed);
                open.Add(stream);
                var bytes = new byte[random.Next(1, 200_000)];
                bytes[0] = (byte)random.Next(4);
                await stream.WriteAsync(bytes);
                break;
        }
    }

    /// <summary>Reads a little and ends well, ends badly, fails, or reads all there is, as the first byte says.</summary>
    private static async Task ServeAsync(PeerStream stream, CancellationToken ended)
    {
        var first = new byte[1];
        await stream.ReadExactlyAsync(first, ended);
        switch (first[0])
        {
            case 0: break;
            case 1: stream.Reset(); break;
            case 2: throw new InvalidDataException("a handler that fails");
            default: await stream.ReadAtLeastAsync(new byte[200_001], 200_001, throwOnEndOfStream: false, ended); break;
        }
    }
}
