using Akka.Actor;
using Akka.Event;
using Akka.TestKit;
using Xunit.Sdk;

namespace Akka.Contract.Tests;

public sealed class TestKitTests : TestKit.Xunit2.TestKit
{
    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }

    [Fact]
    public void The_test_actor_is_the_sender_of_what_a_test_tells()
    {
        var echo = Sys.ActorOf(Props.Create(typeof(Echo)));
        echo.Tell("hello");
        ExpectMsg("hello");
        Assert.Equal(echo, LastSender);
    }

    [Fact]
    public async Task The_test_actor_stays_the_sender_behind_an_await()
    {
        var echo = Sys.ActorOf(Props.Create(typeof(Echo)));
        await Task.Yield();
        echo.Tell("one");
        await ExpectMsgAsync("one");
        echo.Tell("two");
        await ExpectMsgAsync<string>(m => m == "two");
    }

    [Fact]
    public void A_missing_message_fails_the_expectation()
    {
        Assert.ThrowsAny<XunitException>(() => ExpectMsg<string>(TimeSpan.FromMilliseconds(10)));
    }

    [Fact]
    public void A_message_of_another_type_or_value_fails_the_expectation()
    {
        TestActor.Tell(1);
        Assert.ThrowsAny<XunitException>(() => ExpectMsg<string>());
        TestActor.Tell("a");
        Assert.ThrowsAny<XunitException>(() => ExpectMsg("b"));
        TestActor.Tell("a");
        Assert.ThrowsAny<XunitException>(() => ExpectMsg<string>(m => m == "b"));
    }

    [Fact]
    public void A_message_fails_the_expectation_of_none()
    {
        ExpectNoMsg(10);
        TestActor.Tell("a");
        Assert.ThrowsAny<XunitException>(() => ExpectNoMsg(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void Fishing_drops_what_comes_before()
    {
        foreach (var i in Enumerable.Range(0, 10))
        {
            TestActor.Tell(i);
        }

        Assert.Equal(7, FishForMessage<int>(i => i == 7));
        ExpectMsg(8);
        Assert.Equal(9, ReceiveOne(TimeSpan.FromSeconds(5)));
        Assert.Null(ReceiveOne(TimeSpan.Zero));
    }

    [Fact]
    public void Several_messages_are_taken_at_once_or_in_any_order()
    {
        foreach (var text in new[] { "a", "b", "c", "b", "a" })
        {
            TestActor.Tell(text);
        }

        Assert.Equal(["a", "b", "c"], ReceiveN(3));
        ExpectMsgAllOf("a", "b");
        TestActor.Tell("x");
        Assert.Equal("x", ExpectMsgAnyOf(["x", "y"]));
    }

    [Fact]
    public void A_probe_is_a_reference_and_can_be_watched_and_answer()
    {
        var probe = CreateTestProbe("partner");
        probe.Ref.Tell("question");
        probe.ExpectMsg("question");
        probe.Reply("answer");
        ExpectMsgFrom<string>(probe.Ref, "answer");
        probe.Send(TestActor, "direct");
        ExpectMsg("direct");
        Assert.Equal(probe.Ref, LastSender);

        Watch(probe);
        Sys.Stop(probe.Ref);
        ExpectTerminated(probe.Ref);
    }

    [Fact]
    public void Within_fails_when_its_action_takes_too_long()
    {
        Within(TimeSpan.FromSeconds(10), () =>
        {
            TestActor.Tell("in time");
            ExpectMsg("in time");
            Assert.True(Remaining <= TimeSpan.FromSeconds(10));
        });
        Assert.ThrowsAny<XunitException>(() => Within(TimeSpan.FromMilliseconds(20), () => ExpectMsg<string>()));
    }

    [Fact]
    public void Conditions_and_assertions_are_tried_until_they_hold()
    {
        var tries = 0;
        AwaitCondition(() => ++tries > 2, TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(1));
        Assert.Equal(3, tries);
        AwaitAssert(() => Assert.True(++tries > 5), TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(1));
        Assert.Equal(6, tries);
        Assert.ThrowsAny<XunitException>(() => AwaitCondition(() => false, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(1)));
        Assert.False(AwaitConditionNoThrow(() => false, TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public void A_condition_without_an_interval_is_tried_every_tenth_of_the_time()
    {
        var tries = 0;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        bool HoldsHalfWay()
        {
            tries++;
            return watch.Elapsed > TimeSpan.FromSeconds(1);
        }

        AwaitCondition(HoldsHalfWay, TimeSpan.FromSeconds(2));

        // Six, and one more where a pause is a little short; with the tenth of a second that an assertion is retried after, eleven.
        Assert.InRange(tries, 2, 8);
    }

    [Fact]
    public void An_auto_pilot_answers_and_the_test_sees_the_message_too()
    {
        var probe = CreateTestProbe();
        probe.SetAutoPilot(new DelegateAutoPilot((sender, message) =>
        {
            sender.Tell($"re: {message}");
            return NoAutoPilot.Instance;
        }));
        probe.Ref.Tell("first");
        probe.Ref.Tell("second");
        ExpectMsg("re: first");
        probe.ExpectMsg("first");
        probe.ExpectMsg("second");
        Assert.False(HasMessages);
    }

    [Fact]
    public void Log_events_are_expected_by_level_text_and_exception()
    {
        EventFilter.Warning(contains: "careful").ExpectOne(() => Sys.Log.Warning("be careful, {0}", "you"));
        EventFilter.Info(message: "exactly this").Expect(2, () =>
        {
            Sys.Log.Info("exactly this");
            Sys.Log.Info("not this");
            Sys.Log.Info("exactly this");
        });
        EventFilter.Exception<InvalidOperationException>().ExpectOne(() => Sys.Log.Error(new InvalidOperationException("x"), "failed"));
    }

    [Fact]
    public void A_log_event_that_does_not_come_fails_the_expectation()
    {
        Assert.ThrowsAny<XunitException>(() =>
            EventFilter.Error().ExpectOne(TimeSpan.FromMilliseconds(20), () => Sys.Log.Warning("no error")));
    }

    [Fact]
    public void Dead_letters_are_expected_by_type()
    {
        var echo = Sys.ActorOf(Props.Create(typeof(Echo)));
        Watch(echo);
        Sys.Stop(echo);
        ExpectTerminated(echo);
        EventFilter.DeadLetter<string>().ExpectOne(() => echo.Tell("too late"));
    }

    [Fact]
    public void Ignored_messages_are_not_seen()
    {
        IgnoreMessages(m => m is int);
        TestActor.Tell(1);
        TestActor.Tell("a");
        TestActor.Tell(2);
        TestActor.Tell("b");
        ExpectMsg("a");
        ExpectMsg("b");
        IgnoreNoMessages();
        TestActor.Tell(3);
        ExpectMsg(3);
    }
}

public sealed class TestSchedulerTests() : TestKit.Xunit2.TestKit(
    """akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """)
{
    private TestScheduler Scheduler => (TestScheduler)Sys.Scheduler;

    [Fact]
    public void Nothing_comes_until_time_is_advanced()
    {
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromHours(1), TestActor, "one hour", ActorRefs.NoSender);
        Scheduler.Advance(TimeSpan.FromMinutes(59));
        ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        Scheduler.Advance(TimeSpan.FromMinutes(1));
        ExpectMsg("one hour");
    }

    [Fact]
    public void Time_can_be_advanced_to_an_instant_but_not_back()
    {
        var start = Scheduler.Now;
        Sys.Scheduler.ScheduleTellRepeatedly(
            TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TestActor, "tick", ActorRefs.NoSender);
        Scheduler.AdvanceTo(start.AddSeconds(1));
        ExpectMsg("tick");
        Scheduler.AdvanceTo(start.AddSeconds(11));
        ExpectMsg("tick");
        Assert.Throws<InvalidOperationException>(() => Scheduler.AdvanceTo(start));
    }

    [Fact]
    public void Cancelled_work_does_not_run()
    {
        var cancelable = Sys.Scheduler.ScheduleTellOnceCancelable(TimeSpan.FromSeconds(1), TestActor, "never", ActorRefs.NoSender);
        cancelable.Cancel();
        Scheduler.Advance(TimeSpan.FromSeconds(2));
        ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }
}
