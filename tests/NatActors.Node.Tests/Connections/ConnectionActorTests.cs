using System.Collections;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Security;
using static NatActors.Node.Tests.Connections.ConnectionHarness;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Connections;

public sealed class ConnectionActorTests : TestKit
{
    private readonly NodeContext _node = MakeSecuredNode(1, new NodeOptions
    {
        Connections = new ConnectionOptions { MaxStreamsPerConnection = 2 },
    });

    private readonly NodeContext _peer = MakeSecuredNode(2);

    public ConnectionActorTests()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task A_silent_peer_costs_one_upgrade_timeout_and_its_conduit()
    {
        var (near, far) = MemoryConduit.CreatePair();
        var actor = Start(new ConnectionSeed { Id = 7, Conduit = near, Role = ConnectionRole.Listener, Direction = ConnectionDirection.Inbound });
        Watch(actor);

        Time.Advance(_node.Options.Connections.UpgradeTimeout);

        var failed = ExpectMsg<ConnectionMessages.UpgradeFailed>(Patience);
        Assert.Equal(7, failed.ConnectionId);
        Assert.Contains("longer than 15 s", failed.Reason, StringComparison.Ordinal);
        ExpectTerminated(actor, Patience);
        Assert.True(await IsCutAsync(far));
    }

    [Fact]
    public async Task A_peer_with_another_identity_is_told_to_the_parent_as_a_failed_handshake()
    {
        var (near, far) = MemoryConduit.CreatePair();
        Start(Dialing(near) with { ExpectedPeer = MakeNode(3).Self });

        var listening = ConnectionUpgrade.RunAsync(
            _peer, Listening(far), () => TimeSpan.Zero, Task.CompletedTask, CancellationToken.None);

        Assert.Contains(_peer.Self.ToString(), ExpectMsg<ConnectionMessages.UpgradeFailed>(Patience).Reason, StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(() => listening.WaitAsync(Patience));
    }

    [Fact]
    public void Of_two_listeners_the_one_whose_patience_ends_becomes_the_dialer()
    {
        var (near, far) = MemoryConduit.CreatePair();
        var other = CreateTestProbe();
        Start(Listening(near) with { SpeakAfter = TimeSpan.FromMilliseconds(300) });
        AwaitStarted(Sys.ActorOf(Props.Create(typeof(ConnectionActor), _peer, Listening(far), other.Ref)));

        Time.Advance(TimeSpan.FromMilliseconds(300));

        Assert.Equal(ConnectionRole.Dialer, ExpectMsg<ConnectionMessages.Upgraded>(Patience).Connection.Role);
        Assert.Equal(ConnectionRole.Listener, other.ExpectMsg<ConnectionMessages.Upgraded>(Patience).Connection.Role);
    }

    [Fact]
    public async Task A_place_for_a_stream_is_free_only_when_its_handler_has_ended()
    {
        var entered = CreateTestProbe();
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _node.Protocols.Register(
            "/slow",
            async (_, _) =>
            {
                entered.Ref.Tell("in");
                await release.Task;
                entered.Ref.Tell("out");
            },
            allowLimited: true);
        var (_, far) = await RunningAsync();

        for (var stream = 0; stream < 2; stream++)
        {
            var opened = await far.ProposeAsync("/slow");
            entered.ExpectMsg("in", Patience);
            opened.Reset();
        }

        var third = await far.ProposeAsync("/slow");
        await Assert.ThrowsAnyAsync<IOException>(() => third.ReadAsync(new byte[64]).AsTask().WaitAsync(Patience));
        entered.ExpectNoMsg(TimeSpan.Zero);

        release.SetResult();
        entered.ExpectMsg("out", Patience);
        entered.ExpectMsg("out", Patience);
    }

    [Fact]
    public async Task A_place_for_a_stream_is_free_only_when_its_actor_has_looked_at_it()
    {
        var server = CreateTestProbe();
        _node.Protocols.Register("/served", server.Ref, allowLimited: true);
        var (_, far) = await RunningAsync();
        var waiting = new List<PeerStream>();
        for (var stream = 0; stream < 2; stream++)
        {
            var opened = await far.ProposeAsync("/served");
            waiting.Add(server.ExpectMsg<StreamMessages.InboundStream>(Patience).Stream);
            opened.Reset();
        }

        var third = await far.ProposeAsync("/served");
        await Assert.ThrowsAnyAsync<IOException>(() => third.ReadAsync(new byte[64]).AsTask().WaitAsync(Patience));
        server.ExpectNoMsg(TimeSpan.Zero);

        // The place is free when the actor has stopped, which only its end shows: try until then.
        waiting.ForEach(stream => stream.Reset());
        await AwaitAssertAsync(
            async () =>
            {
                var next = await far.ProposeAsync("/served");
                Assert.True(await next.ReadAsync(new byte[64]).AsTask().WaitAsync(Patience) > 0);
            },
            Patience);
    }

    [Fact]
    public async Task A_peer_that_opens_and_resets_without_end_does_not_fill_the_mailbox()
    {
        var (actor, far) = await RunningAsync();
        var busy = new BlockingList();
        actor.Tell(new ConnectionMessages.PeerSpeaks(busy));
        await busy.Entered.Task.WaitAsync(Patience);

        for (var stream = 0; stream < 20; stream++)
        {
            (await far.ProposeAsync("/any")).Reset();
        }

        // The connection's actor has looked at none of them, so what the link says of this one it says by itself.
        var refused = await far.ProposeAsync("/any");
        await Assert.ThrowsAnyAsync<IOException>(() => refused.ReadAsync(new byte[64]).AsTask().WaitAsync(Patience));
        busy.Release.Set();
    }

    [Fact]
    public async Task Closing_says_goodbye_and_hands_new_streams_back_until_it_is_forgotten()
    {
        var (actor, far) = await RunningAsync();
        Watch(actor);

        actor.Tell(new ConnectionMessages.Close("enough"));
        actor.Tell(new ConnectionsMessages.OpenStream(5, _peer.Self, ["/any"], true, TestActor));

        Assert.Equal(5, ExpectMsg<ConnectionMessages.OpenElsewhere>(Patience).Open.Id);
        Assert.Equal(LinkEndKind.ClosedByPeer, (await far.Ended.WaitAsync(Patience)).Kind);
        Assert.Equal("enough", ExpectMsg<ConnectionMessages.Closed>(Patience).Reason);
        actor.Tell(new ConnectionsMessages.OpenStream(6, _peer.Self, ["/any"], true, TestActor));
        Assert.Equal(6, ExpectMsg<ConnectionMessages.OpenElsewhere>(Patience).Open.Id);
        actor.Tell(new ConnectionMessages.Forgotten());
        ExpectTerminated(actor, Patience);
    }

    [Fact]
    public async Task A_stream_under_negotiation_is_answered_once_when_the_link_breaks()
    {
        var (actor, far) = await RunningAsync();
        actor.Tell(new ConnectionsMessages.OpenStream(5, _peer.Self, ["/any"], true, TestActor));
        await far.Opened.WaitAsync(Patience);

        far.Link.Abort();

        var answers = new[] { ExpectMsg<object>(Patience), ExpectMsg<object>(Patience) };
        Assert.Equal(StreamFailureKind.ConnectionLost, Assert.Single(answers.OfType<ConnectionsMessages.StreamFailed>()).Failure.Kind);
        Assert.Single(answers.OfType<ConnectionMessages.Closed>());
    }

    private static ConnectionSeed Dialing(IConduit conduit) =>
        new() { Id = 7, Conduit = conduit, Role = ConnectionRole.Dialer, Direction = ConnectionDirection.Outbound };

    private static ConnectionSeed Listening(IConduit conduit) =>
        new() { Id = 7, Conduit = conduit, Role = ConnectionRole.Listener, Direction = ConnectionDirection.Inbound };

    private IActorRef Start(ConnectionSeed seed) =>
        AwaitStarted(Sys.ActorOf(Props.Create(typeof(ConnectionActor), _node, seed, TestActor)));

    /// <summary>Its timers are set before it answers anything.</summary>
    private IActorRef AwaitStarted(IActorRef actor)
    {
        var asker = CreateTestProbe();
        actor.Tell(new Akka.Actor.Identify(0), asker.Ref);
        asker.ExpectMsg<ActorIdentity>(Patience);
        return actor;
    }

    private async Task<(IActorRef Actor, FarEnd Far)> RunningAsync()
    {
        var (near, far) = MemoryConduit.CreatePair();
        var actor = Start(Dialing(near));
        var end = await UpgradeFarAsync(_peer, far, ConnectionRole.Listener);
        ExpectMsg<ConnectionMessages.Upgraded>(Patience);
        IgnoreMessages(m => m is ConnectionMessages.StreamsChanged or ConnectionMessages.RoundTrip);
        actor.Tell(new ConnectionMessages.Admit());
        return (actor, end);
    }

    /// <summary>Holds whoever enumerates it.</summary>
    private sealed class BlockingList : IReadOnlyList<string>
    {
        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ManualResetEventSlim Release { get; } = new();

        public int Count => 0;

        public string this[int index] => throw new ArgumentOutOfRangeException(nameof(index));

        public IEnumerator<string> GetEnumerator()
        {
            Entered.TrySetResult();
            Release.Wait(Patience);
            yield break;
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
