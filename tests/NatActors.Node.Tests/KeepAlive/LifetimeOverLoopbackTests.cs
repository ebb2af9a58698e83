using System.Net;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.KeepAlive;
using NatActors.Node.Port;
using NatActors.Node.Streams;
using NatActors.Protocols.KeepAlive;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Port;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.KeepAlive;

/// <summary>Both sides of the lifetime protocol, joined in memory; what stands between them is in the test's hands.</summary>
public sealed class LifetimeOverLoopbackTests : TestKit
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly Multiaddr ServerAddress = Multiaddr.Parse("/ip4/11.0.0.1/tcp/4001");

    private readonly NodeContext _client = MakeNode(1);
    private readonly NodeContext _server = MakeNode(2);
    private readonly TestProbe _connections;
    private readonly TestProbe _ports;
    private readonly IActorRef _serving;

    public LifetimeOverLoopbackTests()
    {
        _connections = CreateTestProbe();
        _ports = CreateTestProbe();
        _client.Refs.Connections = _connections.Ref;
        _client.Refs.Ports = _ports.Ref;
        _serving = Sys.ActorOf(Props.Create(typeof(LifetimeServerActor), _server));
        AwaitAssert(() => Assert.Contains(LifetimeProtocol.Id, _server.Protocols.Protocols), Patience);
    }

    [Fact]
    public async Task A_byte_that_comes_after_the_silence_proves_that_the_mapping_lived_as_long_as_the_client_counted()
    {
        var measuring = Measure(Second);
        await ConnectMappingAsync();

        var lived = ExpectMsg<KeepAliveMessages.Lived>(Patience);

        Assert.Equal(_server.Self, lived.Server);
        Assert.InRange(lived.Silence, 0.5 * Second, Patience);
        ExpectTerminated(measuring, Patience);
    }

    [Fact]
    public async Task A_byte_that_the_server_sent_and_that_does_not_come_proves_that_the_mapping_was_gone()
    {
        var measuring = Measure(Second, 1.1 * Second);
        var first = await ConnectMappingAsync();
        await ConnectMappingAsync();
        first.Expire();

        Assert.Equal(new KeepAliveMessages.Expired(_server.Self, Second), FishForMessage<KeepAliveMessages.Expired>(_ => true, Patience));
        ExpectTerminated(measuring, Patience);
    }

    [Fact]
    public void A_server_that_refuses_is_no_evidence()
    {
        var measuring = Measure(TimeSpan.FromMilliseconds(10));

        ExpectTerminated(measuring, Patience);
    }

    [Fact]
    public void A_server_that_cannot_be_dialed_is_no_evidence()
    {
        var measuring = Measure(Second);
        var dial = _ports.ExpectMsg<PortMessages.Dial>(Patience);
        Assert.Equal(DialPort.Fresh, dial.From);

        dial.ReplyTo.Tell(new PortMessages.DialFailed(dial.Id, new ConnectFailure(ConnectFailureKind.Refused, "nobody there")));

        ExpectTerminated(measuring, Patience);
    }

    [Fact]
    public void Without_a_stream_there_is_no_measurement()
    {
        var measuring = Start([Second]);
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamFailed(open.Id, new StreamFailure(StreamFailureKind.NotConnected, "gone")));

        ExpectTerminated(measuring, Patience);
    }

    [Fact]
    public async Task A_connection_with_a_token_of_nobody_is_cut()
    {
        var (near, far) = MemoryConduit.CreatePair();
        _serving.Tell(new KeepAliveMessages.Opened(far));
        await near.WriteAsync(new byte[LifetimeProtocol.TokenLength]);

        Assert.True(await Connections.ConnectionHarness.IsCutAsync(near));
    }

    [Fact]
    public async Task Connections_without_a_token_are_bounded()
    {
        var waiting = Enumerable.Range(0, LifetimeServerActor.MaxUnredeemed).Select(_ => MemoryConduit.CreatePair()).ToArray();
        foreach (var (_, far) in waiting)
        {
            _serving.Tell(new KeepAliveMessages.Opened(far));
        }

        var (near, extra) = MemoryConduit.CreatePair();
        _serving.Tell(new KeepAliveMessages.Opened(extra));

        Assert.True(await Connections.ConnectionHarness.IsCutAsync(near));
        waiting[0].Dialer.Abort();
    }

    private IActorRef Measure(params TimeSpan[] silences)
    {
        var measuring = Start(silences);
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        Assert.Equal([LifetimeProtocol.Id], open.Protocols);
        var (near, far) = StreamPair(LifetimeProtocol.Id, _server.Self);
        var connection = Connection(7, _client.Key, "/ip4/12.0.0.1/tcp/4001");
        _serving.Tell(new StreamMessages.InboundStream(far, connection));
        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, Connection(3, _server.Key)));
        return measuring;
    }

    private IActorRef Start(IReadOnlyList<TimeSpan> silences)
    {
        var seed = new MeasurementSeed(_server.Self, 3, ServerAddress, silences);
        return Watch(Sys.ActorOf(Props.Create(typeof(MeasurementActor), _client, seed, TestActor)));
    }

    /// <summary>Answers the next dial as the server's port and upgrade would.</summary>
    private async Task<Nat> ConnectMappingAsync()
    {
        var dial = _ports.ExpectMsg<PortMessages.Dial>(Patience);
        Assert.Equal((ServerAddress, DialPort.Fresh), (dial.Address, dial.From));
        var (near, far) = MemoryConduit.CreatePair();
        var nat = new Nat(near);
        _server.Refs.LifetimeServer = _serving;
        var seed = new ConnectionSeed { Id = 1, Conduit = far, Role = Transports.Security.ConnectionRole.Listener, Direction = ConnectionDirection.Inbound };
        var upgrading = ConnectionUpgrade.RunAsync(_server, seed, () => TimeSpan.Zero, Task.CompletedTask, CancellationToken.None);
        dial.ReplyTo.Tell(new PortMessages.Dialed(dial.Id, nat, false));
        _serving.Tell(new KeepAliveMessages.Opened((await upgrading.WaitAsync(Patience)).Measured!));
        await nat.Armed.WaitAsync(Patience);
        return nat;
    }

    /// <summary>The client's end of a mapped connection; once expired nothing comes in any more.</summary>
    private sealed class Nat(IConduit inner) : IConduit
    {
        private readonly TaskCompletionSource _armed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<int> _never = new();
        private volatile bool _expired;

        public Task Armed => _armed.Task;

        public Multiaddr LocalAddress => inner.LocalAddress;

        public Multiaddr RemoteAddress => ServerAddress;

        public void Expire() => _expired = true;

        public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            if (_expired)
            {
                return await _never.Task.WaitAsync(cancellationToken);
            }

            if (read == 1 && buffer.Span[0] == LifetimeProtocol.Armed)
            {
                _armed.TrySetResult();
            }

            return read;
        }

        public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.WriteAsync(buffer, cancellationToken);

        public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => inner.CompleteWritesAsync(cancellationToken);

        public void Abort() => inner.Abort();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
