using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.HolePunch;
using NatActors.Node.Port;
using NatActors.Node.Streams;
using NatActors.Protocols.HolePunch;
using NatActors.Scenarios.Tests.Support;
using NatActors.Testing;
using NatActors.Transports.Security;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.HolePunch;

/// <summary>One attempt of the answering side, what surrounds it being probes.</summary>
public sealed class HolePunchAttemptActorTests : TestKit
{
    private static readonly Multiaddr Ours = Multiaddr.Parse("/ip4/5.6.7.8/tcp/4001");
    private static readonly Multiaddr Theirs = Multiaddr.Parse("/ip4/9.8.7.6/tcp/4001");
    private static readonly Multiaddr TheirsUnnamed = Multiaddr.Parse("/ip4/9.8.7.6/tcp/33803");

    private readonly NodeContext _node = MakeNode(1);
    private readonly NodeContext _peer = MakeNode(2);
    private readonly TestProbe _ports;
    private readonly TestProbe _connections;

    public HolePunchAttemptActorTests()
    {
        _ports = CreateTestProbe();
        _connections = CreateTestProbe();
        _node.Refs.Ports = _ports.Ref;
        _node.Refs.Connections = _connections.Ref;
    }

    [Fact]
    public async Task The_next_round_does_not_cut_what_came_from_an_unnamed_port()
    {
        var (ours, theirs) = MemoryConduit.CreatePair();

        await PunchedAndAskedAgain(ours, TheirsUnnamed);

        await theirs.WriteAsync(new byte[] { 7 });
        var read = new byte[2];
        Assert.Equal((1, (byte)7), (await ours.ReadAsync(read).AsTask().WaitAsync(Patience), read[0]));
    }

    [Fact]
    public async Task The_next_round_frees_the_4_tuple_of_the_last_one()
    {
        var (ours, theirs) = MemoryConduit.CreatePair();

        await PunchedAndAskedAgain(ours, Theirs);

        await Assert.ThrowsAnyAsync<IOException>(() => theirs.ReadAsync(new byte[1]).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task The_asking_side_sends_its_first_message_along_with_the_proposal_and_hears_a_refusal()
    {
        var events = new EventLog("node");
        using var subscription = _node.Events.Subscribe(events.OnNext);
        var seed = Seed(initiator: true);
        var attempt = Sys.ActorOf(Props.Create(typeof(HolePunchAttemptActor), _node, seed));
        var open = (ConnectionsMessages.OpenStream)_connections.FishForMessage(m => m is ConnectionsMessages.OpenStream, Patience);
        Assert.True(open.AtOnce);
        var (near, far) = LazyStream(HolePunchCodec.Protocol, _peer.Self);
        attempt.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, seed.Relayed));

        var connect = HolePunchCodec.Encode(new HolePunchMessage.Connect([Ours]));
        var proposal = $"\u0013/multistream/1.0.0\n{(char)(HolePunchCodec.Protocol.Length + 1)}{HolePunchCodec.Protocol}\n";
        var sent = new byte[proposal.Length + 1 + connect.Length];
        for (var read = 0; read < sent.Length;)
        {
            read += await far.ReadAsync(sent.AsMemory(read)).AsTask().WaitAsync(Patience);
        }

        Assert.Equal([.. System.Text.Encoding.UTF8.GetBytes(proposal), (byte)connect.Length, .. connect], sent);
        await far.WriteAsync("\u0013/multistream/1.0.0\n\u0003na\n"u8.ToArray());

        Assert.Equal(PunchReasons.PeerDoesNotSpeak, (await events.NextAsync<NodeEvents.PunchEnded>()).Reason);
    }

    private AttemptSeed Seed(bool initiator) => new()
    {
        Relayed = Connection(5, _peer.Key, relayed: true),
        Initiator = initiator,
        Own = new OwnAddresses { Observed = [Ours], Listening = [Ours] },
        Options = new PunchOptions(),
    };

    private async Task PunchedAndAskedAgain(MemoryConduit conduit, Multiaddr from)
    {
        var attempt = Sys.ActorOf(Props.Create(typeof(HolePunchAttemptActor), _node, Seed(initiator: false)));
        var (near, far) = StreamPair(HolePunchCodec.Protocol, _peer.Self);
        attempt.Tell(new HolePunchMessages.PeerOpened(near));
        var messages = new MessageStream(far);
        await messages.WriteMessageAsync(HolePunchCodec.Encode(new HolePunchMessage.Connect([Theirs])), CancellationToken.None);
        var punch = _ports.ExpectMsg<PortMessages.Punch>(Patience);

        attempt.Tell(new PortMessages.Punched(punch.Id, conduit, from, ConnectionRole.Listener, Accepted: true));
        _connections.FishForMessage(m => m is ConnectionsMessages.Adopt, Patience);
        await messages.WriteMessageAsync(HolePunchCodec.Encode(new HolePunchMessage.Connect([Theirs])), CancellationToken.None);

        Assert.NotEqual(punch.Id, _ports.ExpectMsg<PortMessages.Punch>(Patience).Id);
    }
}
