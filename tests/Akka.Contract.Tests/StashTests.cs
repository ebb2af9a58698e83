using Akka.Actor;

namespace Akka.Contract.Tests;

public sealed class StashTests : TestKit.Xunit2.TestKit
{
    private sealed class Door(IActorRef report) : UntypedActor, IWithUnboundedStash
    {
        public IStash Stash { get; set; } = null!;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "open":
                    Become(Open);
                    Stash.UnstashAll();
                    break;
                case "one":
                    Stash.Unstash();
                    Become(Open);
                    break;
                case "fail":
                    throw new InvalidOperationException("restart me");
                case "twice":
                    Stash.Stash();
                    Stash.Stash();
                    break;
                default:
                    Stash.Stash();
                    break;
            }
        }

        private void Open(object message) => report.Tell(message);

        protected override void PostRestart(Exception reason)
        {
            base.PostRestart(reason);
            Become(Open);
        }
    }

    private sealed class Waiting(IActorRef subject, IActorRef report) : UntypedActor, IWithUnboundedStash
    {
        public IStash Stash { get; set; } = null!;

        protected override void PreStart() => Context.Watch(subject);

        protected override void OnReceive(object message)
        {
            if (message is "open")
            {
                Become(m => report.Tell(m is Terminated ? "terminated" : m));
                Stash.UnstashAll();
            }
            else
            {
                Stash.Stash();
                report.Tell("stashed");
            }
        }
    }

    private IActorRef NewDoor() => Sys.ActorOf(Props.Create(typeof(Door), TestActor));

    [Fact]
    public void Stashed_messages_come_back_in_order_before_the_others()
    {
        var door = NewDoor();
        foreach (var text in new[] { "a", "b", "c" })
        {
            door.Tell(text);
        }

        door.Tell("open");
        door.Tell("d");
        foreach (var text in new[] { "a", "b", "c", "d" })
        {
            ExpectMsg(text);
        }
    }

    [Fact]
    public void One_message_can_be_brought_back()
    {
        var door = NewDoor();
        door.Tell("a");
        door.Tell("b");
        door.Tell("one");
        ExpectMsg("a");
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void A_restart_brings_the_stash_back()
    {
        var door = NewDoor();
        door.Tell("a");
        door.Tell("b");
        door.Tell("fail");
        ExpectMsg("a");
        ExpectMsg("b");
    }

    [Fact]
    public void One_object_told_twice_can_be_stashed_twice()
    {
        var door = NewDoor();
        var message = new object();
        door.Tell(message);
        door.Tell(message);
        door.Tell("open");
        ExpectMsg(message);
        ExpectMsg(message);
    }

    [Fact]
    public void The_news_of_an_end_can_be_stashed()
    {
        var subject = NewDoor();
        var waiting = Sys.ActorOf(Props.Create(typeof(Waiting), subject, TestActor));
        Sys.Stop(subject);
        ExpectMsg("stashed");
        waiting.Tell("open");
        ExpectMsg("terminated");
    }

    [Fact]
    public void The_same_message_cannot_be_stashed_twice()
    {
        var door = NewDoor();
        EventFilter.Exception<IllegalActorStateException>().ExpectOne(() => door.Tell("twice"));
    }
}
