using Akka.Actor;

namespace Akka.Embedded.Tests;

/// <summary>Many threads at once, and every message, restart and end counted. What does not count exactly is a race.</summary>
public sealed class StressTests : IAsyncLifetime
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

    private readonly ActorSystem _system = ActorSystem.Create(
        "stress", Configuration.ConfigurationFactory.ParseString("akka.loglevel = OFF\nakka.log-dead-letters = off"));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _system.Terminate().WaitAsync(Generous);

    private sealed class Tally
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _left;

        public Tally(long expected) => _left = expected;

        public long Left => Interlocked.Read(ref _left);

        public Task Done => _done.Task.WaitAsync(Generous);

        public void Count()
        {
            if (Interlocked.Decrement(ref _left) == 0)
            {
                _done.TrySetResult();
            }
        }
    }

    private sealed class Counting(Tally tally) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is "fail")
            {
                throw new InvalidOperationException("stress");
            }

            tally.Count();
        }
    }

    private sealed class Ping(Tally tally, int rounds) : UntypedActor
    {
        private int _left = rounds;

        protected override void OnReceive(object message)
        {
            if (message is IActorRef other)
            {
                other.Tell("ball");
            }
            else if (_left-- > 0)
            {
                Sender.Tell("ball");
            }
            else
            {
                tally.Count();
            }
        }
    }

    private sealed class Ephemeral : UntypedActor
    {
        protected override void OnReceive(object message) => Context.Stop(Self);
    }

    private sealed class Undertaker(Tally tally, int subjects) : UntypedActor
    {
        protected override void PreStart()
        {
            for (var i = 0; i < subjects; i++)
            {
                var subject = Context.ActorOf(Props.Create(typeof(Ephemeral)));
                if (i % 3 == 0)
                {
                    subject.Tell("end");
                }

                Context.Watch(subject);
                if (i % 3 == 1)
                {
                    subject.Tell(PoisonPill.Instance);
                }
                else if (i % 3 == 2)
                {
                    Context.Stop(subject);
                }
            }
        }

        protected override void OnReceive(object message)
        {
            if (message is Terminated)
            {
                tally.Count();
            }
        }
    }

    private sealed class Stopwatcher(IActorRef subject, Tally tally) : UntypedActor
    {
        protected override void PreStart() => Context.WatchWith(subject, "gone");

        protected override void OnReceive(object message)
        {
            if (message is "gone")
            {
                tally.Count();
            }
        }
    }

    private sealed class Steps(Tally tally) : ReceiveActor
    {
        private int _inside;

        protected override void PreStart() => Become(() => ReceiveAsync<int>(async i =>
        {
            if (Interlocked.Increment(ref _inside) != 1)
            {
                throw new InvalidOperationException("two handlers at once");
            }

            await Task.Yield();
            if (i % 2 == 0)
            {
                await Task.Run(() => { });
            }

            Interlocked.Decrement(ref _inside);
            tally.Count();
        }));
    }

    [Fact]
    public async Task No_message_is_lost_or_doubled_between_many_senders_and_actors()
    {
        const int Actors = 50;
        const int Senders = 8;
        const int Each = 200;
        var tally = new Tally(Actors * Senders * Each);
        var actors = Enumerable.Range(0, Actors).Select(_ => _system.ActorOf(Props.Create(typeof(Counting), tally))).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                foreach (var actor in actors)
                {
                    actor.Tell(i);
                }
            }
        })));
        await tally.Done;
        await SettledAtZero(tally);
    }

    [Fact]
    public async Task Restarts_lose_only_the_message_that_failed()
    {
        const int Actors = 20;
        const int Each = 300;
        var tally = new Tally(Actors * Each);
        var actors = Enumerable.Range(0, Actors).Select(_ => _system.ActorOf(Props.Create(typeof(Counting), tally))).ToArray();
        await Task.WhenAll(actors.Select(actor => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                actor.Tell(i);
                if (i % 10 == 0)
                {
                    actor.Tell("fail");
                }
            }
        })));
        await tally.Done;
        await SettledAtZero(tally);
    }

    [Fact]
    public async Task Balls_go_to_and_fro()
    {
        const int Pairs = 16;
        const int Rounds = 5_000;
        var tally = new Tally(Pairs);
        for (var i = 0; i < Pairs; i++)
        {
            var a = _system.ActorOf(Props.Create(typeof(Ping), tally, Rounds));
            a.Tell(_system.ActorOf(Props.Create(typeof(Ping), tally, Rounds)));
        }

        await tally.Done;
        await SettledAtZero(tally);
    }

    [Fact]
    public async Task Every_watch_fires_once_however_close_the_end_is()
    {
        const int Undertakers = 10;
        const int Subjects = 200;
        var tally = new Tally(Undertakers * Subjects);
        for (var i = 0; i < Undertakers; i++)
        {
            _system.ActorOf(Props.Create(typeof(Undertaker), tally, Subjects));
        }

        await tally.Done;
        await SettledAtZero(tally);
    }

    [Fact]
    public async Task Watchers_of_a_strangers_end_all_learn_of_it()
    {
        const int Subjects = 100;
        const int Watchers = 5;
        var tally = new Tally(Subjects * Watchers);
        await Task.WhenAll(Enumerable.Range(0, Subjects).Select(i => Task.Run(() =>
        {
            var subject = _system.ActorOf(Props.Create(typeof(Ephemeral)));
            for (var w = 0; w < Watchers; w++)
            {
                _system.ActorOf(Props.Create(typeof(Stopwatcher), subject, tally));
                if (w == i % Watchers)
                {
                    subject.Tell("end");
                }
            }
        })));
        await tally.Done;
        await SettledAtZero(tally);
    }

    [Fact]
    public async Task Asynchronous_handlers_do_not_overlap()
    {
        const int Actors = 20;
        const int Each = 100;
        var tally = new Tally(Actors * Each);
        foreach (var actor in Enumerable.Range(0, Actors).Select(_ => _system.ActorOf(Props.Create(typeof(Steps), tally))).ToArray())
        {
            for (var i = 0; i < Each; i++)
            {
                actor.Tell(i);
            }
        }

        await tally.Done;
        await SettledAtZero(tally);
    }

    [Fact]
    public async Task What_is_told_around_an_end_is_handled_or_a_dead_letter()
    {
        const int Actors = 100;
        const int Each = 100;
        var tally = new Tally(Actors * Each);
        var letters = _system.ActorOf(Props.Create(typeof(Letters), tally));
        await letters.Ask<ActorIdentity>(new Identify(0), Generous);
        await Task.WhenAll(Enumerable.Range(0, Actors).Select(_ => Task.Run(() =>
        {
            var actor = _system.ActorOf(Props.Create(typeof(Counting), tally));
            for (var i = 0; i < Each; i++)
            {
                actor.Tell(i);
                if (i == Each / 2)
                {
                    _system.Stop(actor);
                }
            }
        })));
        await tally.Done;
        await SettledAtZero(tally);
    }

    private sealed class Letters(Tally tally) : UntypedActor
    {
        protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(Event.DeadLetter));

        protected override void OnReceive(object message)
        {
            if (message is Event.DeadLetter { Message: int })
            {
                tally.Count();
            }
        }
    }

    // One message too many would be on its way still: a turn of everything lets it arrive.
    private async Task SettledAtZero(Tally tally)
    {
        await _system.ActorOf(Props.Create(typeof(Ephemeral))).GracefulStop(Generous);
        Assert.Equal(0, tally.Left);
    }
}
