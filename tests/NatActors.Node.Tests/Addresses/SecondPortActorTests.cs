using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Connections;
using NatActors.Node.Port;
using NatActors.Node.Streams;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Port;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Addresses;

/// <summary>The client of the second-port protocol; the server and the port are the test's.</summary>
public sealed class SecondPortActorTests : TestKit
{
    private const long Connection = 7;
    private static readonly Multiaddr Server = Multiaddr.Parse("/ip4/192.0.1.1/tcp/4001");
    private static readonly Multiaddr Seen = Multiaddr.Parse("/ip4/192.0.1.9/tcp/31477");

    private readonly NodeContext _node = MakeNode(1);
    private readonly PeerId _peer = MakeNode(2).Self;
    private readonly TestProbe _connections;
    private readonly TestProbe _ports;

    public SecondPortActorTests()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
        _connections = CreateTestProbe();
        _ports = CreateTestProbe();
        _node.Refs.Connections = _connections.Ref;
        _node.Refs.Ports = _ports.Ref;
        Sys.ActorOf(Props.Create(typeof(Parent), _node, new NatEffect.ObserveSecondPort(_peer, Connection), Server, TestActor));
    }

    [Fact]
    public async Task It_goes_to_the_second_port_from_the_shared_one_and_tells_where_it_was_seen()
    {
        var (messages, nonce) = await AskedAsync();
        await SayAsync(messages, new SecondPortReply(SecondPortStatus.Open, 40123));
        var dial = _ports.ExpectMsg<PortMessages.Dial>(Patience);
        Assert.Equal(("/ip4/192.0.1.1/tcp/40123", DialPort.Shared), (dial.Address.ToString(), dial.From));
        var (near, far) = MemoryConduit.CreatePair(maxRead: 1);

        dial.ReplyTo.Tell(new PortMessages.Dialed(dial.Id, near, PortReused: true));

        Assert.Equal(SecondPortCodec.NonceBytes(nonce), await ReadAsync(far, SecondPortProtocol.NonceLength));
        await SayAsync(messages, new SecondPortReply(SecondPortStatus.Seen, Seen: Seen));
        var ended = ExpectMsg<SecondPortMessages.Ended>(Patience);
        Assert.Equal((Connection, new SecondPortSighting(near.LocalAddress, near.RemoteAddress, Seen)), (ended.ConnectionId, ended.Sighting));
        await IsCutAsync(far);
    }

    [Theory]
    [InlineData(SecondPortStatus.Refused)]
    [InlineData(SecondPortStatus.Failed)]
    [InlineData(SecondPortStatus.NotSeen)]
    [InlineData((SecondPortStatus)77)]
    public async Task A_server_that_opens_nothing_teaches_nothing(SecondPortStatus status)
    {
        var (messages, _) = await AskedAsync();

        await SayAsync(messages, new SecondPortReply(status));

        NothingLearnt();
    }

    [Fact]
    public async Task A_well_known_port_is_not_dialed()
    {
        var (messages, _) = await AskedAsync();

        await SayAsync(messages, new SecondPortReply(SecondPortStatus.Open, 22));

        NothingLearnt();
        _ports.ExpectNoMsg(TimeSpan.Zero);
    }

    [Theory]
    [InlineData(ConnectFailureKind.TimedOut)]
    [InlineData(ConnectFailureKind.Refused)]
    [InlineData(ConnectFailureKind.TupleInUse)]
    public async Task A_firewall_before_the_second_port_teaches_nothing(ConnectFailureKind failure)
    {
        var dial = await DialedAsync();

        dial.ReplyTo.Tell(new PortMessages.DialFailed(dial.Id, new ConnectFailure(failure, "")));

        NothingLearnt();
    }

    [Fact]
    public async Task A_dial_that_left_from_another_port_teaches_nothing()
    {
        var dial = await DialedAsync();
        var (near, far) = MemoryConduit.CreatePair();

        dial.ReplyTo.Tell(new PortMessages.Dialed(dial.Id, near, PortReused: false));

        NothingLearnt();
        Assert.Equal(0, far.Unread);
        await IsCutAsync(far);
    }

    [Fact]
    public async Task A_server_that_did_not_see_it_or_breaks_off_teaches_nothing()
    {
        var (messages, _) = await AskedAsync();
        await SayAsync(messages, new SecondPortReply(SecondPortStatus.Open, 40123));
        var dial = _ports.ExpectMsg<PortMessages.Dial>(Patience);
        var (near, far) = MemoryConduit.CreatePair();
        dial.ReplyTo.Tell(new PortMessages.Dialed(dial.Id, near, PortReused: true));
        await ReadAsync(far, SecondPortProtocol.NonceLength);

        messages.Stream.Reset();

        NothingLearnt();
        await IsCutAsync(far);
    }

    [Fact]
    public async Task A_silent_server_is_not_waited_for_without_end()
    {
        var (messages, _) = await AskedAsync();

        ((TestScheduler)Sys.Scheduler).Advance(SecondPortActor.Patience);

        NothingLearnt();
        await Assert.ThrowsAsync<IOException>(() => messages.Stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public void A_peer_that_does_not_speak_it_teaches_nothing()
    {
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);

        open.ReplyTo.Tell(new ConnectionsMessages.StreamFailed(open.Id, new StreamFailure(StreamFailureKind.ProtocolNotSupported, "")));

        NothingLearnt();
    }

    [Fact]
    public async Task A_stream_that_opens_too_late_is_cut()
    {
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        ((TestScheduler)Sys.Scheduler).Advance(SecondPortActor.Patience);
        NothingLearnt();
        var (near, far) = StreamPair(SecondPortProtocol.Id, _peer);

        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, NodeHarness.Connection(Connection, MakeNode(2).Key)));

        await Assert.ThrowsAsync<IOException>(() => far.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
    }

    /// <summary>The far end of the stream, when the ask has come.</summary>
    private async Task<(MessageStream Messages, ulong Nonce)> AskedAsync()
    {
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        Assert.Equal((_peer, Connection, false), (open.Peer, open.OnConnection, open.AllowLimited));
        Assert.Equal([SecondPortProtocol.Id], open.Protocols);
        var (near, far) = StreamPair(SecondPortProtocol.Id, _peer);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, NodeHarness.Connection(Connection, MakeNode(2).Key)));
        var messages = new MessageStream(far);
        using var guard = new CancellationTokenSource(Patience);
        var read = await messages.ReadMessageAsync(SecondPortProtocol.MaxMessageSize, guard.Token);
        var ask = SecondPortCodec.DecodeAsk(read.Message!.Value.Span);
        Assert.Equal(SecondPortFault.None, ask.Fault);
        return (messages, ask.Nonce);
    }

    private async Task<PortMessages.Dial> DialedAsync()
    {
        var (messages, _) = await AskedAsync();
        await SayAsync(messages, new SecondPortReply(SecondPortStatus.Open, 40123));
        return _ports.ExpectMsg<PortMessages.Dial>(Patience);
    }

    private void NothingLearnt() => Assert.Null(ExpectMsg<SecondPortMessages.Ended>(Patience).Sighting);

    private static async Task SayAsync(MessageStream messages, SecondPortReply reply)
    {
        using var guard = new CancellationTokenSource(Patience);
        await messages.WriteMessageAsync(SecondPortCodec.Encode(reply), guard.Token);
    }

    private static async Task<byte[]> ReadAsync(IConduit conduit, int length)
    {
        using var guard = new CancellationTokenSource(Patience);
        var bytes = new byte[length];
        for (var read = 0; read < length;)
        {
            read += await conduit.ReadAsync(bytes.AsMemory(read), guard.Token);
        }

        return bytes;
    }

    private static Task IsCutAsync(MemoryConduit conduit) =>
        Assert.ThrowsAsync<IOException>(() => conduit.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));

    /// <summary>Passes on what its child says.</summary>
    private sealed class Parent(NodeContext node, NatEffect.ObserveSecondPort order, Multiaddr server, IActorRef listener) : UntypedActor
    {
        protected override void PreStart() => Context.ActorOf(Props.Create(typeof(SecondPortActor), node, order, server));

        protected override void OnReceive(object message) => listener.Tell(message);
    }
}
