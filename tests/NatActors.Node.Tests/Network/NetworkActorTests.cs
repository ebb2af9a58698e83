using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Node.Network;
using NatActors.Transports.Network;
using static NatActors.Node.Tests.NodeHarness;

namespace NatActors.Node.Tests.Network;

public sealed class NetworkActorTests : TestKit
{
    private readonly FakeNetwork _network = new();
    private readonly List<NodeEvent> _events = [];
    private readonly SleepingClock _wall = new();

    public NetworkActorTests()
        : base("akka.scheduler.implementation = \"Akka.TestKit.TestScheduler, Akka.TestKit\"")
    {
    }

    private TestScheduler Time => (TestScheduler)Sys.Scheduler;

    private IReadOnlyList<NodeEvents.NetworkChanged> Changes
    {
        get
        {
            lock (_events)
            {
                return [.. _events.OfType<NodeEvents.NetworkChanged>()];
            }
        }
    }

    [Fact]
    public void A_subscriber_is_told_the_state_at_once_and_nothing_that_changed()
    {
        var watch = Start(_network);

        watch.Tell(new NetworkMessages.Subscribe(TestActor));

        var told = ExpectMsg<NetworkMessages.Changed>(Patience);
        Assert.Equal(_network.State, told.State);
        Assert.Empty(told.What);
    }

    [Fact]
    public void A_notice_is_looked_into_after_the_gathering_and_a_change_is_told_once()
    {
        Subscribed(_network);
        _network.State = FakeNetwork.With("10.0.0.7");

        Notified();
        Time.Advance(NetworkActor.Gathering - TimeSpan.FromMilliseconds(1));
        ExpectNoMsg(TimeSpan.Zero);
        Time.Advance(TimeSpan.FromMilliseconds(1));

        var told = ExpectMsg<NetworkMessages.Changed>(Patience);
        Assert.Equal(_network.State, told.State);
        Assert.Equal(["eth0 no longer has 10.0.0.2", "eth0 now has 10.0.0.7"], told.What);
        Assert.Equal(told.What, Assert.Single(Changes).What);
    }

    [Fact]
    public void A_storm_of_notices_is_one_look_and_one_event()
    {
        var watch = Subscribed(_network);
        var before = _network.Reads;
        _network.State = FakeNetwork.With("10.0.0.7");
        for (var i = 0; i < 50; i++)
        {
            Notified();
        }

        Time.Advance(NetworkActor.Gathering);

        ExpectMsg<NetworkMessages.Changed>(Patience);
        Settle(watch);
        Assert.Equal(before + 1, _network.Reads);
        Assert.Single(Changes);
    }

    [Fact]
    public void A_notice_with_nothing_changed_is_silent()
    {
        var watch = Subscribed(_network);

        Notified();
        Time.Advance(NetworkActor.Gathering);
        Settle(watch);

        ExpectNoMsg(TimeSpan.Zero);
        Assert.Empty(Changes);
    }

    [Fact]
    public void A_temporary_address_is_told_to_subscribers_as_no_change_and_is_no_event()
    {
        Subscribed(_network);
        var temporary = System.Net.IPAddress.Parse("2d01:2000::77");
        var card = _network.State.Interfaces[0];
        _network.State = _network.State with
        {
            Interfaces = [card with { Addresses = [.. card.Addresses, temporary], PassingAddresses = [temporary] }],
        };

        Notified();
        Time.Advance(NetworkActor.Gathering);

        Assert.Empty(ExpectMsg<NetworkMessages.Changed>(Patience).What);
        Assert.Empty(Changes);
    }

    [Fact]
    public void Without_notices_a_change_is_seen_within_a_second()
    {
        var network = new FakeNetwork { GivesNotice = false };
        Subscribed(network);
        network.State = FakeNetwork.With("10.0.0.7");

        Time.Advance(NetworkActor.LookWithoutNotice);

        Assert.NotEmpty(ExpectMsg<NetworkMessages.Changed>(Patience).What);
    }

    [Fact]
    public void When_the_notices_end_it_looks_every_second()
    {
        var watch = Subscribed(_network);
        EventFilter.Warning(contains: "no more notices").ExpectOne(_network.EndNotices);
        _network.State = FakeNetwork.With("10.0.0.7");
        Settle(watch);

        Time.Advance(NetworkActor.LookWithoutNotice);

        Assert.NotEmpty(ExpectMsg<NetworkMessages.Changed>(Patience).What);
    }

    [Fact]
    public void A_state_that_cannot_be_read_changes_nothing()
    {
        var watch = Subscribed(_network);
        _network.Fails = true;

        Notified();
        Time.Advance(NetworkActor.Gathering);
        Settle(watch);

        ExpectNoMsg(TimeSpan.Zero);
        Assert.Empty(Changes);
    }

    [Fact]
    public void What_keep_alive_says_is_part_of_the_state()
    {
        var watch = Start(_network);
        watch.Tell(new NetworkMessages.KeepAliveChanged(["mappings live 8 s"]));

        watch.Tell(new NetworkMessages.GetState(), TestActor);

        Assert.Equal(["mappings live 8 s"], ExpectMsg<NetworkMessages.State>(Patience).KeepAlive);
    }

    [Fact]
    public void A_machine_that_slept_has_everything_tested_although_its_addresses_are_the_same()
    {
        var watch = Subscribed(_network);
        Time.Advance(NetworkActor.LookWithNotice);
        Settle(watch);
        Assert.Empty(Changes);

        _wall.Slept += TimeSpan.FromHours(2);
        Time.Advance(NetworkActor.LookWithNotice);

        var told = ExpectMsg<NetworkMessages.Changed>(Patience);
        Assert.Equal(_network.State, told.State);
        Assert.Matches("^this machine slept for 7[12][0-9][0-9] s, or its clock was set$", Assert.Single(told.What));
        Assert.Equal(told.What, Assert.Single(Changes).What);

        Time.Advance(NetworkActor.LookWithNotice);
        Settle(watch);
        Assert.Single(Changes);
    }

    private IActorRef Start(INetworkInterfaces interfaces)
    {
        var node = MakeNode(1) with { Interfaces = interfaces, WallClock = _wall };
        node.Events.Subscribe(happened =>
        {
            lock (_events)
            {
                _events.Add(happened);
            }
        });
        return Sys.ActorOf(Props.Create(typeof(NetworkActor), node));
    }

    private IActorRef Subscribed(INetworkInterfaces interfaces)
    {
        var watch = Start(interfaces);
        watch.Tell(new NetworkMessages.Subscribe(TestActor));
        ExpectMsg<NetworkMessages.Changed>(Patience);
        return watch;
    }

    /// <summary>A notice that the actor has taken: it waits for the next one.</summary>
    private void Notified()
    {
        var waits = _network.Waits;
        _network.Notify();
        AwaitCondition(() => _network.Waits > waits, Patience, Often);
    }

    /// <summary>The actor has handled all that was sent to it.</summary>
    private void Settle(IActorRef watch)
    {
        var asked = CreateTestProbe();
        watch.Tell(new NetworkMessages.GetState(), asked.Ref);
        asked.ExpectMsg<NetworkMessages.State>(Patience);
    }

    /// <summary>A wall clock that shows what passed while the machine slept.</summary>
    private sealed class SleepingClock : TimeProvider
    {
        public TimeSpan Slept { get; set; }

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Slept;
    }
}
