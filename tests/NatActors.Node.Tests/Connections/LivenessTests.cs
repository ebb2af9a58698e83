using System.Net;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.KeepAlive;
using NatActors.Node.Network;
using NatActors.Node.Relay;
using NatActors.Node.Tests.Network;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using static NatActors.Node.Tests.Connections.ConnectionHarness;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Connections;

/// <summary>Connections whose path may be dead: checked, cut, told.</summary>
public sealed class LivenessTests : TestKit
{
    /// <summary>Far shorter than any keep-alive, so that only the check can be what finds a dead peer.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    private readonly NodeContext _node = MakeSecuredNode(1, new NodeOptions { KeepAlive = new KeepAliveOptions { CheckTimeout = Short } });
    private readonly NodeContext _peer = MakeSecuredNode(2);
    private readonly IActorRef _connections;

    private static Multiaddr Circuit => Multiaddr.Parse($"/ip4/192.0.1.9/tcp/4001/p2p/{MakeNode(3).Self}/p2p-circuit");

    public LivenessTests()
    {
        _connections = Sys.ActorOf(Props.Create(typeof(ConnectionsActor), _node));
        _node.Refs.Connections = _connections;
        _connections.Tell(new ConnectionsMessages.Subscribe(TestActor));
    }

    [Fact]
    public async Task A_connection_whose_local_address_is_gone_is_cut_at_once_and_others_are_not()
    {
        var (gone, far) = await ConnectAsync("10.0.0.2");
        var (kept, _) = await ConnectAsync("10.0.0.3");

        _connections.Tell(new NetworkMessages.Changed(FakeNetwork.With("10.0.0.3"), ["eth0 no longer has 10.0.0.2"]), ActorRefs.NoSender);

        var down = ExpectMsg<ConnectionsMessages.ConnectionDown>(Patience);
        Assert.Equal(gone, down.Connection.Id);
        Assert.Equal("this machine no longer has 10.0.0.2", down.Reason);
        await far.Ended.WaitAsync(Patience);
        ExpectNoMsg(TimeSpan.Zero);
        Assert.NotEqual(gone, kept);
    }

    [Fact]
    public async Task A_silent_peer_is_found_dead_within_the_check()
    {
        var (id, far) = await ConnectAsync("10.0.0.2");
        far.Freeze();

        _connections.Tell(new ConnectionsMessages.CheckConnection(id), ActorRefs.NoSender);

        var down = ExpectMsg<ConnectionsMessages.ConnectionDown>(Patience);
        Assert.Equal((id, (LinkEndKind?)LinkEndKind.KeepAliveTimeout), (down.Connection.Id, down.Kind));
    }

    [Fact]
    public async Task A_second_connection_of_a_peer_has_the_first_one_checked()
    {
        var (first, far) = await ConnectAsync("10.0.0.2");
        far.Freeze();

        await ConnectAsync("10.0.0.2");

        Assert.Equal(first, ExpectMsg<ConnectionsMessages.ConnectionDown>(Patience).Connection.Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_peer_whose_direct_and_relayed_connections_die_together_is_reached_again(bool relayedFirst)
    {
        var relays = CreateTestProbe();
        _node.Refs.RelayClient = relays.Ref;
        var (_, relayed) = await ConnectAsync("10.0.0.2", Circuit);
        var (_, direct) = await ConnectAsync("10.0.0.2");
        foreach (var link in relayedFirst ? new[] { relayed, direct } : [direct, relayed])
        {
            link.Cut();
            ExpectMsg<ConnectionsMessages.ConnectionDown>(Patience);
        }

        var request = relays.ExpectMsg<RelayClientMessages.Connect>(Patience);

        Assert.Equal(_peer.Self, request.Target);
    }

    [Fact]
    public async Task A_peer_that_was_relayed_only_is_left_alone_when_that_dies()
    {
        var relays = CreateTestProbe();
        _node.Refs.RelayClient = relays.Ref;
        var (id, relayed) = await ConnectAsync("10.0.0.2", Circuit);

        relayed.Cut();

        Assert.Equal(id, ExpectMsg<ConnectionsMessages.ConnectionDown>(Patience).Connection.Id);
        Settle();
        relays.ExpectNoMsg(TimeSpan.Zero);
    }

    /// <summary>Connects by that circuit; null for directly.</summary>
    private async Task<(long Id, Frozen Far)> ConnectAsync(string local, Multiaddr? circuit = null)
    {
        var (near, far) = MemoryConduit.CreatePair();
        var link = new Frozen();
        var upgrading = UpgradeFarAsync(_peer, link.Over(far), ConnectionRole.Listener);
        var adopt = new ConnectionsMessages.Adopt(new At(near, local, circuit), ConnectionRole.Dialer, ConnectionDirection.Outbound)
        {
            Relayed = circuit is not null,
        };
        _connections.Tell(adopt, ActorRefs.NoSender);
        link.Ended = (await upgrading).Ended;
        var up = ExpectMsg<ConnectionsMessages.ConnectionUp>(Patience);
        AwaitAssert(() => Assert.NotNull(Status(up.Connection.Id).RoundTripTime), Patience);
        return (up.Connection.Id, link);
    }

    private ConnectionsMessages.ConnectionStatus Status(long id) => Settle().Connections.Single(c => c.Connection.Id == id);

    private ConnectionsMessages.Snapshot Settle()
    {
        var asked = CreateTestProbe();
        _connections.Tell(new ConnectionsMessages.GetSnapshot(), asked.Ref);
        return asked.ExpectMsg<ConnectionsMessages.Snapshot>(Patience);
    }

    /// <summary>The far end of a path that can be stopped: what comes is seen and not passed on.</summary>
    private sealed class Frozen
    {
        private volatile bool _frozen;
        private IConduit? _inner;

        public Task<LinkEnd> Ended { get; set; } = Task.FromResult(new LinkEnd(LinkEndKind.ClosedLocally, ""));

        public void Freeze() => _frozen = true;

        public void Cut() => _inner?.Abort();

        public IConduit Over(IConduit inner)
        {
            _inner = inner;
            return new Gate(inner, this);
        }

        private sealed class Gate(IConduit inner, Frozen owner) : Wrapped(inner)
        {
            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                var read = await Inner.ReadAsync(buffer, cancellationToken);
                while (owner._frozen && read > 0)
                {
                    read = await Inner.ReadAsync(buffer, cancellationToken);
                }

                return read;
            }
        }
    }

    /// <summary>A conduit with addresses of the test's choice.</summary>
    private sealed class At(IConduit inner, string local, Multiaddr? remote) : Wrapped(inner)
    {
        public override Multiaddr RemoteAddress { get; } = remote ?? inner.RemoteAddress;

        public override Multiaddr LocalAddress { get; } = Multiaddr.FromTcp(new IPEndPoint(IPAddress.Parse(local), 4001));
    }

    private abstract class Wrapped(IConduit inner) : IConduit
    {
        public virtual Multiaddr LocalAddress => Inner.LocalAddress;

        public virtual Multiaddr RemoteAddress => Inner.RemoteAddress;

        protected IConduit Inner { get; } = inner;

        public virtual ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Inner.ReadAsync(buffer, cancellationToken);

        public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            Inner.WriteAsync(buffer, cancellationToken);

        public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => Inner.CompleteWritesAsync(cancellationToken);

        public void Abort() => Inner.Abort();

        public ValueTask DisposeAsync() => Inner.DisposeAsync();
    }
}
