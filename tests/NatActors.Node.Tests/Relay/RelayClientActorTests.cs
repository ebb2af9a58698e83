using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Network;
using NatActors.Node.Ping;
using NatActors.Node.Relay;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Relay;
using NatActors.Transports.Network;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Relay;

/// <summary>What the relay client asks of the node's other services and tells them, these being probes.</summary>
public sealed class RelayClientActorTests : TestKit
{
    private static readonly TimeSpan Near = TimeSpan.FromMilliseconds(20);

    private readonly NodeContext _node = MakeNode(1);
    private readonly NodeContext _relay = MakeNode(2);
    private readonly ConnectionInfo _connection;
    private readonly List<NodeEvent> _events = [];
    private readonly TestProbe _connections;
    private readonly TestProbe _identify;
    private readonly TestProbe _autoNat;
    private readonly TestProbe _network;
    private readonly TestProbe _ping;
    private readonly TestProbe _addresses;
    private readonly IActorRef _client;

    public RelayClientActorTests()
    {
        _connection = Connection(7, _relay.Key);
        _node.Refs.Connections = (_connections = CreateTestProbe()).Ref;
        _node.Refs.Identify = (_identify = CreateTestProbe()).Ref;
        _node.Refs.AutoNat = (_autoNat = CreateTestProbe()).Ref;
        _node.Refs.Network = (_network = CreateTestProbe()).Ref;
        _node.Refs.Ping = (_ping = CreateTestProbe()).Ref;
        _node.Refs.Addresses = (_addresses = CreateTestProbe()).Ref;
        _node.Events.Subscribe(_events.Add);
        _client = Sys.ActorOf(Props.Create(typeof(RelayClientActor), _node));
    }

    [Fact]
    public void It_asks_everybody_who_knows_something_of_relays()
    {
        _client.Tell(new RelayClientMessages.FindRelays());

        _connections.ExpectMsg<ConnectionsMessages.Subscribe>(Patience);
        _identify.ExpectMsg<IdentifyMessages.Subscribe>(Patience);
        _autoNat.ExpectMsg<AutoNatMessages.Subscribe>(Patience);
        _network.ExpectMsg<NetworkMessages.Subscribe>(Patience);
    }

    [Fact]
    public async Task A_relay_is_measured_then_reserved()
    {
        await HoldAsync();

        Assert.Single(_events.OfType<NodeEvents.Reserved>());
        var state = State();
        Assert.Equal((_relay.Self, false, Near), (state.Held[0].Relay, state.Held[0].Configured, state.Held[0].Latency));
        Assert.Empty(state.Candidates);
    }

