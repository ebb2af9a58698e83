using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.KeepAlive;
using NatActors.Node.Network;
using NatActors.Node.Tests.Network;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Identify;
using NatActors.Protocols.KeepAlive;
using NatActors.Transports.Muxing;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.KeepAlive;

public sealed class KeepAliveActorTests : TestKit
{
    private const string Public = "/ip4/11.0.0.1/tcp/4001";
    private static readonly KeepAliveOptions Options = new();
    private static readonly KeepAlivePace LivenessOnly = new(Options.Liveness, Options.Liveness);

    private readonly NodeContext _node = MakeNode(1);
    private readonly NodeContext _peer = MakeNode(2);
    private readonly Dictionary<long, TestProbe> _probes = [];
    private readonly TestProbe _connections;
    private readonly TestProbe _network;
    private readonly IActorRef _keeper;

    public KeepAliveActorTests()
    {
        _connections = CreateTestProbe();
        _network = CreateTestProbe();
        _node.Refs.Connections = _connections.Ref;
        _node.Refs.Network = _network.Ref;
        _keeper = Sys.ActorOf(Props.Create(typeof(KeepAliveActor), _node));
        _connections.ExpectMsg<ConnectionsMessages.Subscribe>(Patience);
        _network.ExpectMsg<NetworkMessages.Subscribe>(Patience);
    }

    [Fact]
    public void Behind_a_NAT_the_unmeasured_interval_is_used_while_nobody_helps()
    {
        var connection = Up(7, "/ip4/10.0.0.2/tcp/4001");

        Assert.Equal(new KeepAlivePace(new ConnectionOptions().KeepAliveInterval, Options.Liveness), NextPace(connection));
        Assert.Contains("no peer that could help", Assert.Single(_network.ExpectMsg<NetworkMessages.KeepAliveChanged>(Patience).Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void What_came_in_to_a_public_address_and_what_runs_over_a_relay_is_only_looked_at_for_life()
    {
        Assert.Equal(LivenessOnly, NextPace(Up(7, "/ip4/12.0.0.2/tcp/4001", ConnectionDirection.Inbound)));
        Assert.Equal(LivenessOnly, NextPace(Up(8, "/ip4/10.0.0.2/tcp/4001", relayed: true)));
    }

    [Fact]
    public void What_was_punched_through_a_firewall_is_refreshed_although_the_peer_came_in()
    {
        var pace = NextPace(Up(7, "/ip4/12.0.0.2/tcp/4001", ConnectionDirection.Inbound, punched: true));

        Assert.NotEqual(LivenessOnly, pace);
    }

    [Fact]
    public void An_address_that_strangers_reach_as_it_is_needs_no_refresh()
    {
        const string Local = "/ip4/12.0.0.2/tcp/4001";
        var connection = Up(7, Local);
        Assert.NotEqual(LivenessOnly, NextPace(connection));
        var verdict = new AddressVerdict { Address = Multiaddr.Parse(Local), Verdict = Reachability.Public };

        _keeper.Tell(new AutoNatMessages.VerdictChanged(new NodeVerdict { Verdict = Reachability.Public, Addresses = [verdict] }), ActorRefs.NoSender);

        Assert.Equal(LivenessOnly, NextPace(connection));
    }

    [Fact]
    public void A_peer_on_the_same_link_needs_no_refresh()
    {
        var connection = Up(7, "/ip4/10.0.0.2/tcp/4001", remote: "/ip4/10.0.0.9/tcp/4001");
        Assert.NotEqual(LivenessOnly, NextPace(connection));
        var state = FakeNetwork.With("10.0.0.2");
        var card = state.Interfaces[0] with { Networks = [System.Net.IPNetwork.Parse("10.0.0.0/24")] };

        _keeper.Tell(new NetworkMessages.Changed(state with { Interfaces = [card] }, []));

        Assert.Equal(LivenessOnly, NextPace(connection));
    }

    [Fact]
    public void A_peer_that_helps_is_asked_at_once_and_each_proof_slows_the_pace()
    {
        var connection = Up(7, "/ip4/10.0.0.2/tcp/4001");
        NextPace(connection);

        Identify(connection);

        Assert.Equal(Options.Shortest, NextPace(connection).Silence);
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        Assert.Equal((_peer.Self, (long?)7, LifetimeProtocol.Id), (open.Peer, open.OnConnection, open.Protocols[0]));
        _keeper.Tell(new KeepAliveMessages.Lived(_peer.Self, TimeSpan.FromSeconds(12)), _connections.LastSender);
        Assert.Equal(TimeSpan.FromSeconds(8), NextPace(connection).Silence);
        Assert.Contains(
            "at least 12 s",
            _network.FishForMessage<NetworkMessages.KeepAliveChanged>(m => m.Lines.Any(l => l.Contains("refreshed every 8 s", StringComparison.Ordinal)), Patience).Lines[0],
            StringComparison.Ordinal);
    }

    [Fact]
    public void Words_of_others_than_the_measurement_are_no_evidence()
    {
        var connection = Up(7, "/ip4/10.0.0.2/tcp/4001");
        NextPace(connection);
        Identify(connection);
        Assert.Equal(Options.Shortest, NextPace(connection).Silence);
        _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);

        _keeper.Tell(new KeepAliveMessages.Lived(_peer.Self, TimeSpan.FromSeconds(90)), TestActor);
        _keeper.Tell(new KeepAliveMessages.Lived(_peer.Self, TimeSpan.FromSeconds(12)), _connections.LastSender);

        Assert.Equal(TimeSpan.FromSeconds(8), NextPace(connection).Silence);
    }

    [Fact]
    public void A_connection_that_died_silently_halves_the_interval_of_the_others()
    {
        var connection = Up(7, "/ip4/10.0.0.2/tcp/4001");
        NextPace(connection);
        var other = Up(8, "/ip4/10.0.0.2/tcp/4001");
        NextPace(other);

        _keeper.Tell(new ConnectionsMessages.ConnectionDown(connection, "silence") { Kind = LinkEndKind.KeepAliveTimeout });

        Assert.Equal(new ConnectionOptions().KeepAliveInterval / 2, NextPace(other).Silence);
    }

    [Fact]
    public void A_new_network_is_measured_anew_and_the_old_measurement_ends()
    {
        var connection = Up(7, "/ip4/10.0.0.2/tcp/4001");
        NextPace(connection);
        Identify(connection);
        _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        var first = Watch(_connections.LastSender);

        _keeper.Tell(new NetworkMessages.Changed(FakeNetwork.With("10.0.0.2"), ["the IPv4 gateway is now another"]));

        ExpectTerminated(first, Patience);
        _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
    }

    private ConnectionInfo Up(
        long id,
        string local,
        ConnectionDirection direction = ConnectionDirection.Outbound,
        string remote = Public,
        bool relayed = false,
        bool punched = false)
    {
        var connection = Connection(id, _peer.Key, remote, relayed) with
        {
            LocalAddress = Multiaddr.Parse(local),
            Direction = direction,
            Punched = punched,
            Actor = (_probes[id] = CreateTestProbe()).Ref,
        };
        _keeper.Tell(new ConnectionsMessages.ConnectionUp(connection));
        return connection;
    }

    private KeepAlivePace NextPace(ConnectionInfo connection) =>
        _probes[connection.Id].ExpectMsg<ConnectionMessages.KeepAlive>(Patience).Pace;

    private void Identify(ConnectionInfo connection) => _keeper.Tell(new IdentifyMessages.Identified(
        connection, new IdentifyInfo { Peer = connection.Peer, Protocols = [LifetimeProtocol.Id] }));
}
