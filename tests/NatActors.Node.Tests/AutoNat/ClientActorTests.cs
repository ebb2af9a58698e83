using System.Net;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Network;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Identify;
using NatActors.Transports.Network;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.AutoNat;

/// <summary>The reachability actor among scripted servers: every connection, stream and second is the test's.</summary>
public sealed class ClientActorTests : TestKit
{
    private static readonly Multiaddr Own = Multiaddr.Parse("/ip4/29.0.1.2/tcp/4001");

    /// <summary>A question is asked as soon as there is one; what the tests do not do by hand does not happen by itself.</summary>
    private static readonly ReachabilityOptions AtOnce = new()
    {
        FirstProbeDelay = TimeSpan.Zero,
        V1Delay = TimeSpan.Zero,
        FirstRetry = TimeSpan.FromMinutes(5),
        FirstServerPause = TimeSpan.FromMinutes(5),
    };

    private NodeContext _node = null!;
    private readonly NodeContext _server = MakeNode(2);
    private readonly TestProbe _connections;
    private readonly TestProbe _addresses;
    private readonly TestProbe _network;
    private readonly List<NodeEvent> _events = [];
    private IActorRef _autonat = ActorRefs.Nobody;

    public ClientActorTests()
    {
        _connections = CreateTestProbe();
        _addresses = CreateTestProbe();
        _network = CreateTestProbe();
        Start(AtOnce);
    }

    private void Start(ReachabilityOptions options)
    {
        _node = MakeNode(1, new NodeOptions { AutoNat = new AutoNatOptions { Client = options } });
        var identify = CreateTestProbe();
        _node.Refs.Connections = _connections.Ref;
        _node.Refs.Addresses = _addresses.Ref;
        _node.Refs.Network = _network.Ref;
        _node.Refs.Identify = identify.Ref;
        _node.Events.Subscribe(_events.Add);
        _autonat = Sys.ActorOf(Props.Create(typeof(ReachabilityActor), _node));
        _connections.ExpectMsg<ConnectionsMessages.Subscribe>(Patience);
        _addresses.ExpectMsg<AddressMessages.Subscribe>(Patience);
        _network.ExpectMsg<NetworkMessages.Subscribe>(Patience);
        identify.ExpectMsg<IdentifyMessages.Subscribe>(Patience);
        _autonat.Tell(new AutoNatMessages.Subscribe(TestActor));
        Assert.Equal(Reachability.Unknown, NextVerdict().Verdict);
    }

    [Fact]
    public async Task A_dial_back_that_arrives_makes_the_node_public_and_is_confirmed()
    {
        var (messages, request) = await AskedAsync();
        Assert.Equal([Own], request.Addresses);

        var dialBack = await DialBackAsync(request.Nonce, "/ip4/22.0.1.2/tcp/50000");
        await SayAsync(messages, AutoNatV2DialStatus.Ok);

        Assert.Equal("public, filtering unproven", VerdictAfter(Reachability.Public).Text);
        Assert.Empty(await ReadMessageAsync(dialBack));
        Assert.Equal(Own, Assert.Single(_events.OfType<NodeEvents.AddressConfirmed>()).Address);
        Assert.Equal(Reachability.Public, Assert.Single(_events.OfType<NodeEvents.ReachabilityChanged>()).Verdict);
    }

    [Fact]
    public async Task A_dial_back_from_a_host_that_was_never_contacted_proves_filtering()
    {
        _node.Contacted.OnContact(IPEndPoint.Parse("22.0.1.2:4001"));
        var (messages, request) = await AskedAsync();

        _node.Contacted.OnAccepted(IPEndPoint.Parse("26.0.1.2:50000"));
        await DialBackAsync(request.Nonce, "/ip4/26.0.1.2/tcp/50000");
        await SayAsync(messages, AutoNatV2DialStatus.Ok);

        Assert.Equal("public", VerdictAfter(Reachability.Public).Text);
    }

