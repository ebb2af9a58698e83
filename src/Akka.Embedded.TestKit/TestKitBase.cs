using System.Diagnostics;
using System.Linq.Expressions;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit.Internal;

namespace Akka.TestKit;

/// <summary>A system and a test actor to expect messages with.</summary>
public abstract partial class TestKitBase
{
    private const string DefaultConfigText = """
        akka.loggers = ["Akka.TestKit.TestEventListener, Akka.TestKit"]
        akka.log-dead-letters = off
        """;

    // Shutdown waits this long for the system to end, as the packages do.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);

    private readonly MessageQueue _queue = new();
    private TimeSpan? _end;
    private bool _lastWasNoMessage;
    private MessageEnvelope _last = NullMessageEnvelope.Instance;
    private static long _nextTestActor;

    protected TestKitBase(ITestKitAssertions assertions, ActorSystem? system = null, string? testActorName = null)
        : this(assertions, system, null, null, testActorName)
    {
    }

    protected TestKitBase(
        ITestKitAssertions assertions, ActorSystemSetup setup, string? actorSystemName = null, string? testActorName = null)
        : this(assertions, null, setup, actorSystemName, testActorName)
    {
    }

    protected TestKitBase(
        ITestKitAssertions assertions, Config config, string? actorSystemName = null, string? testActorName = null)
        : this(assertions, null, ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(config)), actorSystemName, testActorName)
    {
    }

    private TestKitBase(
        ITestKitAssertions assertions, ActorSystem? system, ActorSystemSetup? config, string? actorSystemName, string? testActorName)
    {
        ArgumentNullException.ThrowIfNull(assertions);
        Assertions = assertions;
        Sys = system ?? ActorSystem.Create(actorSystemName ?? "test", WithDefaults(config ?? ActorSystemSetup.Empty));
        TestKitSettings = TestKitExtension.For(Sys);
        Log = Logging.GetLogger(Sys, GetType());
        EventFilter = new EventFilterFactory(this, Sys);
        TestActor = MakeTestActor(testActorName ?? $"testActor{Interlocked.Increment(ref _nextTestActor)}", _queue);
        if (this is not INoImplicitSender)
        {
            TestContext.Enter(TestActor);
        }
    }

    /// <summary>What the test kit adds to a configuration.</summary>
    public static Config DefaultConfig { get; } = ConfigurationFactory.ParseString(DefaultConfigText);

    /// <summary>The same with debug logging.</summary>
    public static Config FullDebugConfig { get; } = ConfigurationFactory.ParseString("akka.loglevel = DEBUG");

    public ActorSystem Sys { get; }

    public TestKitSettings TestKitSettings { get; }

    /// <summary>Expects log events.</summary>
    public EventFilterFactory EventFilter { get; }

    /// <summary>Takes the messages that the expectations see; the sender of what a test tells.</summary>
    public IActorRef TestActor { get; }

    public object? LastMessage => ReferenceEquals(_last, NullMessageEnvelope.Instance) ? null : _last.Message;

    public IActorRef LastSender => _last.Sender;

    public bool HasMessages => _queue.Count > 0;

    protected static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    protected ILoggingAdapter Log { get; }

    internal ITestKitAssertions Assertions { get; }

    /// <summary>Expects log events of another system.</summary>
    public EventFilterFactory CreateEventFilter(ActorSystem system) => new(this, system);

    /// <summary>An actor of the tested system.</summary>
    public IActorRef ActorOf(Props props) => Sys.ActorOf(props, null);

    public IActorRef ActorOf(Props props, string? name) => Sys.ActorOf(props, name);

    public IActorRef ActorOf<TActor>()
        where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>(), null);

    public IActorRef ActorOf<TActor>(string? name)
        where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>(), name);

    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory), null);

    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory, string? name)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory), name);

    public ActorSelection ActorSelection(ActorPath actorPath) => Sys.ActorSelection(actorPath);

    public ActorSelection ActorSelection(string actorPath) => Sys.ActorSelection(actorPath);

    public ActorSelection ActorSelection(IActorRef anchorRef, string actorPath) => Sys.ActorSelection(anchorRef, actorPath);

    /// <summary>Another test actor with expectations of its own.</summary>
    public virtual TestProbe CreateTestProbe(string? name = null) => CreateTestProbe(Sys, name);

    public virtual TestProbe CreateTestProbe(ActorSystem system, string? name = null) => new(system, Assertions, name);

    /// <summary>A test actor whose messages come to this kit's queue.</summary>
    public IActorRef CreateTestActor(string name) => MakeTestActor(name, _queue);

    /// <summary>Messages for which the function says yes are dropped.</summary>
    public void IgnoreMessages(Func<object, bool> shouldIgnoreMessage) => TestActor.Tell(new TestKit.TestActor.SetIgnore(shouldIgnoreMessage));

    public void IgnoreMessages<TMsg>(Func<TMsg, bool> shouldIgnoreMessage) =>
        IgnoreMessages(message => message is TMsg typed && shouldIgnoreMessage(typed));

    public void IgnoreMessages<TMsg>() => IgnoreMessages(message => message is TMsg);

    public void IgnoreNoMessages() => TestActor.Tell(new TestKit.TestActor.SetIgnore(null));

    public void SetAutoPilot(AutoPilot pilot) => TestActor.Tell(new TestKit.TestActor.SetAutoPilot(pilot));

    /// <summary>The test actor gets a <see cref="Terminated"/> when <paramref name="actorToWatch"/> ends. Returns when the watch counts.</summary>
    public IActorRef Watch(IActorRef actorToWatch)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TestActor.Tell(new TestKit.TestActor.WatchCommand(actorToWatch, done));
        done.Task.Wait();
        return actorToWatch;
    }

    public async Task<IActorRef> WatchAsync(IActorRef actorToWatch)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TestActor.Tell(new TestKit.TestActor.WatchCommand(actorToWatch, done));
        await done.Task;
        return actorToWatch;
    }

    public IActorRef Unwatch(IActorRef actorToUnwatch)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TestActor.Tell(new TestKit.TestActor.UnwatchCommand(actorToUnwatch, done));
        done.Task.Wait();
        return actorToUnwatch;
    }

    public async Task<IActorRef> UnwatchAsync(IActorRef actorToUnwatch)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TestActor.Tell(new TestKit.TestActor.UnwatchCommand(actorToUnwatch, done));
        await done.Task;
        return actorToUnwatch;
    }

    /// <summary>A time multiplied by <c>akka.test.timefactor</c>.</summary>
    public TimeSpan Dilated(TimeSpan duration) => duration < TimeSpan.Zero ? duration : duration * TestKitSettings.TestTimeFactor;

    /// <summary>Ends the system and waits for it.</summary>
    public void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) => Shutdown(Sys, duration, verifySystemShutdown);

    /// <summary>Ends a system and waits for it.</summary>
    public void Shutdown(ActorSystem system, TimeSpan? duration = null, bool verifySystemShutdown = false)
    {
        var limit = duration ?? Dilated(ShutdownTimeout);
        if (!system.Terminate().Wait(limit))
        {
            const string Message = "Failed to stop [{0}] within [{1}]";
            if (verifySystemShutdown)
            {
                throw new TimeoutException(string.Format(Message, system.Name, limit));
            }

            system.Log.Warning(Message, system.Name, limit);
        }
    }

    internal async ValueTask Pause(bool sync, TimeSpan time, CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        if (sync)
        {
            Thread.Sleep(time);
        }
        else
        {
            await Task.Delay(time, token);
        }
    }

    private static ActorSystemSetup WithDefaults(ActorSystemSetup setup)
    {
        var bootstrap = setup.Get<BootstrapSetup>() is { HasValue: true, Value: var given } ? given : BootstrapSetup.Create();
        return setup.WithSetup(bootstrap.WithConfigFallback(DefaultConfig));
    }

    private IActorRef MakeTestActor(string name, MessageQueue queue) =>
        ((ExtendedActorSystem)Sys).SystemActorOf(Props.Create(typeof(TestActor), queue), name);
}

/// <summary>Marks test kits that do not become the sender of what their test tells.</summary>
public interface INoImplicitSender;
