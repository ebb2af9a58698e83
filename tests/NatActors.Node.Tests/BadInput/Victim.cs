using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Event;
using NatActors.Node.Tests.Whole;

namespace NatActors.Node.Tests.BadInput;

/// <summary>
/// A node with a well-behaved peer connected to it. Whatever a bad peer does, the two go on, little memory is held for it, and nothing is
/// logged as a warning or an error: that would be a bug of ours.
/// </summary>
internal sealed class Victim : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _complaints = new();
    private long _heapBefore;

    private Victim(LoopbackNode node, LoopbackNode friend)
    {
        Node = node;
        Friend = friend;
    }

    public LoopbackNode Node { get; }

    public LoopbackNode Friend { get; }

    public static async Task<Victim> StartAsync(Func<NodeOptions, NodeOptions>? change = null)
    {
        var node = await LoopbackNode.StartAsync(change);
        var friend = await LoopbackNode.StartAsync(o => o with { HolePunching = false });
        var victim = new Victim(node, friend);
        var listener = node.System.ActorOf(Props.Create(typeof(Complaints), victim._complaints), "complaints");
        node.System.EventStream.Subscribe(listener, typeof(Warning));
        node.System.EventStream.Subscribe(listener, typeof(Error));
        node.System.EventStream.Subscribe(listener, typeof(UnhandledMessage));
        await friend.Node.DialAsync(node.Address).WaitAsync(LoopbackNode.Guard);
        await friend.Node.PingAsync(node.Id).WaitAsync(LoopbackNode.Guard);
        victim._heapBefore = GC.GetTotalMemory(forceFullCollection: true);
        return victim;
    }

    /// <summary>The friend is still served over its first connection, nothing was complained about, and the heap is about as it was.</summary>
    public async Task IsWellAsync(long mebibytes = 24)
    {
        await Friend.Node.PingAsync(Node.Id).WaitAsync(LoopbackNode.Guard);
        await Node.Node.PingAsync(Friend.Id).WaitAsync(LoopbackNode.Guard);
        Assert.DoesNotContain(Node.Events.All, e => e is NodeEvents.Disconnected gone && gone.Peer == Friend.Id);
        Assert.Empty(_complaints);
        var grown = GC.GetTotalMemory(forceFullCollection: true) - _heapBefore;
        Assert.True(grown < mebibytes << 20, $"the heap grew by {grown >> 10} KiB");
    }

    public async ValueTask DisposeAsync()
    {
        await Friend.DisposeAsync();
        await Node.DisposeAsync();
    }

    private sealed class Complaints(ConcurrentQueue<string> heard) : UntypedActor
    {
        protected override void OnReceive(object message) => heard.Enqueue(message.ToString() ?? "");
    }
}