    [Fact]
    public async Task A_nonce_over_the_connection_that_existed_already_proves_nothing()
    {
        var (messages, request) = await AskedAsync();
        var stream = await InboundAsync(request.Nonce, Connection(7, _server.Key, "/ip4/22.0.1.2/tcp/4001"));
        Assert.Empty(await ReadMessageAsync(stream));

        await SayAsync(messages, AutoNatV2DialStatus.Ok);
        var state = State();

        Assert.Equal(Reachability.Unknown, state.Verdict.Verdict);
    }

    [Fact]
    public async Task An_unknown_nonce_gets_no_receipt()
    {
        var (_, request) = await AskedAsync();

        var stream = await DialBackAsync(request.Nonce + 1, "/ip4/22.0.1.2/tcp/50000");

        await Assert.ThrowsAsync<IOException>(() => ReadMessageAsync(stream));
    }

    [Fact]
    public async Task A_dial_back_with_too_long_a_message_is_cut()
    {
        await AskedAsync();
        var stream = await InboundAsync(null, Inbound("/ip4/22.0.1.2/tcp/50000"));

        await Assert.ThrowsAsync<IOException>(() => ReadMessageAsync(stream));
    }

    [Fact]
    public async Task Only_so_many_dial_backs_are_read_at_once()
    {
        var streams = new List<PeerStream>();
        for (var i = 0; i <= ReachabilityActor.MaxDialBacks; i++)
        {
            var (near, far) = StreamPair(AutoNatProtocol.V2DialBack, _server.Self);
            streams.Add(far);
            _autonat.Tell(new StreamMessages.InboundStream(near, Inbound($"/ip4/22.0.1.2/tcp/{50000 + i}")));
        }

        // The last one at once, the others when they stay silent for too long.
        await Assert.ThrowsAsync<IOException>(() => ReadMessageAsync(streams[^1]));
        await Assert.ThrowsAsync<IOException>(() => ReadMessageAsync(streams[0]));
    }

    [Fact]
    public async Task Dial_data_is_paid_to_the_byte()
    {
        var (messages, _) = await AskedAsync();
        await WriteAsync(messages, new AutoNatV2Message.DialDataRequest(0, 30_001));

        var paid = 0;
        while (paid < 30_001)
        {
            var data = Assert.IsType<AutoNatV2Message.DialDataResponse>(await ReadAsync(messages));
            Assert.InRange(data.Data.Length, 1, ProbeMachine.DialDataChunk);
            paid += data.Data.Length;
        }

        Assert.Equal(30_001, paid);
        await SayAsync(messages, AutoNatV2DialStatus.DialError);
        AwaitAnswer("it could not dial the address");
    }

