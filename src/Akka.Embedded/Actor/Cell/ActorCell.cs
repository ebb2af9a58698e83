namespace Akka.Actor;

/// <summary>
/// The runtime's side of one actor: mailbox, children, supervision, watching. Lean on purpose: what few actors need stands in
/// <see cref="CellExtras"/> and <see cref="ChildTable"/>, which are made on first use.
/// </summary>
internal sealed partial class ActorCell : IUntypedActorContext
{
    private readonly ActorSystemImpl _system;
    private readonly LocalRef _self;
    private readonly Props _props;
    private readonly InternalRef _parent;
    private ActorBase? _actor;
    private Receive? _behavior;
    private object? _message;
    private IActorRef? _sender;
    private CellExtras? _extras;
    private int _delivery;

    public ActorCell(ActorSystemImpl system, LocalRef self, Props props, InternalRef parent)
    {
        _system = system;
        _self = self;
        _props = props;
        _parent = parent;
        self.Attach(this);
    }

    /// <summary>The cell whose actor runs on this thread.</summary>
    public static ActorCell? Current => RuntimeThread.Mine.Current;

    /// <summary>Where no actor runs: the one in whose name a test tells. Set by the test kit.</summary>
    public static Func<ActorCell?>? OfTest { get; set; }

    /// <summary>In whose name this thread tells; null for nobody's.</summary>
    public static ActorCell? Speaker => Current ?? OfTest?.Invoke();

    public ActorSystemImpl SystemImpl => _system;

    public ActorBase? Actor => _actor;

    public InternalRef ParentRef => _parent;

    public LocalRef SelfRef => _self;

    public IActorRef Self => _self;

    public IActorRef Parent => _parent;

    public Props Props => _props;

    public ActorSystem System => _system;

    public IActorRef Sender => _sender ?? _system.DeadLetters;

    public object? CurrentMessage => _message;

    /// <summary>Tells apart two deliveries, of the same message object too.</summary>
    public int CurrentDelivery => _delivery;

    private CellExtras Extras => _extras ??= new CellExtras();

    public void Become(Receive receive) => _behavior = receive;

    public void BecomeStacked(Receive receive)
    {
        if (_behavior is { } below)
        {
            (Extras.Behaviors ??= new Stack<Receive>()).Push(below);
        }

        _behavior = receive;
    }

    public void UnbecomeStacked()
    {
        if (_extras?.Behaviors is { Count: > 0 } behaviors)
        {
            _behavior = behaviors.Pop();
        }
    }

    public void Become(UntypedReceive receive) => Become(Typed(receive));

    public void BecomeStacked(UntypedReceive receive) => BecomeStacked(Typed(receive));

    public ActorSelection ActorSelection(ActorPath actorPath) => _system.ActorSelection(actorPath);

    public ActorSelection ActorSelection(string actorPath) => Selections.Select(_system, _self, actorPath);

    /// <summary>Starts the life of the actor: its constructor runs in its own turn.</summary>
    public void Start() => SendSystem(new CreateMessage());

    private static Receive Typed(UntypedReceive receive) => message =>
    {
        receive(message);
        return true;
    };

    private ActorBase NewInstance()
    {
        _behavior = null;
        _extras?.Behaviors?.Clear();
        var actor = _props.NewActor();
        if (actor is IActorStash stashing)
        {
            stashing.Stash = Extras.Stash = new ActorStash(this);
        }

        if (actor is IWithTimers timed)
        {
            timed.Timers = new TimerScheduler(this);
        }

        (actor as ReceiveActor)?.Initialize();
        _behavior ??= actor.FirstBehavior();
        return actor;
    }

    /// <summary>Lets go of an instance: before a restart, or for good.</summary>
    private void ReleaseInstance()
    {
        if (_actor is not { } actor)
        {
            return;
        }

        _actor = null;
        _behavior = null;
        (actor as IWithTimers)?.Timers?.CancelAll();
        CancelAsyncWork();
        actor.Clear(_self);
        _props.Release(actor);
    }
}

/// <summary>What only some actors need.</summary>
internal sealed class CellExtras
{
    public Stack<Receive>? Behaviors;
    public ActorStash? Stash;

    /// <summary>Whom this actor watches, with the message to get instead of <see cref="Terminated"/>.</summary>
    public Dictionary<IActorRef, object?>? Watching;

    /// <summary>Whose end is known and stands in the mailbox.</summary>
    public Dictionary<IActorRef, object?>? TerminatedQueued;

    public List<IActorRef>? WatchedBy;
    public TimeSpan? ReceiveTimeout;
    public ICancelable? ReceiveTimeoutTask;
    public ActorTaskScheduler? AsyncWork;
    public List<SystemMessage>? HeldBack;

    /// <summary>The message that the actor failed on, for <c>PreRestart</c>.</summary>
    public object? FailedMessage;
}
