using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Embedded;
using Akka.Event;

namespace Akka.Actor;

internal sealed class ActorSystemImpl : ExtendedActorSystem
{
    private readonly ConcurrentDictionary<Type, Lazy<object>> _extensions = new();
    private readonly ConcurrentStack<Action> _onTermination = new();
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly RootRef _root;
    private readonly ActorPath _tempPath;
    private readonly IScheduler _scheduler;
    private long _lastUid;
    private long _lastTemp;

    public ActorSystemImpl(string name, Config config, ActorSystemSetup setup)
    {
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new ArgumentException(
                $"Invalid ActorSystem name [{name}], must contain only word characters (i.e. [a-zA-Z0-9] plus non-leading '-')", nameof(name));
        }

        Name = name;
        Settings = new Settings(this, config, setup);
        var runtime = setup.Get<EmbeddedRuntimeSetup>() is { HasValue: true, Value: var given } ? given : EmbeddedRuntimeSetup.Default;
        Dispatcher = runtime.Dispatcher;
        Clock = runtime.Clock;
        Throughput = runtime.Throughput;
        EventStream = new EventStream(false);
        EventStream.SetLogLevel(Logging.LogLevelFor(Settings.LogLevel));
        Log = Logging.GetLogger(EventStream, $"ActorSystem({name})");
        var rootPath = new RootActorPath(new Address("akka", name));
        _tempPath = rootPath / "temp";
        DeadLettersRef = new DeadLettersRef(this, rootPath / "deadLetters");
        IgnoreRef = new IgnoreRef(rootPath / "ignore");
        _root = new RootRef(this, rootPath);
        _scheduler = Schedulers.Create(Settings, Log, Clock);
        StartTime = _scheduler.HighResMonotonicClock;
        User = _root.Make("user");
        SystemGuardian = _root.Make("system");
    }

    public EmbeddedDispatcher Dispatcher { get; }

    public TimeProvider Clock { get; }

    public int Throughput { get; }

    public DeadLettersRef DeadLettersRef { get; }

    public LocalRef User { get; }

    public LocalRef SystemGuardian { get; }

    public InternalRef Root => _root;

    public override Settings Settings { get; }

    public override string Name { get; }

    public override EventStream EventStream { get; }

    public override IActorRef DeadLetters => DeadLettersRef;

    public override IActorRef IgnoreRef { get; }

    public override IScheduler Scheduler => _scheduler;

    public override ILoggingAdapter Log { get; }

    public override TimeSpan StartTime { get; }

    public override Task WhenTerminated => _terminated.Task;

    public long NextUid() => Interlocked.Increment(ref _lastUid);

    public ActorPath NewTempPath() => new ChildActorPath(_tempPath, "$" + Interlocked.Increment(ref _lastTemp), NextUid());

    public void Start()
    {
        User.Cell.Start();
        SystemGuardian.Cell.Start();
        LoggerStart.Run(this);
        _ = CoordinatedShutdown.Get(this);
    }

    public override IActorRef ActorOf(Props props, string? name = null) => User.Cell.ActorOf(props, name);

    public override IActorRef SystemActorOf(Props props, string? name = null) => SystemGuardian.Cell.ActorOf(props, name);

    public override IActorRef SystemActorOf<TActor>(string? name = null) => SystemActorOf(Props.Create<TActor>(), name);

    public override ActorSelection ActorSelection(ActorPath actorPath) => new(_root, actorPath.Elements);

    public override ActorSelection ActorSelection(string actorPath) => Selections.Select(this, _root, actorPath);

    public override void Stop(IActorRef actor)
    {
        var target = InternalRef.Of(actor);
        if (target?.GetParent() is LocalRef parent)
        {
            parent.Cell.Stop(target);
        }
        else
        {
            target?.Stop();
        }
    }

    public override Task Terminate()
    {
        if (Settings.CoordinatedShutdownRunByActorSystemTerminate)
        {
            CoordinatedShutdown.Get(this).Run(CoordinatedShutdown.ActorSystemTerminateReason.Instance);
        }
        else
        {
            FinalTerminate();
        }

        return WhenTerminated;
    }

    /// <summary>Stops the actors without the coordinated shutdown.</summary>
    public Task FinalTerminate()
    {
        User.Stop();
        return WhenTerminated;
    }

    public override void RegisterOnTermination(Action code)
    {
        _onTermination.Push(code);
        if (_terminated.Task.IsCompleted)
        {
            RunTerminationCode();
        }
    }

    public override object? RegisterExtension(IExtensionId extension) =>
        extension is null ? null : Extension(extension.ExtensionType, extension);

    public override object GetExtension(IExtensionId extensionId) =>
        TryGetExtension(extensionId.ExtensionType, out var found) ? found : throw NoExtension(extensionId.ExtensionType);

    public override T GetExtension<T>() => TryGetExtension<T>(out var found) ? found : throw NoExtension(typeof(T));

    public override bool HasExtension(Type type) => _extensions.ContainsKey(type);

    public override bool HasExtension<T>() => HasExtension(typeof(T));

    public override bool TryGetExtension(Type extensionType, [NotNullWhen(true)] out object? extension)
    {
        extension = _extensions.TryGetValue(extensionType, out var made) ? made.Value : null;
        return extension is not null;
    }

    public override bool TryGetExtension<T>([NotNullWhen(true)] out T? extension)
        where T : class
    {
        extension = TryGetExtension(typeof(T), out var found) ? (T)found : null;
        return extension is not null;
    }

    /// <summary>All actors have ended.</summary>
    public void OnRootTerminated()
    {
        (_scheduler as IDisposable)?.Dispose();
        RunTerminationCode();
        _terminated.TrySetResult();
    }

    public override string ToString() => _root.Path.Root.Address.ToString();

    private static InvalidOperationException NoExtension(Type type) =>
        new($"Trying to get non-registered extension [{type}]");

    private object Extension(Type type, IExtensionId id)
    {
        var made = _extensions.GetOrAdd(type, _ => new Lazy<object>(() => id.CreateExtension(this)));
        try
        {
            return made.Value;
        }
        catch
        {
            _extensions.TryRemove(new KeyValuePair<Type, Lazy<object>>(type, made));
            throw;
        }
    }

    private void RunTerminationCode()
    {
        while (_onTermination.TryPop(out var code))
        {
            try
            {
                code();
            }
            catch (Exception e)
            {
                Log.Error(e, "Code registered on termination failed");
            }
        }
    }
}
