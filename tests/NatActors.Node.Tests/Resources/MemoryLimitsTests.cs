using NatActors.Node.Muxing;
using NatActors.Node.Resources;
using NatActors.Node.Streams;
using NatActors.Node.Tests.BadInput;
using NatActors.Node.Tests.Whole;
using NatActors.Protocols.Resources;
using NatActors.Transports.Muxing;

namespace NatActors.Node.Tests.Resources;

/// <summary>Each limit on memory: who fills it suffers, and an honest peer goes on.</summary>
[Collection(nameof(BadInputCollection))]
public sealed class MemoryLimitsTests
{
    private const string Deaf = "/deaf/1.0.0";

    /// <summary>What a first window takes beside the words of the negotiation.</summary>
    private const int Window = (256 - 1) * 1024;

    [Theory]
    [InlineData(ResourceScopeKind.Stream)]
    [InlineData(ResourceScopeKind.Peer)]
    [InlineData(ResourceScopeKind.Protocol)]
    [InlineData(ResourceScopeKind.ProtocolPeer)]
    public async Task Who_fills_his_own_scope_has_the_stream_reset_with_the_reason_and_another_goes_on(ResourceScopeKind scope)
    {
        await using var victim = await Victim.StartAsync(o => o with { Echo = true, Resources = Limited(scope) });
        using var watch = new ResourceWatch(victim.Node.Node.Resources);
        var served = new TaskCompletionSource<PeerStream>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var deaf = victim.Node.Node.Handle(Deaf, (stream, ended) => NeverReadAsync(stream, served, ended));
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);

        // Its handler has it before it is reset: one that is reset in its negotiation has no handler to be told.
        var stream = await bad.OpenAsync(Deaf);
        var handled = await served.Task.WaitAsync(LoopbackNode.Guard);
        var cut = await Assert.ThrowsAsync<MuxedStreamException>(async () =>
        {
            await stream.WriteAsync(new byte[Window]).AsTask().WaitAsync(LoopbackNode.Guard);
            await stream.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(LoopbackNode.Guard);
        });

        Assert.Equal(StreamEnd.ResetByPeer, cut.End);
        var refusal = await watch.RefusedAsync(scope, ResourceKind.Memory);
        Assert.Equal(2 * ResourceTree.Segment, refusal.Limit);
        var told = await Assert.ThrowsAsync<MuxedStreamException>(async () => await handled.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(LoopbackNode.Guard));
        Assert.Equal(refusal, told.Refusal);
        Assert.Contains(refusal.Option, told.Message, StringComparison.Ordinal);
        await EchoAsync(victim);
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task A_peer_that_fills_the_node_is_cut_down_and_the_node_never_holds_more_than_it_may()
    {
        const int Limit = 2 * 1024 * 1024;
        await using var victim = await Victim.StartAsync(o => o with
        {
            Echo = true,
            Resources = new ResourceOptions
            {
                System = new SystemScopeOptions { MaxMemory = Limit },
                Peer = new PeerScopeOptions { MaxMemory = Limit },
                Protocol = new ProtocolScopeOptions { MaxMemory = Limit, MaxMemoryPerPeer = Limit },
            },
        });
        using var watch = new ResourceWatch(victim.Node.Node.Resources);
        using var deaf = victim.Node.Node.Handle(Deaf, (stream, ended) => NeverReadAsync(stream, null, ended));
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);
        await using var worse = await BadPeer.LinkedAsync(victim.Node.Address);

        for (var stream = 0; stream < 12; stream++)
        {
            await FillAsync(bad);
            await FillAsync(worse);
            Assert.InRange(watch.Now.System.Usage.Memory, 0, Limit);
        }

