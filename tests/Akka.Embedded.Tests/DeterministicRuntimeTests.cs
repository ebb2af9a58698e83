using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;

namespace Akka.Embedded.Tests;

public sealed class DeterministicRuntimeTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly DeterministicRuntime _runtime = new(Start);
    private readonly List<string> _log = [];

    private ActorSystem NewSystem() => ActorSystem.Create(
        "virtual", ActorSystemSetup.Create(_runtime.Setup, BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString("akka.loglevel = OFF"))));

    private static async Task Passed(TimeProvider clock, TimeSpan time)
    {
        var passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var timer = clock.CreateTimer(_ => passed.SetResult(), null, time, Timeout.InfiniteTimeSpan);
        await passed.Task;
    }

    private sealed class Clockwork(List<string> log) : UntypedActor, IWithTimers
    {
        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart()
        {
            Timers.StartPeriodicTimer("tick", "tick", TimeSpan.FromMinutes(10));
            Timers.StartSingleTimer("once", "once", TimeSpan.FromMinutes(15));
            SetReceiveTimeout(TimeSpan.FromHours(1));
        }

        protected override void OnReceive(object message) =>
            log.Add($"{Context.System.Scheduler.MonotonicClock.TotalMinutes:0}:{(message is ReceiveTimeout ? "idle" : message)}");
    }

    private sealed class Awaiting(List<string> log, TimeProvider clock) : ReceiveActor
    {
        protected override void PreStart() => Become(() =>
        {
            ReceiveAsync<int>(async i =>
            {
                log.Add($"begin {i} on {Environment.CurrentManagedThreadId}");
                await Passed(clock, TimeSpan.FromSeconds(i));
                log.Add($"end {i} on {Environment.CurrentManagedThreadId}");
                Sender.Tell(i);
            });
            Receive<string>(_ => Work().PipeTo(Self, success: text => text.Length));
        });

        private async Task<string> Work()
        {
            await Passed(clock, TimeSpan.FromSeconds(1));
            await Task.Yield();
            log.Add($"worked on {Environment.CurrentManagedThreadId}");
            return "12";
        }
    }

    private sealed class Noisy(List<string> log, int number) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            log.Add($"{number}:{message}");
            if (message is int left and > 0)
            {
                Sender.Tell(left - 1);
                Context.Parent.Tell(left);
            }
        }
    }

    private sealed class Silent : UntypedActor
    {
        protected override void OnReceive(object message)
        {
        }
    }

    [Fact]
    public void Nothing_runs_until_it_is_told_to()
    {
        var system = NewSystem();
        var actor = system.ActorOf(Props.Create(typeof(Noisy), _log, 1));
        actor.Tell("a");
        Assert.Empty(_log);
        Assert.True(_runtime.RunUntilIdle() > 0);
        Assert.Equal(["1:a"], _log);
        Assert.Equal(0, _runtime.RunUntilIdle());
    }

    [Fact]
    public void Hours_of_timers_pass_in_no_time_and_in_order()
    {
        var system = NewSystem();
        system.ActorOf(Props.Create(typeof(Clockwork), _log));
        _runtime.Advance(TimeSpan.FromMinutes(31));
        Assert.Equal(["10:tick", "15:once", "20:tick", "30:tick"], _log);
        Assert.Equal(Start.AddMinutes(31), system.Scheduler.Now);
        Assert.Equal(TimeSpan.FromMinutes(31), _runtime.Elapsed);
        Assert.NotNull(_runtime.NextDeadline);
    }

    [Fact]
    public void Awaited_continuations_come_back_to_the_one_thread()
    {
        var system = NewSystem();
        var actor = system.ActorOf(Props.Create(typeof(Awaiting), _log, _runtime.Clock));
        var answer = actor.Ask<int>(5);
        actor.Tell("work");
        _runtime.Advance(TimeSpan.FromSeconds(10));
        var here = Environment.CurrentManagedThreadId;
        Assert.Equal(
            [$"begin 5 on {here}", $"end 5 on {here}", $"worked on {here}", $"begin 2 on {here}", $"end 2 on {here}"],
            _log);
        Assert.True(answer.IsCompletedSuccessfully);
    }

    [Fact]
    public void An_ask_times_out_on_the_virtual_clock()
    {
        var system = NewSystem();
        var asked = system.ActorOf(Props.Create(typeof(Silent))).Ask<string>("?", TimeSpan.FromMinutes(5));
        _runtime.Advance(TimeSpan.FromMinutes(4));
        Assert.False(asked.IsCompleted);
        _runtime.Advance(TimeSpan.FromMinutes(1));
        Assert.IsType<AskTimeoutException>(asked.Exception?.InnerException);
    }

    [Fact]
    public void Two_runs_are_the_same()
    {
        static List<string> Run()
        {
            var test = new DeterministicRuntimeTests();
            var system = test.NewSystem();
            var actors = Enumerable.Range(0, 10).Select(i => system.ActorOf(Props.Create(typeof(Noisy), test._log, i))).ToArray();
            for (var i = 0; i < 100; i++)
            {
                actors[i * 7 % 10].Tell(i % 5, actors[i * 3 % 10]);
            }

            test._runtime.RunUntilIdle();
            return test._log;
        }

        var first = Run();
        Assert.True(first.Count > 200);
        Assert.Equal(first, Run());
    }

    [Fact]
    public void Telling_and_handling_a_reference_allocates_nothing_once_warm()
    {
        var actor = NewSystem().ActorOf(Props.Create(typeof(Silent)));
        var message = new object();
        TellAndRun(1_000);

        // The nodes' batches are shared: tests beside this one may take one, for which this thread makes another, once in a while.
        Assert.Equal(0, Enumerable.Range(0, 10).Min(_ => Allocated()));

        long Allocated()
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            TellAndRun(100);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        void TellAndRun(int count)
        {
            for (var i = 0; i < count; i++)
            {
                actor.Tell(message, ActorRefs.NoSender);
            }

            _runtime.RunUntilIdle();
        }
    }

    [Fact]
    public void A_system_ends_on_the_virtual_clock()
    {
        var system = NewSystem();
        system.ActorOf(Props.Create(typeof(Silent)));
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceStop, "slow", async () =>
        {
            await Passed(_runtime.Clock, TimeSpan.FromSeconds(3));
            return Done.Instance;
        });
        var ended = system.Terminate();
        Assert.True(_runtime.RunUntil(() => ended.IsCompleted, TimeSpan.FromMinutes(1)));
        Assert.Equal(3, _runtime.Elapsed.TotalSeconds);
    }
}
