using System.Buffers;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Streams;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Records;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Identify;

public sealed class IdentifyActorTests : TestKit
{
    private static readonly Multiaddr Public = Multiaddr.Parse("/ip4/192.0.1.7/tcp/4001");
    private static readonly Multiaddr Inner = Multiaddr.Parse("/ip4/10.0.0.2/tcp/4001");
    private static readonly Multiaddr Seen = Multiaddr.Parse("/ip4/192.0.1.9/tcp/5001");

    private readonly NodeContext _node = MakeNode(1);
    private readonly NodeContext _peer = MakeNode(2);
    private readonly TestProbe _connections;
    private readonly TestProbe _addresses;
    private readonly IActorRef _identify;

    public IdentifyActorTests()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
        _connections = CreateTestProbe();
        _addresses = CreateTestProbe();
        _node.Refs.Connections = _connections.Ref;
        _node.Refs.Addresses = _addresses.Ref;
        _identify = Sys.ActorOf(Props.Create(typeof(IdentifyActor), _node));
        _connections.ExpectMsg<ConnectionsMessages.Subscribe>(Patience);
        _addresses.ExpectMsg<AddressMessages.Subscribe>(Patience);
        _identify.Tell(new IdentifyMessages.Subscribe(TestActor));
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task Asks_on_a_new_connection_and_tells_all_what_it_learnt()
    {
        var events = new List<NodeEvent>();
        using var subscription = _node.Events.Subscribe(events.Add);
        var connection = Connection(7, _peer.Key);

        await Identified(connection);

        var told = ExpectMsg<IdentifyMessages.Identified>(Patience);
        Assert.Equal("peer/1", told.Info.AgentVersion);
        Assert.Equal([Public], told.Info.ListenAddresses);
        Assert.True(told.Info.AddressesSigned);
        Assert.Equal((7L, Seen), (told.Connection.Id, told.Info.ObservedAddress!));
        var observed = _addresses.ExpectMsg<AddressMessages.AddressObserved>(Patience).Observation;
        Assert.Equal(
            (7L, Seen, connection.LocalAddress, true),
            (observed.ConnectionId, observed.Observed, observed.Local, observed.PortReused));
        Assert.Equal(["/a", IdentifyProtocol.PushId], _connections.ExpectMsg<ConnectionsMessages.PeerSpeaks>(Patience).Protocols);
        var happened = Assert.IsType<NodeEvents.Identified>(Assert.Single(events));
        Assert.Equal((_peer.Self, "peer/1", Seen.WithPeerId(_node.Self)), (happened.Peer, happened.Agent, happened.Observed!));
    }

    [Fact]
    public async Task An_address_so_long_that_nothing_can_be_appended_is_left_out_and_the_rest_is_taken()
    {
        var name = "/dns/" + new string('a', 250);
        var longest = Multiaddr.Parse(string.Concat(Enumerable.Repeat(name, 4)));
        Assert.Throws<ArgumentException>(() => longest.WithPeerId(_node.Self));

        await Identified(Connection(7, _peer.Key), longest);

        var told = ExpectMsg<IdentifyMessages.Identified>(Patience);
        Assert.Null(told.Info.ObservedAddress);
        Assert.Equal([Public], told.Info.ListenAddresses);
    }

    [Fact]
    public async Task Over_a_relay_no_observed_address_is_taken()
    {
        await Identified(Connection(7, _peer.Key, $"/ip4/192.0.1.1/tcp/1/p2p/{MakeNode(3).Self}/p2p-circuit", relayed: true));

        Assert.Null(ExpectMsg<IdentifyMessages.Identified>(Patience).Info.ObservedAddress);
        _connections.ExpectMsg<ConnectionsMessages.PeerSpeaks>(Patience);
        _addresses.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task Answers_who_asks_with_what_is_of_use_there_and_signed()
    {
        _identify.Tell(new AddressMessages.Changed(new AddressSet { Listening = [Public, Inner] }));

        var (info, record) = await Asked(Connection(7, _peer.Key));
        Assert.Equal([Public], info.ListenAddresses);
        Assert.Equal(_node.Options.AgentVersion, info.AgentVersion);
        Assert.Equal(Multiaddr.Parse("/ip4/192.0.1.1/tcp/4001"), info.ObservedAddress);
        Assert.Equal([IdentifyProtocol.Id, IdentifyProtocol.PushId], info.Protocols);
        Assert.Equal(RecordVerdict.Accepted, record);

        var (near, _) = await Asked(Connection(8, _peer.Key, "/ip4/10.0.0.9/tcp/4001"));
        Assert.Equal([Public, Inner], near.ListenAddresses);
    }

    [Fact]
    public async Task A_change_is_pushed_to_those_who_speak_push_once_the_burst_is_over()
    {
        await Identified(Connection(7, _peer.Key));
        ExpectMsg<IdentifyMessages.Identified>(Patience);
        _connections.ExpectMsg<ConnectionsMessages.PeerSpeaks>(Patience);

        _identify.Tell(new AddressMessages.Changed(new AddressSet { Listening = [Inner] }));
        _identify.Tell(new AddressMessages.Changed(new AddressSet { Listening = [Inner, Public] }));
        Handled();
        Time.Advance(IdentifyActor.PushDelay);

        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        Assert.Equal([IdentifyProtocol.PushId], open.Protocols);
        var (near, far) = StreamPair(IdentifyProtocol.PushId, _peer.Self);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, Connection(7, _peer.Key)));
        Assert.Equal([Public], Decode(await ReadAllAsync(far)).ListenAddresses);

