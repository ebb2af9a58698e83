using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;

namespace Akka.Contract.Tests;

public sealed class SystemTests : TestKit.Xunit2.TestKit
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    private record Animal(string Name);

    private sealed record Dog(string Name) : Animal(Name);

    private sealed class Counter : IExtension
    {
        public int Count { get; set; }
    }

    private sealed class CounterId : ExtensionIdProvider<Counter>
    {
        public override Counter CreateExtension(ExtendedActorSystem system) => new();
    }

    private sealed class OwnSetup(string text) : Setup
    {
        public string Text { get; } = text;
    }

    private sealed class Captured(List<string> log) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is "fail")
            {
                throw new InvalidOperationException("restart me");
            }

            log.Add((string)message);
            Sender.Tell(log.Count);
        }
    }

    private sealed class Producer(IActorRef report) : IIndirectActorProducer
    {
        private int _made;

        public Type ActorType => typeof(Captured);

        public ActorBase Produce()
        {
            report.Tell(++_made);
            return new Captured([]);
        }

        public void Release(ActorBase actor) => report.Tell("released");
    }

    private sealed class Logs : UntypedActor
    {
        private readonly ILoggingAdapter _log = Context.GetLogger();

        protected override void OnReceive(object message) => _log.Warning("{0} and {1}", message, 2);
    }

    [Fact]
    public void Subscribers_get_what_is_published_of_their_class_and_of_derived_ones()
    {
        Assert.True(Sys.EventStream.Subscribe(TestActor, typeof(Animal)));
        Assert.False(Sys.EventStream.Subscribe(TestActor, typeof(Animal)));
        Sys.EventStream.Publish(new Animal("cat"));
        Sys.EventStream.Publish("no animal");
        Sys.EventStream.Publish(new Dog("rex"));
        ExpectMsg(new Animal("cat"));
        ExpectMsg(new Dog("rex"));
        Assert.True(Sys.EventStream.Unsubscribe(TestActor, typeof(Animal)));
        Sys.EventStream.Publish(new Dog("gone"));
        ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void An_actors_log_carries_its_path_and_formats_when_read()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Warning));
        var actor = Sys.ActorOf(Props.Create(typeof(Logs)), "logs");
        actor.Tell("one");
        var warning = ExpectMsg<Warning>();
        Assert.Equal("one and 2", warning.Message.ToString());
        Assert.Contains("/user/logs", warning.LogSource);
        Assert.Equal(typeof(Logs), warning.LogClass);
        Assert.Equal(LogLevel.WarningLevel, warning.LogLevel());
    }

    [Fact]
    public void Levels_below_the_configured_one_are_not_published()
    {
        // The system's own adapter is older than the level: in the packages it lets everything pass.
        var log = Logging.GetLogger(Sys, this);
        Sys.EventStream.Subscribe(TestActor, typeof(Debug));
        log.Debug("not seen");
        Assert.False(log.IsDebugEnabled);
        Assert.True(log.IsErrorEnabled);
        ExpectNoMsg(TimeSpan.FromMilliseconds(20));
    }

    [Fact]
    public void An_extension_is_made_once()
    {
        Assert.False(Sys.HasExtension<Counter>());
        var counter = new CounterId().Apply(Sys);
        counter.Count++;
        Assert.Same(counter, new CounterId().Apply(Sys));
        Assert.Same(counter, Sys.GetExtension<Counter>());
        Assert.Same(counter, new CounterId().Get(Sys));
    }

    [Fact]
    public async Task Setups_and_configuration_reach_the_system()
    {
        var setup = BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString("my { own = 5, other = \"text\" }\nakka.loglevel = ERROR"))
            .And(new OwnSetup("mine"));
        var system = ActorSystem.Create("second", setup);
        Assert.Equal("mine", system.Settings.Setup.Get<OwnSetup>().Value.Text);
        Assert.Equal(5, system.Settings.Config.GetInt("my.own"));
        Assert.Equal("text", system.Settings.Config.GetString("my.other"));
        Assert.False(Logging.GetLogger(system, this).IsWarningEnabled);
        await system.Terminate().WaitAsync(Generous);
    }

    [Fact]
    public void An_object_captured_in_props_lives_on_over_a_restart()
    {
        List<string> log = [];
        var actor = Sys.ActorOf(Props.Create(() => new Captured(log)));
        actor.Tell("a");
        ExpectMsg(1);
        actor.Tell("fail");
        actor.Tell("b");
        ExpectMsg(2);
    }

    [Fact]
    public void A_producer_is_asked_for_each_instance()
    {
        var actor = Sys.ActorOf(Props.CreateBy(new Producer(TestActor)));
        ExpectMsg(1);
        actor.Tell("fail");
        FishForMessage<int>(made => made == 2);
    }

    [Fact]
    public async Task Actors_cannot_be_made_with_new()
    {
        // A thread of its own: one of the pool may still carry a test kit's context.
        var outside = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => outside.SetResult(Record.Exception(() => new Captured([])))).Start();
        Assert.IsType<ActorInitializationException>(await outside.Task);
    }

    [Fact]
    public void Paths_and_references_are_equal_by_name_and_life()
    {
        var actor = Sys.ActorOf(Props.Create(typeof(Logs)), "path");
        Assert.Equal($"akka://{Sys.Name}/user/path", actor.Path.ToString());
        Assert.Equal("/user/path", actor.Path.ToStringWithoutAddress());
        Assert.Equal(actor.Path, ActorPath.Parse($"akka://{Sys.Name}/user/path"));
        Assert.Equal(["user", "path"], actor.Path.Elements);
        Assert.Equal("path", actor.Path.Name);
        Assert.Equal(actor.Path, actor.Path.Parent / "path");
        Assert.True(ActorRefs.Nobody.IsNobody());
        Assert.False(actor.IsNobody());
    }
}

