using Akka.Actor;

namespace Akka.Contract.Tests;

public sealed class TimerTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(120);

    private sealed class Timed(IActorRef report) : UntypedActor, IWithTimers
    {
        public ITimerScheduler Timers { get; set; } = null!;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case ("single", string text):
                    Timers.StartSingleTimer("key", text, Soon);
                    break;
                case ("periodic", string text):
                    Timers.StartPeriodicTimer("key", text, Soon);
                    break;
                case "cancel":
                    Timers.Cancel("key");
                    Sender.Tell(Timers.IsTimerActive("key"));
                    break;
                case ("fires while busy", string text):
                    Timers.StartSingleTimer("key", text, TimeSpan.Zero);
                    Thread.Sleep(Quiet);
                    Timers.Cancel("key");
                    break;
                case ("replace", string before, string after):
                    Timers.StartSingleTimer("key", before, TimeSpan.Zero);
                    Thread.Sleep(Quiet);
                    Timers.StartSingleTimer("key", after, TimeSpan.Zero);
                    break;
                case ("fail while it fires", string text):
                    Timers.StartSingleTimer("key", text, TimeSpan.Zero);
                    Thread.Sleep(Quiet);
                    throw new InvalidOperationException("restart me");
                case "negative":
                    Timers.StartSingleTimer("key", "x", TimeSpan.FromTicks(-1));
                    break;
                case "sync":
                    Sender.Tell("synced");
                    break;
                default:
                    report.Tell(message);
                    break;
            }
        }
    }

    private IActorRef Actor => _actor ??= Sys.ActorOf(Props.Create(typeof(Timed), TestActor));

    private IActorRef? _actor;

    [Fact]
    public void A_single_timer_delivers_once_and_is_over()
    {
        Actor.Tell(("single", "ring"));
        ExpectMsg("ring");
        Actor.Tell("cancel");
        ExpectMsg(false);
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void A_periodic_timer_delivers_until_it_is_cancelled()
    {
        Actor.Tell(("periodic", "tick"));
        ExpectMsg("tick");
        ExpectMsg("tick");
        Actor.Tell("cancel");
        FishForMessage<bool>(active => !active);
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void A_cancelled_timer_delivers_nothing_even_if_it_stands_in_the_mailbox()
    {
        Actor.Tell(("fires while busy", "never"));
        Actor.Tell("sync");
        ExpectMsg("synced");
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void A_replaced_timer_delivers_only_the_new_message()
    {
        Actor.Tell(("replace", "old", "new"));
        ExpectMsg("new");
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void A_timer_never_delivers_after_a_restart()
    {
        Actor.Tell(("fail while it fires", "never"));
        Actor.Tell("sync");
        ExpectMsg("synced");
        Actor.Tell(("periodic", "again"));
        ExpectMsg("again");
        Actor.Tell(("fail while it fires", "never"));
        Actor.Tell("sync");
        FishForMessage<string>(m => m == "synced");
        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void Timers_end_with_their_actor()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Event.DeadLetter));
        Actor.Tell(("periodic", "tick"));
        ExpectMsg("tick");
        Watch(Actor);
        Sys.Stop(Actor);
        FishForMessage<Terminated>(_ => true);
        while (ReceiveOne(Quiet) is not null)
        {
            // What was under way when the actor ended may still become a dead letter.
        }

        ExpectNoMsg(Quiet);
    }

    [Fact]
    public void A_negative_delay_throws()
    {
        EventFilter.Exception<ArgumentOutOfRangeException>().ExpectOne(() => Actor.Tell("negative"));
    }

    [Fact]
    public void The_scheduler_delivers_once_repeatedly_and_not_when_cancelled()
    {
        Sys.Scheduler.ScheduleTellOnce(Soon, TestActor, "once", ActorRefs.NoSender);
        ExpectMsg("once");
        var ticks = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(TimeSpan.Zero, Soon, TestActor, "tick", ActorRefs.NoSender);
        ExpectMsg("tick");
        ExpectMsg("tick");
        ticks.Cancel();
        Assert.True(ticks.IsCancellationRequested);
        while (ReceiveOne(Quiet) is not null)
        {
            // A tick may have been under way.
        }

        ExpectNoMsg(Quiet);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromTicks(-1), TestActor, "x", ActorRefs.NoSender));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Sys.Scheduler.ScheduleTellRepeatedly(TimeSpan.Zero, TimeSpan.Zero, TestActor, "x", ActorRefs.NoSender));
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

public sealed class ReceiveTimeoutTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(150);

    private sealed class Impatient(IActorRef report) : UntypedActor
    {
        protected override void PreStart() => SetReceiveTimeout(Idle);

        protected override void OnReceive(object message)
        {
            if (message is "off")
            {
                SetReceiveTimeout(null);
            }

            report.Tell(message is ReceiveTimeout ? "idle" : message);
        }
    }

    [Fact]
    public void It_comes_when_nothing_else_does_and_comes_again()
    {
        Sys.ActorOf(Props.Create(typeof(Impatient), TestActor));
        ExpectMsg("idle");
        ExpectMsg("idle");
    }

    [Fact]
    public void It_can_be_switched_off()
    {
        var actor = Sys.ActorOf(Props.Create(typeof(Impatient), TestActor));
        actor.Tell("off");
        FishForMessage<string>(m => m == "off");
        while (ReceiveOne(Quiet) is not null)
        {
            // One may have been under way.
        }

        ExpectNoMsg(Quiet);
    }
}
