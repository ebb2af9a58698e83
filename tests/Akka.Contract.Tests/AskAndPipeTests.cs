using Akka.Actor;

namespace Akka.Contract.Tests;

public sealed class AskAndPipeTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    private sealed class Answering : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "silence":
                    break;
                case "fail":
                    Sender.Tell(new Status.Failure(new InvalidOperationException("no")));
                    break;
                case "twice":
                    Sender.Tell("one");
                    Sender.Tell("two");
                    break;
                default:
                    Sender.Tell(message);
                    break;
            }
        }
    }

    private sealed class Async : ReceiveActor
    {
        private bool _inside;

        public Async()
        {
            ReceiveAsync<int>(async i =>
            {
                Assert.False(_inside);
                _inside = true;
                var (self, sender) = (Self, Sender);
                await Task.Run(() => { });
                Assert.Equal(self, Self);
                Assert.Equal(sender, Sender);
                await Task.Yield();
                _inside = false;
                Sender.Tell(i);
            });
            ReceiveAsync<string>(async s =>
            {
                await Task.Yield();
                throw new InvalidOperationException(s);
            });
            Receive<double>(d => Sender.Tell(d));
        }
    }

    private IActorRef Actor => _actor ??= Sys.ActorOf(Props.Create(typeof(Answering)));

    private IActorRef? _actor;

    [Fact]
    public async Task An_ask_brings_the_answer()
    {
        Assert.Equal("hello", await Actor.Ask<string>("hello", Generous));
        Assert.Equal(5, await Actor.Ask(5, Generous));
        Assert.Equal("m", await Actor.Ask<string>(_ => "m", Generous, CancellationToken.None));
    }

    [Fact]
    public async Task An_ask_without_an_answer_times_out()
    {
        await Assert.ThrowsAsync<AskTimeoutException>(() => Actor.Ask<string>("silence", TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public async Task An_ask_can_be_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var task = Actor.Ask<string>("silence", cancel.Token);
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
    }

    [Fact]
    public async Task A_failure_faults_the_ask()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => Actor.Ask<string>("fail", Generous));
        Assert.Equal("no", failure.Message);
    }

    [Fact]
    public async Task An_answer_of_another_type_faults_the_ask()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Actor.Ask<string>(5, Generous));
    }

    [Fact]
    public async Task A_second_answer_is_a_dead_letter()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Event.DeadLetter));
        Assert.Equal("one", await Actor.Ask<string>("twice", Generous));
        Assert.Equal("two", ExpectMsg<Event.DeadLetter>().Message);
    }

    [Fact]
    public void A_piped_result_comes_as_a_message()
    {
        Task.FromResult("done").PipeTo(TestActor, Actor);
        ExpectMsg("done");
        Assert.Equal(Actor, LastSender);

        var later = new TaskCompletionSource<int>();
        later.Task.PipeTo(TestActor, success: i => i + 1);
        later.SetResult(1);
        ExpectMsg(2);

        ValueTask.FromResult("value").PipeTo(TestActor);
        ExpectMsg("value");
    }

    [Fact]
    public void A_piped_failure_comes_as_a_failure()
    {
        Task.FromException<string>(new InvalidOperationException("bad")).PipeTo(TestActor);
        Assert.Equal("bad", ExpectMsg<Status.Failure>().Cause.Message);
        Task.FromException(new InvalidOperationException("worse")).PipeTo(TestActor, failure: e => e.Message);
        ExpectMsg("worse");
        Task.FromResult(1).PipeTo(TestActor, success: _ => throw new InvalidOperationException("in the mapping"));
        Assert.Equal("in the mapping", ExpectMsg<Status.Failure>().Cause.Message);
    }

    [Fact]
    public void A_piped_task_without_a_result_says_nothing_unless_told_to()
    {
        Task.CompletedTask.PipeTo(TestActor);
        Task.CompletedTask.PipeTo(TestActor, success: () => "over");
        ExpectMsg("over");
        ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void An_asynchronous_handler_keeps_other_messages_waiting()
    {
        var actor = Sys.ActorOf(Props.Create(typeof(Async)));
        actor.Tell(1);
        actor.Tell(2);
        actor.Tell(3.0);
        ExpectMsg(1);
        ExpectMsg(2);
        ExpectMsg(3.0);
    }

    [Fact]
    public void An_asynchronous_handler_that_throws_fails_the_actor()
    {
        var actor = Sys.ActorOf(Props.Create(typeof(Async)));
        EventFilter.Exception<InvalidOperationException>(message: "async").ExpectOne(() => actor.Tell("async"));
        actor.Tell(4);
        ExpectMsg(4);
    }

    [Fact]
    public async Task Identify_answers_with_the_reference_and_selections_find_actors()
    {
        var named = Sys.ActorOf(Props.Create(typeof(Answering)), "named");
        Assert.Equal(named, (await named.Ask<ActorIdentity>(new Identify(1), Generous)).Subject);
        Assert.Equal(named, await Sys.ActorSelection("/user/named").ResolveOne(Generous));
        Assert.Equal(named, await Sys.ActorSelection("/user/nam*").ResolveOne(Generous));
        await Assert.ThrowsAsync<ActorNotFoundException>(() => Sys.ActorSelection("/user/nobody").ResolveOne(Generous));
        Sys.ActorSelection("/user/named").Tell("selected");
        ExpectMsg("selected");
    }
}
