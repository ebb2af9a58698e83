using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Transports;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.Tests.Whole;

/// <summary>However a node ends, everybody who waits for it hears of it once.</summary>
public sealed class NodeEndTests : IAsyncDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("node-end");

    public async ValueTask DisposeAsync() => await _system.Terminate().WaitAsync(LoopbackNode.Guard);

    [Fact]
    public async Task A_dial_under_way_ends_with_the_node_and_later_ones_end_at_once()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var node = await StartAsync();
        var dial = node.DialAsync(Multiaddr.FromTcp((IPEndPoint)silent.LocalEndpoint).WithPeerId(SomebodyElse()));
        using var accepted = await silent.AcceptTcpClientAsync().WaitAsync(LoopbackNode.Guard);

        await node.DisposeAsync().AsTask().WaitAsync(LoopbackNode.Guard);

        var unreachable = await Assert.ThrowsAsync<PeerUnreachableException>(() => dial.WaitAsync(LoopbackNode.Guard));
        Assert.Equal(DialFailureKind.Cancelled, unreachable.Failure.Kind);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => node.PingAsync(SomebodyElse()).WaitAsync(LoopbackNode.Guard));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => node.GetStatusAsync().WaitAsync(LoopbackNode.Guard));
    }

    [Fact]
    public async Task Disposing_twice_and_at_once_ends_once()
    {
        var completed = 0;
        var node = await StartAsync();
        using var subscription = node.Events.Subscribe(new Completions(() => Interlocked.Increment(ref completed)));

        await Task.WhenAll(node.DisposeAsync().AsTask(), node.DisposeAsync().AsTask()).WaitAsync(LoopbackNode.Guard);
        await node.DisposeAsync().AsTask().WaitAsync(LoopbackNode.Guard);

        Assert.Null(await node.Completion);
        Assert.Equal(1, completed);
    }

    [Fact]
    public async Task A_name_is_free_again_once_its_node_is_disposed()
    {
        for (var round = 0; round < 10; round++)
        {
            var node = await StartAsync();
            await node.DisposeAsync().AsTask().WaitAsync(LoopbackNode.Guard);
        }
    }

    [Fact]
    public async Task A_cancelled_start_leaves_nothing_behind()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => StartAsync(cancellation: cancelled.Token));

        var node = await StartAsync();
        await node.DisposeAsync().AsTask().WaitAsync(LoopbackNode.Guard);
    }

    [Fact]
    public async Task A_start_cancelled_while_it_binds_leaves_nothing_behind()
    {
        for (var round = 0; round < 10; round++)
        {
            using var cancelled = new CancellationTokenSource();
            var transport = new HookedTransport(cancelled.Cancel);

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => StartAsync(transport, cancelled.Token));
        }

        var node = await StartAsync();
        await node.DisposeAsync().AsTask().WaitAsync(LoopbackNode.Guard);
    }

    [Fact]
    public async Task A_fault_in_the_nodes_own_actor_ends_the_node_with_a_failure()
    {
        var node = await StartAsync();

        node.Actor.Tell(new NodeMessages.Dial(1, null!, ActorRefs.Nobody));

        var failure = await node.Completion.WaitAsync(LoopbackNode.Guard);
        Assert.Equal(NodeFailureKind.Internal, failure!.Kind);
        var address = Multiaddr.Parse("/ip4/127.0.0.1/tcp/1").WithPeerId(SomebodyElse());
        await Assert.ThrowsAsync<PeerUnreachableException>(() => node.DialAsync(address).WaitAsync(LoopbackNode.Guard));
        await node.DisposeAsync().AsTask().WaitAsync(LoopbackNode.Guard);
    }

    [Fact]
    public async Task Connections_that_fail_over_and_over_end_the_node_with_a_failure()
    {
        var node = await StartAsync();
        for (var fault = 0; fault <= Supervision.ServiceRestarts; fault++)
        {
            _system.ActorSelection("/user/node/connections")
                .Tell(new ConnectionsMessages.Adopt(null!, ConnectionRole.Dialer, ConnectionDirection.Inbound));
        }

        var failure = await node.Completion.WaitAsync(LoopbackNode.Guard);

        Assert.Equal(NodeFailureKind.Internal, failure!.Kind);
        Assert.Contains("connections", failure.Detail, StringComparison.Ordinal);
        await node.DisposeAsync().AsTask().WaitAsync(LoopbackNode.Guard);
    }

    [Fact]
    public async Task A_port_whose_owner_keeps_failing_ends_the_start()
    {
        var failed = await Assert.ThrowsAsync<NodeStartException>(() => StartAsync(new FaultyTransport()).WaitAsync(LoopbackNode.Guard));

        Assert.Equal(NodeFailureKind.Port, failed.Failure.Kind);
    }

    private static PeerId SomebodyElse()
    {
        using var key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance);
        return key.PeerId;
    }

    private Task<NatNode> StartAsync(IPortTransport? transport = null, CancellationToken cancellation = default) => NatNode.StartAsync(
        _system,
        new NodeSetup
        {
            Key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance),
            Options = new NodeOptions { Listen = [Multiaddr.Parse("/ip4/127.0.0.1/tcp/0")] },
            Transports = transport is null ? null : [transport],
        },
        cancellationToken: cancellation);

    /// <summary>TCP, and something that happens while it binds.</summary>
    private sealed class HookedTransport(Action binds) : IPortTransport
    {
        private readonly TcpTransport _tcp = new();

        public bool CanListen(Multiaddr address) => _tcp.CanListen(address);

        public bool CanDial(Multiaddr address) => _tcp.CanDial(address);

        public BindResult Bind(Multiaddr address)
        {
            binds();
            return _tcp.Bind(address);
        }

        public BindResult BindForDialing(Multiaddr address) => _tcp.BindForDialing(address);
    }

    private sealed class FaultyTransport : IPortTransport
    {
        public bool CanListen(Multiaddr address) => true;

        public bool CanDial(Multiaddr address) => true;

        public BindResult Bind(Multiaddr address) => throw new InvalidOperationException("a fault of ours");

        public BindResult BindForDialing(Multiaddr address) => throw new InvalidOperationException("a fault of ours");
    }

    private sealed class Completions(Action completed) : IObserver<NodeEvent>
    {
        public void OnCompleted() => completed();

        public void OnError(Exception error)
        {
        }

        public void OnNext(NodeEvent value)
        {
        }
    }
}
