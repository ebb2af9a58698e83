using Akka.Actor;
using Akka.TestKit;

namespace Akka.Contract.Tests;

/// <summary>Timers of actors, on the test scheduler: what is due is due, and what a busy actor has in its mailbox is known.</summary>
public sealed class TimerTests() : TestKit.Xunit2.TestKit(
    """akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" """)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    private enum Then
    {
        Cancel,
        Replace,
        Fail,
    }

    // Starts a timer, says so, and goes on when the test has let the timer's message into the mailbox.
    private sealed record BusyWhile(Then Then, ManualResetEventSlim Fired);

    private sealed class Timed(IActorRef report) : UntypedActor, IWithTimers
    {
        public ITimerScheduler Timers { get; set; } = null!;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "single":
                    Timers.StartSingleTimer("key", "ring", Soon);
                    report.Tell("started");
                    break;
                case "periodic":
                    Timers.StartPeriodicTimer("key", "tick", Soon);
                    report.Tell("started");
                    break;
                case "cancel":
                    Timers.Cancel("key");
                    report.Tell(Timers.IsTimerActive("key"));
                    break;
                case BusyWhile busy:
                    Busy(busy);
                    break;
                default:
                    report.Tell(message);
                    break;
            }
        }

        private void Busy(BusyWhile busy)
        {
            Timers.StartSingleTimer("key", "never", Soon);
            report.Tell("started");
            busy.Fired.Wait(Generous);
            switch (busy.Then)
            {
                case Then.Cancel:
                    Timers.Cancel("key");
                    break;
                case Then.Replace:
                    Timers.StartSingleTimer("key", "new", Soon);
                    report.Tell("started");
                    break;
                default:
                    throw new InvalidOperationException("restart me");
            }
        }
    }

    private TestScheduler Scheduler => (TestScheduler)Sys.Scheduler;

    private IActorRef NewActor() => Sys.ActorOf(Props.Create(typeof(Timed), TestActor));

    private void Start(IActorRef actor, object message)
    {
        actor.Tell(message);
        ExpectMsg("started");
    }

    private void LetItFireWhileBusy(IActorRef actor, Then then)
    {
        using var fired = new ManualResetEventSlim();
        Start(actor, new BusyWhile(then, fired));
        Scheduler.Advance(Soon);
        fired.Set();
        actor.Tell("behind");
        if (then == Then.Replace)
        {
            ExpectMsg("started");
        }

        ExpectMsg("behind");
    }

    [Fact]
    public void A_single_timer_delivers_once_and_is_over()
    {
        var actor = NewActor();
        Start(actor, "single");
        Scheduler.Advance(Soon);
        ExpectMsg("ring");
        actor.Tell("cancel");
        ExpectMsg(false);
        Scheduler.Advance(Soon);
        actor.Tell("behind");
        ExpectMsg("behind");
    }

    [Fact]
    public void A_periodic_timer_delivers_until_it_is_cancelled()
    {
        var actor = NewActor();
        Start(actor, "periodic");
        Scheduler.Advance(Soon);
        ExpectMsg("tick");
        Scheduler.Advance(Soon);
        ExpectMsg("tick");
        actor.Tell("cancel");
        ExpectMsg(false);
        Scheduler.Advance(Soon);
        actor.Tell("behind");
        ExpectMsg("behind");
    }

    [Fact]
    public void A_cancelled_timer_delivers_nothing_even_if_it_stands_in_the_mailbox() => LetItFireWhileBusy(NewActor(), Then.Cancel);

    [Fact]
    public void A_replaced_timer_delivers_only_the_new_message()
    {
        LetItFireWhileBusy(NewActor(), Then.Replace);
        Scheduler.Advance(Soon);
        ExpectMsg("new");
    }

    [Fact]
    public void A_timer_never_delivers_after_a_restart()
    {
        var actor = NewActor();
        LetItFireWhileBusy(actor, Then.Fail);
        Start(actor, "single");
        Scheduler.Advance(Soon);
        ExpectMsg("ring");
        LetItFireWhileBusy(actor, Then.Fail);
        Scheduler.Advance(Soon);
        actor.Tell("behind");
        ExpectMsg("behind");
    }

    [Fact]
    public void Timers_end_with_their_actor()
    {
        var actor = NewActor();
        Start(actor, "periodic");
        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor);
        Sys.EventStream.Subscribe(TestActor, typeof(Event.DeadLetter));
        Scheduler.Advance(Soon);
        Sys.DeadLetters.Tell("the only one");
        Assert.Equal("the only one", ExpectMsg<Event.DeadLetter>().Message);
    }

    [Fact]
    public void The_receive_timeout_comes_when_nothing_else_does_and_comes_again()
    {
        var actor = Sys.ActorOf(Props.Create(typeof(Impatient), TestActor, Soon));
        actor.Tell("a");
        ExpectMsg("a");
        actor.Tell("b");
        ExpectMsg("b");
        AdvanceUntil("idle");
        AdvanceUntil("idle");
    }

    [Fact]
    public void The_receive_timeout_can_be_switched_off()
    {
        var actor = Sys.ActorOf(Props.Create(typeof(Impatient), TestActor, Soon));
        AdvanceUntil("idle");
        actor.Tell("off");
        FishForMessage<string>(m => m == "off");
        actor.Tell("behind");
        FishForMessage<string>(m => m == "behind");
        Scheduler.Advance(Soon);
        actor.Tell("last");
        ExpectMsg("last");
    }

    // The timeout is set after the handler's last word: it may not be scheduled yet at the first advance.
    private void AdvanceUntil(string message) => AwaitAssert(
        () =>
        {
            Scheduler.Advance(Soon);
            Assert.Equal(message, ReceiveOne(TimeSpan.FromMilliseconds(50)));
        },
        Generous,
        TimeSpan.FromMilliseconds(1));

    private sealed class Impatient(IActorRef report, TimeSpan patience) : UntypedActor
    {
        protected override void PreStart() => SetReceiveTimeout(patience);

        protected override void OnReceive(object message)
        {
            if (message is "off")
            {
                SetReceiveTimeout(null);
            }

            report.Tell(message is ReceiveTimeout ? "idle" : message);
        }
    }
}