        Handled();
        Time.Advance(IdentifyActor.PushDelay);
        _connections.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task Addresses_that_come_and_go_are_pushed_a_few_times_and_then_once_in_five_seconds()
    {
        await Identified(Connection(7, _peer.Key));
        ExpectMsg<IdentifyMessages.Identified>(Patience);
        _connections.ExpectMsg<ConnectionsMessages.PeerSpeaks>(Patience);
        for (var push = 1; push <= IdentifyActor.PushRounds.Burst; push++)
        {
            Change(push);
            Time.Advance(IdentifyActor.PushDelay);
            FailPush();
        }

        Change(100);
        Time.Advance(IdentifyActor.PushDelay);
        Handled();
        _connections.ExpectNoMsg(TimeSpan.Zero);
        Change(101);
        Time.Advance(TimeSpan.FromSeconds(1 / IdentifyActor.PushRounds.PerSecond));
        FailPush();
        Handled();
        _connections.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_push_that_fails_is_tried_again_in_later_rounds_and_given_up_after_three()
    {
        await Identified(Connection(7, _peer.Key));
        ExpectMsg<IdentifyMessages.Identified>(Patience);
        _connections.ExpectMsg<ConnectionsMessages.PeerSpeaks>(Patience);
        Change(1);
        for (var round = 0; round < 3; round++)
        {
            Time.Advance(TimeSpan.FromSeconds(1 / IdentifyActor.PushRounds.PerSecond));
            FailPush();
        }

        Time.Advance(TimeSpan.FromMinutes(1));
        Handled();
        _connections.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_change_between_the_answer_to_a_peer_and_the_notice_of_its_connection_is_pushed()
    {
        var connection = Connection(7, _peer.Key);
        await Asked(connection);
        _identify.Tell(new AddressMessages.Changed(new AddressSet { Listening = [Public] }));
        Handled();
        Time.Advance(IdentifyActor.PushDelay);

        await Identified(connection);

        _connections.ExpectMsg<ConnectionsMessages.PeerSpeaks>(Patience);
        Assert.Equal([IdentifyProtocol.PushId], _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience).Protocols);
    }

    [Fact]
    public async Task A_peer_that_has_heard_the_change_already_gets_no_push()
    {
        var connection = Connection(7, _peer.Key);
        await Identified(connection);
        _connections.ExpectMsg<ConnectionsMessages.PeerSpeaks>(Patience);
        _identify.Tell(new AddressMessages.Changed(new AddressSet { Listening = [Public] }));
        await Asked(connection);

        Time.Advance(IdentifyActor.PushDelay);
        Handled();

        _connections.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_push_changes_what_it_says_and_leaves_the_rest()
    {
        var connection = Connection(7, _peer.Key);
        await Identified(connection);
        ExpectMsg<IdentifyMessages.Identified>(Patience);

        var (near, far) = StreamPair(IdentifyProtocol.PushId, _peer.Self);
        _identify.Tell(new StreamMessages.InboundStream(near, connection));
        await far.WriteAsync(new byte[] { 0x04, 0x1a, 0x02, (byte)'/', (byte)'n' });
        await far.CompleteWritesAsync();

        var told = ExpectMsg<IdentifyMessages.Identified>(Patience).Info;
        Assert.Equal(["/n"], told.Protocols);
        Assert.Equal("peer/1", told.AgentVersion);
        Assert.Equal([Public], told.ListenAddresses);
    }

    [Fact]
    public async Task A_peer_that_breaks_the_protocol_loses_its_stream_only()
    {
        var connection = Connection(7, _peer.Key);
        var far = Ask(connection);
        await far.WriteAsync(new byte[] { 0x01, 0x07 });

        Assert.Contains("Malformed", ExpectMsg<IdentifyMessages.IdentifyFailed>(Patience).Reason);
        await Assert.ThrowsAsync<IOException>(() => ReadAllAsync(far));
        Assert.Equal(IdentifyProtocol.Id, (await Asked(connection)).Info.Protocols[0]);
    }

    [Fact]
    public async Task A_silent_peer_is_given_up_after_the_timeout()
    {
        var far = Ask(Connection(7, _peer.Key));
        Handled();

        Time.Advance(IdentifyProtocol.Timeout);

        Assert.Contains("5 s", ExpectMsg<IdentifyMessages.IdentifyFailed>(Patience).Reason);
        await Assert.ThrowsAsync<IOException>(() => ReadAllAsync(far));
    }

    [Fact]
    public async Task A_stream_that_opens_after_the_timeout_is_reset()
    {
        var connection = Connection(7, _peer.Key);
        _identify.Tell(new ConnectionsMessages.ConnectionUp(connection));
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        Time.Advance(IdentifyProtocol.Timeout);
        ExpectMsg<IdentifyMessages.IdentifyFailed>(Patience);

        var (near, far) = StreamPair(IdentifyProtocol.Id, _peer.Self);
        Watch(open.ReplyTo);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, connection));

        ExpectTerminated(open.ReplyTo, Patience);
        await Assert.ThrowsAsync<IOException>(() => ReadAllAsync(far));
    }

