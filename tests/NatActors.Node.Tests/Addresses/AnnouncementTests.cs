using System.Buffers;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Port;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Identify;
using NatActors.Protocols.Records;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Addresses;

/// <summary>A swarm of three: this node, its address book and identify, and two peers of which each says where it sees the node.</summary>
public sealed class AnnouncementTests : TestKit
{
    private static readonly Multiaddr Wildcard = Multiaddr.Parse("/ip4/0.0.0.0/tcp/4001");
    private static readonly Multiaddr Inner = Multiaddr.Parse("/ip4/10.0.0.2/tcp/4001");
    private static readonly Multiaddr Seen = Multiaddr.Parse("/ip4/192.0.1.9/tcp/5001");

    private readonly NodeContext _node = MakeNode(1);
    private readonly (NodeContext Node, ConnectionInfo Connection)[] _peers;
    private readonly TestProbe _connections;
    private readonly IActorRef _book;
    private readonly IActorRef _identify;

    public AnnouncementTests()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
        _connections = CreateTestProbe();
        _node.Refs.Connections = _connections.Ref;
        _node.Refs.Ports = CreateTestProbe().Ref;
        _book = Sys.ActorOf(Props.Create(typeof(AddressBookActor), _node));
        _node.Refs.Addresses = _book;
        _identify = Sys.ActorOf(Props.Create(typeof(IdentifyActor), _node));
        _connections.ExpectMsg<ConnectionsMessages.Subscribe>(Patience);
        _connections.ExpectMsg<ConnectionsMessages.Subscribe>(Patience);
        _book.Tell(new PortMessages.Bound([Wildcard], [Inner]));
        Handled();
        _peers = [.. new[] { 1, 2 }.Select(i => MakePeer(i))];
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task A_verdict_changes_what_the_peers_are_told_by_one_push_each_and_a_newer_record()
    {
        await IdentifiedAsync(_peers[0], Seen);
        var first = Assert.Single(await PushedAsync(1));
        Assert.Equal([Seen], first.ListenAddresses);
        await IdentifiedAsync(_peers[1], Seen);

        Verdict(Reachability.Private);
        var hidden = await PushedAsync(2);
        Assert.All(hidden, i => Assert.Empty(i.ListenAddresses));
        Assert.All(hidden, i => Assert.True(i.RecordSequence > first.RecordSequence));

        Verdict(Reachability.Public);
        var shown = await PushedAsync(2);
        Assert.All(shown, i => Assert.Equal([Seen], i.ListenAddresses));
        Assert.All(shown, i => Assert.True(i.AddressesSigned && i.RecordSequence > hidden[0].RecordSequence));
        Time.Advance(IdentifyActor.PushDelay);
        Handled();
        _connections.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public async Task A_verdict_that_comes_and_goes_within_a_moment_is_no_news()
    {
        await IdentifiedAsync(_peers[0], Seen);
        await PushedAsync(1);

        Verdict(Reachability.Private);
        Verdict(Reachability.Unknown);

        Assert.Equal([Seen], Assert.Single(await PushedAsync(1)).ListenAddresses);
        _connections.ExpectNoMsg(TimeSpan.Zero);
    }

    private static (NodeContext Node, ConnectionInfo Connection) MakePeer(int number)
    {
        var peer = MakeNode((ulong)(10 + number));
        return (peer, Connection(number, peer.Key, $"/ip4/192.0.1.{number}/tcp/4001"));
    }

    private void Verdict(Reachability verdict)
    {
        _book.Tell(new AutoNatMessages.VerdictChanged(new NodeVerdict
        {
            Verdict = verdict,
            Addresses = [new AddressVerdict { Address = Seen, Verdict = verdict }],
        }));
        Handled();
    }

    /// <summary>The peer connects, is asked who it is, and says where it sees this node.</summary>
    private async Task IdentifiedAsync((NodeContext Node, ConnectionInfo Connection) peer, Multiaddr seen)
    {
        _book.Tell(new ConnectionsMessages.ConnectionUp(peer.Connection));
        _identify.Tell(new ConnectionsMessages.ConnectionUp(peer.Connection));
        var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
        Assert.Equal([IdentifyProtocol.Id], open.Protocols);
        var (near, far) = StreamPair(IdentifyProtocol.Id, peer.Node.Self);
        open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, peer.Connection));
        var bytes = new ArrayBufferWriter<byte>();
        IdentifyEncoder.Write(
            new IdentifySelf(
                peer.Node.Key.PublicKey.ToProtobuf(),
                "peer/1",
                [],
                [IdentifyProtocol.PushId],
                seen,
                new PeerRecord(peer.Node.Self, 5, []).Seal(peer.Node.Key)),
            bytes);
        await far.WriteAsync(bytes.WrittenMemory);
        await far.CompleteWritesAsync();
        _connections.ExpectMsg<ConnectionsMessages.PeerSpeaks>(Patience);
        Handled();
    }

    /// <summary>What that many peers are pushed once the burst is over.</summary>
    private async Task<IReadOnlyList<IdentifyInfo>> PushedAsync(int peers)
    {
        Time.Advance(IdentifyActor.PushDelay);
        var told = new List<IdentifyInfo>();
        for (var i = 0; i < peers; i++)
        {
            var open = _connections.ExpectMsg<ConnectionsMessages.OpenStream>(Patience);
            Assert.Equal([IdentifyProtocol.PushId], open.Protocols);
            var connection = _peers.Single(p => p.Node.Self.Equals(open.Peer)).Connection;
            var (near, far) = StreamPair(IdentifyProtocol.PushId, open.Peer);
            open.ReplyTo.Tell(new ConnectionsMessages.StreamOpened(open.Id, near, connection));
            var decoder = new IdentifyDecoder();
            Assert.True(decoder.OnBytes(await ReadAllAsync(far)));
            var self = new IdentifyConnection(_node.Self, _node.Key.PublicKey, connection.RemoteAddress, false);
            told.Add(IdentifyMerge.Answer(null, decoder.OnEnd()!, self).Info!);
        }

        Handled();
        return told;
    }

    /// <summary>The book, and then identify, have seen all that was sent before.</summary>
    private void Handled()
    {
        _book.Ask<ActorIdentity>(new Akka.Actor.Identify("handled?"), Patience).Wait(Patience);
        _identify.Ask<ActorIdentity>(new Akka.Actor.Identify("handled?"), Patience).Wait(Patience);
    }
}
