using NatActors.Multiformats;
using NatActors.Node.Resources;
using NatActors.Protocols.Resources;
using NatActors.Transports.Muxing;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Resources;

/// <summary>How what is named to make room for others is ended.</summary>
public sealed class EvictionTests
{
    private const int Piece = ResourceTree.Segment;
    private const int MostVictims = 5;

    private readonly PeerId _rich = MakeNode(2).Self;
    private readonly PeerId _poor = MakeNode(3).Self;
    private readonly Lock _asking = new();

    [Fact]
    public async Task What_makes_room_for_a_stream_is_ended_outside_the_locks_of_who_asks()
    {
        var resources = new NodeResources(new ResourceLimits { System = new ScopeLimits { InboundStreams = 2 } });
        var raw = new[] { new Raw(this), new Raw(this) };
        var rich = Connection(resources, 1, _rich);
        foreach (var stream in raw)
        {
            rich.OpenStream(inbound: true, out _)!.Attach(stream);
        }

        var poor = Connection(resources, 2, _poor);
        lock (_asking)
        {
            Assert.NotNull(poor.OpenStream(inbound: true, out _));
        }

        Assert.False(await raw[1].ResetUnderLock.WaitAsync(Patience));
        Assert.False(raw[0].ResetUnderLock.IsCompleted);
    }

    [Fact]
    public void Whatever_is_named_is_ended_even_when_it_is_not_asked_again()
    {
        var resources = new NodeResources(new ResourceLimits { System = new ScopeLimits { Memory = MostVictims * Piece } });
        var poor = Connection(resources, 2, _poor);
        var rich = Connection(resources, 1, _rich);
        var raw = Enumerable.Range(0, MostVictims).Select(_ => new Raw(this)).ToArray();
        var held = Array.ConvertAll(raw, stream => rich.OpenStream(inbound: true, out _)!);
        for (var i = 0; i < MostVictims; i++)
        {
            held[i].Attach(raw[i]);
            Assert.Null(held[i].Take(Piece));
        }

        // None of them gives back anything, so nothing comes of it; but what gets nothing any more must not be left running.
        Assert.NotNull(poor.Take(Piece));

        Assert.All(raw, stream => Assert.True(stream.ResetUnderLock.IsCompleted));
        Assert.Equal(MostVictims, resources.Snapshot().Evicted);
    }

    private static ConnectionResources Connection(NodeResources resources, long id, PeerId peer)
    {
        var connection = resources.OpenConnection(id, inbound: true, out _)!;
        connection.KnowPeer(peer);
        return connection;
    }

    private sealed class Raw(EvictionTests test) : IMuxedStream
    {
        private readonly TaskCompletionSource<bool> _reset = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<bool> ResetUnderLock => _reset.Task;

        public long Id => 1;

        public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(0);

        public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => default;

        public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => default;

        public void Reset(uint errorCode = 0) => _reset.TrySetResult(test._asking.IsHeldByCurrentThread);
    }
}