    [Fact]
    public void A_peer_that_does_not_speak_identify_is_reported()
    {
        _identify.Tell(new ConnectionsMessages.ConnectionUp(Connection(7, _peer.Key)));
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);

        open.ReplyTo.Tell(new ConnectionsMessages.StreamFailed(
            open.Id, new StreamFailure(StreamFailureKind.ProtocolNotSupported, "it speaks nothing")));

        Assert.Equal("it speaks nothing", ExpectMsg<IdentifyMessages.IdentifyFailed>(Patience).Reason);
    }

    [Fact]
    public async Task No_more_than_two_streams_of_a_connection_are_served_at_once()
    {
        var connection = Connection(7, _peer.Key);
        var streams = Enumerable.Range(0, 3).Select(_ => StreamPair(IdentifyProtocol.PushId, _peer.Self)).ToArray();
        foreach (var (near, _) in streams)
        {
            _identify.Tell(new StreamMessages.InboundStream(near, connection));
        }

        await Assert.ThrowsAsync<IOException>(() => ReadAllAsync(streams[2].Far));
        await streams[0].Far.WriteAsync(new byte[] { 0 });
    }

    private void Change(int port)
    {
        _identify.Tell(new AddressMessages.Changed(new AddressSet { Listening = [Multiaddr.Parse($"/ip4/192.0.1.7/tcp/{port}")] }));
        Handled();
    }

    private void FailPush()
    {
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        Assert.Equal([IdentifyProtocol.PushId], open.Protocols);
        _connections.Watch(open.ReplyTo);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamFailed(open.Id, new StreamFailure(StreamFailureKind.ConnectionLost, "test")));
        _connections.ExpectTerminated(open.ReplyTo, Patience);
        Handled();
    }

    private void Handled() => _identify.Ask<ActorIdentity>(new Akka.Actor.Identify("handled?"), Patience).Wait(Patience);

    private PeerStream Ask(ConnectionInfo connection)
    {
        _identify.Tell(new ConnectionsMessages.ConnectionUp(connection));
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        Assert.Equal([IdentifyProtocol.Id], open.Protocols);
        Assert.Equal((connection.Id, true), (open.OnConnection!.Value, open.AllowLimited));
        var (near, far) = StreamPair(IdentifyProtocol.Id, connection.Peer);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, connection));
        return far;
    }

    private async Task Identified(ConnectionInfo connection, Multiaddr? seen = null)
    {
        var far = Ask(connection);
        var bytes = new ArrayBufferWriter<byte>();
        IdentifyEncoder.Write(
            new IdentifySelf(
                _peer.Key.PublicKey.ToProtobuf(),
                "peer/1",
                [Public],
                ["/a", IdentifyProtocol.PushId],
                seen ?? Seen.WithPeerId(_node.Self),
                new PeerRecord(_peer.Self, 5, [Public]).Seal(_peer.Key)),
            bytes);
        await far.WriteAsync(bytes.WrittenMemory);
        await far.CompleteWritesAsync();
    }

    private async Task<(IdentifyInfo Info, RecordVerdict Record)> Asked(ConnectionInfo connection)
    {
        var (near, far) = StreamPair(IdentifyProtocol.Id, connection.Peer);
        _identify.Tell(new StreamMessages.InboundStream(near, connection));
        var seen = new IdentifyConnection(_node.Self, _node.Key.PublicKey, connection.RemoteAddress, false);
        var outcome = IdentifyMerge.Answer(null, Decode(await ReadAllAsync(far)), seen);
        return (outcome.Info!, outcome.Record);
    }

    private static IdentifyUpdate Decode(byte[] bytes)
    {
        var decoder = new IdentifyDecoder();
        Assert.True(decoder.OnBytes(bytes));
        return decoder.OnEnd()!;
    }
}