    [Fact]
    public async Task Too_much_dial_data_is_refused()
    {
        var (messages, _) = await AskedAsync();

        await WriteAsync(messages, new AutoNatV2Message.DialDataRequest(0, 100_001));

        await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(messages).WaitAsync(Patience));
        AwaitAnswer("more than 100000 bytes");
    }

    [Fact]
    public async Task A_silent_server_is_given_up_and_asked_again_later()
    {
        Start(AtOnce with
        {
            Timeout = TimeSpan.FromSeconds(1),
            SameServer = TimeSpan.FromMilliseconds(10),
            FirstRetry = TimeSpan.FromMilliseconds(10),
            FirstServerPause = TimeSpan.FromMilliseconds(10),
        });
        var (messages, _) = await AskedAsync();

        await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(messages).WaitAsync(Patience));
        AwaitAnswer("no answer within 1 s");
        _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
    }

    [Fact]
    public void A_stream_that_cannot_be_opened_is_no_evidence()
    {
        var open = Ask();

        open.ReplyTo.Tell(new ConnectionsMessages.StreamFailed(
            open.Id, new StreamFailure(StreamFailureKind.ConnectionLost, "the cable is out")));

        AwaitAnswer("the cable is out");
        Assert.Equal(Reachability.Unknown, State().Verdict.Verdict);
    }

    [Fact]
    public async Task A_stream_that_opens_too_late_is_reset()
    {
        Start(AtOnce with { Timeout = TimeSpan.FromMilliseconds(100) });
        var open = Ask();
        AwaitAnswer("no stream to it could be opened in time");

        var (near, far) = StreamPair(AutoNatProtocol.V2DialRequest, _server.Self);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, Connection(7, _server.Key)));

        await Assert.ThrowsAsync<IOException>(() => ReadMessageAsync(far));
    }

    [Fact]
    public void A_network_change_a_lost_relay_and_an_expired_mapping_are_probed_at_once()
    {
        Start(AtOnce with { FirstServerPause = TimeSpan.Zero });
        Answer(Ask());

        _autonat.Tell(new NetworkMessages.Changed(NetworkState.None, ["eth0 is up"]));
        Answer(_connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience));

        var relayed = Multiaddr.Parse($"/ip4/22.0.1.2/tcp/4001/p2p/{_server.Self}/p2p-circuit");
        _autonat.Tell(new AddressMessages.Changed(new AddressSet { Candidates = [Own], Relayed = [relayed], Mapped = [Own] }));
        Answer(_connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience));
        _autonat.Tell(new AddressMessages.Changed(new AddressSet { Candidates = [Own], Mapped = [Own] }));
        Answer(_connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience));
        _autonat.Tell(new AddressMessages.Changed(new AddressSet { Candidates = [Own] }));
        Answer(_connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience));
        _autonat.Tell(new AddressMessages.Changed(new AddressSet { Candidates = [Own], Observed = [Own] }));
        Handled();
        _connections.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_stranger_that_connects_proves_filtering()
    {
        var (messages, request) = await AskedAsync();
        await DialBackAsync(request.Nonce, "/ip4/22.0.1.2/tcp/50000");
        await SayAsync(messages, AutoNatV2DialStatus.Ok);
        Assert.False(VerdictAfter(Reachability.Public).FilteringProven);

        _node.Contacted.OnAccepted(IPEndPoint.Parse("77.0.1.2:40000"));
        _autonat.Tell(new ConnectionsMessages.ConnectionUp(Inbound("/ip4/77.0.1.2/tcp/40000")));

        Assert.True(NextVerdict().FilteringProven);
        Assert.Equal([false, true], _events.OfType<NodeEvents.ReachabilityChanged>().Select(e => e.FilteringProven));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_version_1_server_is_believed_when_a_connection_came_in(bool cameIn)
    {
        Ready(AutoNatProtocol.V1);
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        Assert.Equal([AutoNatProtocol.V1], open.Protocols);
        var messages = Open(open, AutoNatProtocol.V1);
        var read = await messages.ReadMessageAsync(AutoNatV1Codec.MaxMessageSize, CancellationToken.None).AsTask().WaitAsync(Patience);
        var dial = Assert.IsType<AutoNatV1Message.Dial>(AutoNatV1Codec.Decode(read.Message!.Value.Span).Message);
        Assert.Equal((_node.Self, Own), (dial.Peer, Assert.Single(dial.Addresses)));

        if (cameIn)
        {
            _node.Contacted.OnAccepted(IPEndPoint.Parse("22.0.1.2:50000"));
        }

        var answer = AutoNatV1Codec.Encode(new AutoNatV1Message.DialResponse(AutoNatV1Status.Ok, null, Own));
        await messages.WriteMessageAsync(answer, CancellationToken.None);

        AwaitAnswer(cameIn ? "it dialed this node" : "no connection came in");
        Assert.Equal(cameIn ? Reachability.Public : Reachability.Unknown, State().Verdict.Verdict);
    }

    [Fact]
    public void Tells_who_can_be_asked()
    {
        Answer(Ask());

        var server = Assert.Single(State().Servers);
        Assert.Equal((_server.Self, "v2"), (server.Peer, server.Protocol));
    }

    private static ConnectionInfo Inbound(string remote, long id = 1_000_000) =>
        Connection(id, MakeNode(9).Key, remote) with { Direction = ConnectionDirection.Inbound };

    private static async Task<AutoNatV2Message?> ReadAsync(MessageStream messages)
    {
        var read = await messages.ReadMessageAsync(AutoNatV2Codec.MaxMessageSize, CancellationToken.None).AsTask().WaitAsync(Patience);
        return AutoNatV2Codec.Decode((read.Message ?? throw new IOException("the stream ended")).Span).Message;
    }

    private static Task WriteAsync(MessageStream messages, AutoNatV2Message message) =>
        messages.WriteMessageAsync(AutoNatV2Codec.Encode(message), CancellationToken.None).AsTask().WaitAsync(Patience);

    private static Task SayAsync(MessageStream messages, AutoNatV2DialStatus status) =>
        WriteAsync(messages, new AutoNatV2Message.DialResponse(AutoNatV2Status.Ok, 0, status));

    private static async Task<byte[]> ReadMessageAsync(PeerStream stream)
    {
        var read = await new MessageStream(stream).ReadMessageAsync(1024, CancellationToken.None).AsTask().WaitAsync(Patience);
        return read.Message?.ToArray() ?? throw new IOException("the stream ended");
    }

    /// <summary>Candidates and one connected server.</summary>
    private void Ready(params string[] protocols)
    {
        var connection = Connection(7, _server.Key, "/ip4/22.0.1.2/tcp/4001");
        _autonat.Tell(new ConnectionsMessages.ConnectionUp(connection));
        _autonat.Tell(new AddressMessages.Changed(new AddressSet { Candidates = [Own] }));
        _autonat.Tell(new IdentifyMessages.Identified(connection, new IdentifyInfo { Peer = _server.Self, Protocols = protocols }));
        Handled();
    }

    private ConnectionsMessages.OpenStream Ask()
    {
        Ready(AutoNatProtocol.V2DialRequest);
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        Assert.Equal([AutoNatProtocol.V2DialRequest], open.Protocols);
        Assert.Equal((7L, false), (open.OnConnection!.Value, open.AllowLimited));
        return open;
    }

    private async Task<(MessageStream Messages, AutoNatV2Message.DialRequest Request)> AskedAsync()
    {
        var messages = Open(Ask(), AutoNatProtocol.V2DialRequest);
        return (messages, Assert.IsType<AutoNatV2Message.DialRequest>(await ReadAsync(messages)));
    }

    private MessageStream Open(ConnectionsMessages.OpenStream open, string protocol)
    {
        var (near, far) = StreamPair(protocol, _server.Self);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, Connection(7, _server.Key)));
        return new MessageStream(far);
    }

    /// <summary>Fails the question, and waits until the actor knows.</summary>
    private void Answer(ConnectionsMessages.OpenStream open)
    {
        var detail = $"no stream {open.ReplyTo.Path.Name}";
        open.ReplyTo.Tell(new ConnectionsMessages.StreamFailed(open.Id, new StreamFailure(StreamFailureKind.ConnectionLost, detail)));
        AwaitAnswer(detail);
    }

    private Task<PeerStream> DialBackAsync(ulong nonce, string from) => InboundAsync(nonce, Inbound(from));

    /// <summary>A dial-back stream with its message written; null for one longer than allowed.</summary>
    private async Task<PeerStream> InboundAsync(ulong? nonce, ConnectionInfo connection)
    {
        var (near, far) = StreamPair(AutoNatProtocol.V2DialBack, connection.Peer);
        _autonat.Tell(new StreamMessages.InboundStream(near, connection));
        var message = nonce is { } known ? DialBackCodec.Encode(known) : new byte[DialBackCodec.MaxMessageSize + 1];
        await new MessageStream(far).WriteMessageAsync(message, CancellationToken.None);
        return far;
    }

    private NodeVerdict NextVerdict() => ExpectMsg<AutoNatMessages.VerdictChanged>(Patience).Verdict;

    private NodeVerdict VerdictAfter(Reachability wanted) =>
        FishForMessage<AutoNatMessages.VerdictChanged>(m => m.Verdict.Verdict == wanted, Patience).Verdict;

    private AutoNatMessages.State State()
    {
        var probe = CreateTestProbe();
        _autonat.Tell(new AutoNatMessages.GetState(), probe.Ref);
        return probe.ExpectMsg<AutoNatMessages.State>(Patience);
    }

    /// <summary>Waits until the server's answer has been taken in.</summary>
    private void AwaitAnswer(string text) =>
        AwaitCondition(() => State().Servers.Any(s => s.LastAnswer.Contains(text, StringComparison.Ordinal)), Patience, Often);

    private void Handled() => _autonat.Ask<ActorIdentity>(new Akka.Actor.Identify("handled?"), Patience).Wait(Patience);
}
