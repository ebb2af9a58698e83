using Akka.Actor;

namespace Akka.Contract.Tests;

public sealed class DeathWatchTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);

    private sealed record Gone(string Who);

    private sealed class Silent : UntypedActor
    {
        protected override void OnReceive(object message)
        {
        }
    }

    private sealed class Watcher(IActorRef report) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case ("watch", IActorRef subject):
                    Context.Watch(subject);
                    Sender.Tell("done");
                    break;
                case ("watchwith", IActorRef subject, object instead):
                    Context.WatchWith(subject, instead);
                    Sender.Tell("done");
                    break;
                case ("unwatch", IActorRef subject):
                    Context.Unwatch(subject);
                    Sender.Tell("done");
                    break;
                case Terminated terminated:
                    report.Tell(("terminated", terminated.ActorRef, Sender));
                    break;
                default:
                    report.Tell(message);
                    report.Tell(("from", Sender));
                    break;
            }
        }
    }

    private sealed class Pact(IActorRef subject) : UntypedActor
    {
        protected override void PreStart() => Context.Watch(subject);

        protected override void OnReceive(object message) => Unhandled(message);
    }

    private (IActorRef Watcher, IActorRef Subject) Pair()
    {
        return (Sys.ActorOf(Props.Create(typeof(Watcher), TestActor)), Sys.ActorOf(Props.Create(typeof(Silent))));
    }

    private void Do(IActorRef watcher, object command)
    {
        watcher.Tell(command);
        ExpectMsg("done");
    }

    [Fact]
    public void A_watch_fires_once()
    {
        var (watcher, subject) = Pair();
        Do(watcher, ("watch", subject));
        Do(watcher, ("watch", subject));
        Sys.Stop(subject);
        ExpectMsg(("terminated", subject, subject));
        ExpectNoMsg(Short);
    }

    [Fact]
    public void A_watch_of_the_dead_fires_too()
    {
        var (watcher, subject) = Pair();
        Watch(subject);
        Sys.Stop(subject);
        ExpectTerminated(subject);
        Do(watcher, ("watch", subject));
        ExpectMsg(("terminated", subject, subject));
    }

    [Fact]
    public void A_watch_with_a_message_brings_that_message_instead()
    {
        var (watcher, subject) = Pair();
        Do(watcher, ("watchwith", subject, (object)new Gone("x")));
        Sys.Stop(subject);
        ExpectMsg(new Gone("x"));
        ExpectMsg(("from", subject));
        ExpectNoMsg(Short);
    }

    [Fact]
    public void An_ended_watch_brings_nothing()
    {
        var (watcher, subject) = Pair();
        Do(watcher, ("watch", subject));
        Do(watcher, ("unwatch", subject));
        Watch(subject);
        Sys.Stop(subject);
        ExpectTerminated(subject);
        ExpectNoMsg(Short);
    }

    [Fact]
    public void A_watch_that_is_not_handled_ends_the_watcher()
    {
        var subject = Sys.ActorOf(Props.Create(typeof(Silent)));
        var pact = Sys.ActorOf(Props.Create(typeof(Pact), subject));
        Watch(pact);
        EventFilter.Exception<DeathPactException>().ExpectOne(() => Sys.Stop(subject));
        ExpectTerminated(pact);
    }

    [Fact]
    public void A_poison_pill_lets_what_is_before_it_be_handled()
    {
        var watcher = Sys.ActorOf(Props.Create(typeof(Watcher), TestActor));
        Watch(watcher);
        watcher.Tell("before");
        watcher.Tell(PoisonPill.Instance);
        watcher.Tell("behind");
        ExpectMsg("before");
        ExpectMsg(("from", TestActor));
        ExpectTerminated(watcher);
        ExpectNoMsg(Short);
    }

    [Fact]
    public void Messages_to_the_dead_are_dead_letters()
    {
        var (_, subject) = Pair();
        Watch(subject);
        Sys.Stop(subject);
        ExpectTerminated(subject);
        Sys.EventStream.Subscribe(TestActor, typeof(Event.DeadLetter));
        subject.Tell("too late");
        var letter = ExpectMsg<Event.DeadLetter>();
        Assert.Equal("too late", letter.Message);
        Assert.Equal(subject, letter.Recipient);
        Assert.Equal(TestActor, letter.Sender);
    }

    [Fact]
    public async Task A_graceful_stop_waits_for_the_end()
    {
        var (_, subject) = Pair();
        Watch(subject);
        Assert.True(await subject.GracefulStop(TimeSpan.FromSeconds(10)));
        ExpectTerminated(subject);
    }

    [Fact]
    public async Task A_graceful_stop_by_a_message_that_does_not_stop_ends_in_false()
    {
        var (_, subject) = Pair();
        Assert.False(await subject.GracefulStop(Short, "please"));
    }

    [Fact]
    public void A_name_is_free_again_when_its_actor_has_ended()
    {
        var first = Sys.ActorOf(Props.Create(typeof(Silent)), "same");
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Props.Create(typeof(Silent)), "same"));
        Watch(first);
        Sys.Stop(first);
        ExpectTerminated(first);
        IActorRef? second = null;
        AwaitAssert(() => second = Sys.ActorOf(Props.Create(typeof(Silent)), "same"), interval: TimeSpan.FromMilliseconds(5));
        Assert.Equal(first.Path, second!.Path);
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void Names_that_are_no_names_are_refused()
    {
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Props.Create(typeof(Silent)), "$reserved"));
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Props.Create(typeof(Silent)), "a/b"));
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Props.Create(typeof(Silent)), string.Empty));
    }
}