public sealed class ShutdownTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(30);

    private sealed class Slow(List<string> log) : UntypedActor
    {
        protected override void PostStop()
        {
            lock (log)
            {
                log.Add("actor");
            }
        }

        protected override void OnReceive(object message)
        {
        }
    }

    [Fact]
    public async Task Phases_run_in_order_and_end_with_the_actors()
    {
        List<string> log = [];
        var system = ActorSystem.Create("shutdown");
        system.ActorOf(Props.Create(typeof(Slow), log));
        var shutdown = CoordinatedShutdown.Get(system);
        foreach (var phase in new[]
        {
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate, CoordinatedShutdown.PhaseServiceStop,
            CoordinatedShutdown.PhaseBeforeServiceUnbind,
        })
        {
            shutdown.AddTask(phase, phase, async () =>
            {
                await Task.Yield();
                lock (log)
                {
                    log.Add(phase);
                }

                return Done.Instance;
            });
        }

        system.RegisterOnTermination(() => log.Add("terminated"));
        await shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance).WaitAsync(Generous);
        await system.WhenTerminated.WaitAsync(Generous);
        Assert.Equal(
            [
                CoordinatedShutdown.PhaseBeforeServiceUnbind, CoordinatedShutdown.PhaseServiceStop,
                CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "actor", "terminated",
            ],
            log);
        Assert.Equal(CoordinatedShutdown.ClrExitReason.Instance, shutdown.ShutdownReason);
    }

    [Fact]
    public async Task Terminating_runs_the_phases_once()
    {
        var runs = 0;
        var system = ActorSystem.Create("shutdown");
        CoordinatedShutdown.Get(system).AddTask(CoordinatedShutdown.PhaseServiceStop, "count", () =>
        {
            Interlocked.Increment(ref runs);
            return Task.FromResult(Done.Instance);
        });
        _ = system.Terminate();
        await system.Terminate().WaitAsync(Generous);
        Assert.Equal(1, runs);
        Assert.True(system.WhenTerminated.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_task_that_fails_does_not_keep_the_system_from_ending()
    {
        var system = ActorSystem.Create("shutdown");
        CoordinatedShutdown.Get(system).AddTask(
            CoordinatedShutdown.PhaseServiceStop, "bad", () => throw new InvalidOperationException("bad task"));
        await system.Terminate().WaitAsync(Generous);
    }

    [Fact]
    public async Task An_unknown_phase_is_refused()
    {
        var system = ActorSystem.Create("shutdown");
        Assert.Throws<ConfigurationException>(() =>
            CoordinatedShutdown.Get(system).AddTask("no such phase", "x", () => Task.FromResult(Done.Instance)));
        await system.Terminate().WaitAsync(Generous);
    }
}