/// <summary>The scheduler that systems run on.</summary>
public sealed class SchedulerTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);

    private sealed class Timed : UntypedActor, IWithTimers
    {
        public ITimerScheduler Timers { get; set; } = null!;

        protected override void OnReceive(object message) => Timers.StartSingleTimer("key", "x", TimeSpan.FromTicks(-1));
    }

    [Fact]
    public void It_delivers_once_and_repeatedly_until_cancelled()
    {
        Sys.Scheduler.ScheduleTellOnce(Soon, TestActor, "once", ActorRefs.NoSender);
        ExpectMsg("once");
        var ticks = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(TimeSpan.Zero, Soon, TestActor, "tick", ActorRefs.NoSender);
        ExpectMsg("tick");
        ExpectMsg("tick");
        ticks.Cancel();
        Assert.True(ticks.IsCancellationRequested);
        var cancelled = Sys.Scheduler.ScheduleTellOnceCancelable(TimeSpan.FromHours(1), TestActor, "never", ActorRefs.NoSender);
        cancelled.Cancel();
        Assert.True(cancelled.Token.IsCancellationRequested);
    }

    [Fact]
    public void A_negative_delay_and_an_interval_of_nothing_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromTicks(-1), TestActor, "x", ActorRefs.NoSender));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Sys.Scheduler.ScheduleTellRepeatedly(TimeSpan.Zero, TimeSpan.Zero, TestActor, "x", ActorRefs.NoSender));
        var actor = Sys.ActorOf(Props.Create(typeof(Timed)));
        EventFilter.Exception<ArgumentOutOfRangeException>().ExpectOne(() => actor.Tell("start"));
    }

    [Fact]
    public void An_action_runs_when_it_is_due()
    {
        Sys.Scheduler.Advanced.ScheduleOnce(Soon, () => TestActor.Tell("ran", ActorRefs.NoSender));
        ExpectMsg("ran");
    }

    [Fact]
    public void The_monotonic_clock_never_goes_back()
    {
        var before = Sys.Scheduler.MonotonicClock;
        for (var i = 0; i < 1_000; i++)
        {
            var now = Sys.Scheduler.MonotonicClock;
            Assert.True(now >= before);
            before = now;
        }
    }
}