        Assert.True(watch.Now.System.Usage.Memory > Limit / 2, "the attack did not fill the node");
        await EchoAsync(victim);
        Assert.InRange(watch.Now.System.Usage.Memory, 0, Limit);
        Assert.NotEqual(0, watch.Now.RefusedTotal);
        await victim.IsWellAsync();
    }

    [Fact]
    public async Task One_who_is_slow_keeps_his_stream_while_another_that_holds_more_is_cut()
    {
        const int Limit = 1024 * 1024;
        await using var victim = await Victim.StartAsync(o => o with
        {
            Resources = new ResourceOptions
            {
                System = new SystemScopeOptions { MaxMemory = Limit },
                Peer = new PeerScopeOptions { MaxMemory = Limit },
                Protocol = new ProtocolScopeOptions { MaxMemory = Limit, MaxMemoryPerPeer = Limit },
            },
        });
        using var watch = new ResourceWatch(victim.Node.Node.Resources);
        using var deaf = victim.Node.Node.Handle(Deaf, (stream, ended) => NeverReadAsync(stream, null, ended));
        var slow = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var received = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var handled = victim.Node.Node.Handle("/slow", async (stream, ended) =>
        {
            await slow.Task.WaitAsync(ended);
            received.SetResult(await CountAsync(stream, ended));
        });
        await using var bad = await BadPeer.LinkedAsync(victim.Node.Address);
        for (var stream = 0; stream < 6; stream++)
        {
            await FillAsync(bad);
        }

        Assert.True(watch.Now.System.Usage.Memory > Limit / 2, "the attack did not fill the node");
        var honest = await victim.Friend.Node.OpenStreamAsync(victim.Node.Id, "/slow");
        await honest.WriteAsync(new byte[Window]).AsTask().WaitAsync(LoopbackNode.Guard);
        await honest.CompleteWritesAsync().AsTask().WaitAsync(LoopbackNode.Guard);
        await ArrivedAsync(victim);
        slow.SetResult();

        Assert.Equal(Window, await received.Task.WaitAsync(LoopbackNode.Guard));
        Assert.InRange(watch.Now.System.Usage.Memory, 0, Limit);
        await victim.IsWellAsync();
    }

    /// <summary>Sends all that a first window takes to somebody who does not read, and waits until it is there or the stream was cut.</summary>
    private static async Task FillAsync(BadPeer peer)
    {
        try
        {
            var stream = await peer.OpenAsync(Deaf);
            await stream.WriteAsync(new byte[Window]).AsTask().WaitAsync(LoopbackNode.Guard);

            // What follows on another stream is answered only when that was taken.
            await peer.OpenAsync("/ipfs/ping/1.0.0");
        }
        catch (IOException)
        {
            // Refused or reset: so it has to be.
        }
    }

    /// <summary>
    /// A ping over the same connection is answered when what was written before is there. It may be refused while all that was taken from the
    /// attacker is still on its way back, which is a moment; so it is asked again.
    /// </summary>
    private static async Task ArrivedAsync(Victim victim)
    {
        const int Tries = 1000;
        for (var tries = 1; ; tries++)
        {
            try
            {
                await victim.Friend.Node.PingAsync(victim.Node.Id).WaitAsync(LoopbackNode.Guard);
                return;
            }
            catch (PeerFailedException) when (tries < Tries)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task NeverReadAsync(PeerStream stream, TaskCompletionSource<PeerStream>? served, CancellationToken ended)
    {
        served?.TrySetResult(stream);
        await new TaskCompletionSource().Task.WaitAsync(ended);
    }

    private static async Task<long> CountAsync(PeerStream stream, CancellationToken ended)
    {
        var buffer = new byte[8192];
        long count = 0;
        while (await stream.ReadAsync(buffer, ended) is var read and > 0)
        {
            count += read;
        }

        return count;
    }

    private static async Task EchoAsync(Victim victim)
    {
        var stream = await victim.Friend.Node.OpenStreamAsync(victim.Node.Id, "/echo/1.0.0").WaitAsync(LoopbackNode.Guard);
        await stream.WriteAsync(new byte[100_000]).AsTask().WaitAsync(LoopbackNode.Guard);
        await stream.CompleteWritesAsync().AsTask().WaitAsync(LoopbackNode.Guard);
        Assert.Equal(100_000, await CountAsync(stream, CancellationToken.None).WaitAsync(LoopbackNode.Guard));
    }

    private static ResourceOptions Limited(ResourceScopeKind scope)
    {
        const long Memory = 2 * ResourceTree.Segment;
        return scope switch
        {
            ResourceScopeKind.Stream => new ResourceOptions { Stream = new StreamScopeOptions { MaxMemory = Memory } },
            ResourceScopeKind.Peer => new ResourceOptions { Peer = new PeerScopeOptions { MaxMemory = Memory } },
            ResourceScopeKind.Protocol => new ResourceOptions
            {
                Protocols = new Dictionary<string, ProtocolScopeOptions> { [Deaf] = new() { MaxMemory = Memory } },
            },
            _ => new ResourceOptions { Protocol = new ProtocolScopeOptions { MaxMemoryPerPeer = Memory } },
        };
    }
}