    /// <summary>Only then: what can be dialed does not hang on a slot that is gained, and answers that are under way would be thrown away.</summary>
    [Fact]
    public async Task A_lost_relay_takes_its_addresses_with_it_and_reachability_is_tested_anew()
    {
        await HoldAsync();

        Tell(new ConnectionsMessages.ConnectionDown(_connection, "cable"), alsoTo: "reservation-1");

        Assert.Empty(_addresses.ExpectMsg<AddressMessages.RelayAddresses>(Patience).Addresses);
        Assert.Contains("lost", _autoNat.ExpectMsg<AutoNatMessages.ProbeAgain>(Patience).Why, StringComparison.Ordinal);
        Assert.Contains("cable", _events.OfType<NodeEvents.ReservationLost>().Single().Reason, StringComparison.Ordinal);
        AwaitAssert(() => Assert.Empty(State().Held), Patience);
        Assert.Contains("tried again in", Assert.Single(State().Candidates), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Circuits_announced_by_a_relay_that_was_given_back_are_still_taken()
    {
        await HoldAsync();

        _client.Tell(new AutoNatMessages.VerdictChanged(new NodeVerdict { Verdict = Reachability.Public }));
        Assert.Empty(_addresses.ExpectMsg<AddressMessages.RelayAddresses>(Patience).Addresses);
        Assert.Equal("reservation", _connections.FishForMessage(m => m is ConnectionsMessages.Unprotect, Patience) is ConnectionsMessages.Unprotect u ? u.Tag : "");
        Assert.Empty(State().Held);

        Assert.Equal(RelayStatus.Ok, await AnnounceAsync(_connection));
        var stranger = Connection(9, MakeNode(4).Key);
        Assert.Equal(RelayStatus.PermissionDenied, await AnnounceAsync(stranger));
    }

    [Fact]
    public void The_network_changed_so_a_reservation_that_waits_is_tried_at_once()
    {
        var relay = Multiaddr.Parse("/ip4/192.0.1.1/tcp/4001").WithPeerId(_relay.Self);
        _client.Tell(new RelayClientMessages.KeepReservation(relay));
        for (var i = 0; i < 10; i++)
        {
            // The waits double: in the end the next try would not come by itself while the test waits for it.
            var dial = (ConnectionsMessages.Dial)_connections.FishForMessage(m => m is ConnectionsMessages.Dial, Patience);
            dial.ReplyTo.Tell(new ConnectionsMessages.DialFailed(dial.Id, new DialFailure(DialFailureKind.AllFailed, "no route")));
            AwaitAssert(() => Assert.Equal("no route", State().Held[0].Problem), Patience);
            _client.Tell(new NetworkMessages.Changed(NetworkState.None, ["eth0 is up"]));
        }

        Assert.Single(_events.OfType<NodeEvents.Error>());
    }

    [Fact]
    public async Task The_connection_to_a_relay_that_refuses_is_no_longer_kept()
    {
        var (messages, far) = await AskedAsync();
        await messages.WriteMessageAsync(RelayCodec.Encode(new HopMessage.Status(RelayStatus.ReservationRefused, null, RelayLimits.None)), default);
        await far.DisposeAsync().AsTask().WaitAsync(Patience);

        var left = (ConnectionsMessages.Unprotect)_connections.FishForMessage(m => m is ConnectionsMessages.Unprotect, Patience);
        Assert.Equal((_connection.Id, "reservation"), (left.ConnectionId, left.Tag));
        AwaitAssert(() => Assert.Empty(State().Held), Patience);
    }

    /// <summary>The relay is found, measured and reserved.</summary>
    private async Task HoldAsync()
    {
        var (messages, far) = await AskedAsync();
        await messages.WriteMessageAsync(RelayCodec.Encode(new HopMessage.Status(
            RelayStatus.Ok, new RelayReservation(DateTimeOffset.UtcNow.AddHours(1), [], null), new RelayLimits(TimeSpan.FromMinutes(2), 4096))), default);
        await far.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Single(_addresses.ExpectMsg<AddressMessages.RelayAddresses>(Patience).Addresses);
        AwaitAssert(() => Assert.NotNull(State().Held[0].Expires), Patience);
    }

    /// <summary>The relay is found, measured and asked for a slot; its end of the stream.</summary>
    private async Task<(MessageStream Messages, PeerStream Far)> AskedAsync()
    {
        _client.Tell(new RelayClientMessages.FindRelays());
        _autoNat.ExpectMsg<AutoNatMessages.Subscribe>(Patience);
        _client.Tell(new ConnectionsMessages.ConnectionUp(_connection));
        _client.Tell(new AutoNatMessages.VerdictChanged(new NodeVerdict { Verdict = Reachability.Private }));
        _client.Tell(new IdentifyMessages.Identified(_connection, new IdentifyInfo { Peer = _relay.Self, Protocols = [RelayProtocol.Hop] }));
        var ping = _ping.ExpectMsg<PingMessages.Ping>(Patience);
        Assert.False(ping.AllowLimited);
        _client.Tell(new PingMessages.Pinged(ping.Id, 1, Near, Relayed: false));
        _client.Tell(new PingMessages.PingFinished(ping.Id));
        var dial = (ConnectionsMessages.Dial)_connections.FishForMessage(m => m is ConnectionsMessages.Dial, Patience);
        Assert.True(dial.ForceDirect);
        dial.ReplyTo.Tell(new ConnectionsMessages.Dialed(dial.Id, _connection));
        var open = (ConnectionsMessages.OpenStream)_connections.FishForMessage(m => m is ConnectionsMessages.OpenStream, Patience);
        var (near, far) = StreamPair(RelayProtocol.Hop, _relay.Self);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, _connection));
        var messages = new MessageStream(far);
        await RelayExchange.ReadHopAsync(messages, default).WaitAsync(Patience);
        return (messages, far);
    }

    /// <summary>The peer announces a circuit; what it is answered.</summary>
    private async Task<RelayStatus> AnnounceAsync(ConnectionInfo from)
    {
        var (near, far) = StreamPair(RelayProtocol.Stop, from.Peer);
        _client.Tell(new StreamMessages.InboundStream(near, from));
        var answer = await RelayExchange.AskAsync(far, new StopMessage.Connect(MakeNode(3).Self, RelayLimits.None), default).WaitAsync(Patience);
        return Assert.IsType<StopMessage.Status>(answer.Message).Code;
    }

    private void Tell(object news, string alsoTo)
    {
        _client.Tell(news);
        Sys.ActorSelection(_client.Path / alsoTo).Tell(news);
    }

    private RelayClientMessages.State State()
    {
        _client.Tell(new RelayClientMessages.GetState(), TestActor);
        return ExpectMsg<RelayClientMessages.State>(Patience);
    }
}
