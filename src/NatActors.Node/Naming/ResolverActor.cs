using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Protocols.Naming;

namespace NatActors.Node.Naming;

/// <summary>
/// Names to addresses: who asks for the same address, and addresses that need the same lookup, share it; answers are kept for their time.
/// One state; the rules are <see cref="NameResolution"/>, <see cref="DnsCache"/> and <see cref="DnsLookup"/>.
/// <code>
/// Resolve --known here, kept--> Resolved
///    +--lookup-n for each open question, queued beyond MaxLookups--> Resolved, NotResolved, or given up after Timeout
/// </code>
/// </summary>
public sealed class ResolverActor : UntypedActor, IWithTimers
{
    /// <summary>Lookups at once. Ours: each holds a socket.</summary>
    public const int MaxLookups = 16;

    /// <summary>Addresses being resolved at once. Ours: peers' addresses count too.</summary>
    public const int MaxResolving = 256;

    /// <summary>An address with all that its names lead to. Ours: as long as one address may be dialed (go-libp2p's dial timeout).</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private readonly NodeContext _node;
    private readonly DnsCache _cache = new(new DnsCacheOptions());
    private readonly Dictionary<Multiaddr, Resolving> _resolving = [];
    private readonly HashSet<DnsQuestion> _open = [];
    private readonly Queue<DnsQuestion> _queued = new();
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private int _lookups;
    private long _lastLookup;

    /// <summary>Creates the actor; it works from the first message on.</summary>
    public ResolverActor(NodeContext node) => _node = node;

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PostStop()
    {
        foreach (var resolving in _resolving.Values)
        {
            resolving.Refuse("the node's resolver stopped");
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ResolverMessages.Resolve resolve: OnResolve(resolve); break;
            case ResolverMessages.Cancel cancel: OnCancel(cancel); break;
            case ResolverMessages.Forget forget: OnForget(forget.Address); break;
            case ResolverMessages.LookedUp looked: OnLookedUp(looked); break;
            case LookupEnded ended: OnLookupEnded(ended.Question); break;
            case TooLong tooLong: OnTooLong(tooLong.Address); break;
            default: Unhandled(message); break;
        }
    }

    private void OnResolve(ResolverMessages.Resolve resolve)
    {
        if (!_resolving.TryGetValue(resolve.Address, out var resolving))
        {
            if (_resolving.Count >= MaxResolving)
            {
                resolve.ReplyTo.Tell(new ResolverMessages.NotResolved(resolve.Id, "too many names are being looked up"));
                return;
            }

            resolving = new Resolving(new NameResolution(resolve.Address, new NameResolutionOptions()));
            _resolving.Add(resolve.Address, resolving);
            Timers.StartSingleTimer(resolve.Address, new TooLong(resolve.Address), Timeout);
        }

        resolving.Waiting.Add(new Waiter(resolve.ReplyTo, resolve.Id));
        Go(resolve.Address, resolving);
    }

    private void OnCancel(ResolverMessages.Cancel cancel)
    {
        foreach (var (address, resolving) in _resolving)
        {
            if (resolving.Waiting.Remove(new Waiter(cancel.ReplyTo, cancel.Id)) && resolving.Waiting.Count == 0)
            {
                // Lookups under way go on: their answers are kept.
                End(address);
                return;
            }
        }
    }

    /// <summary>Goes the way again that led to the addresses, and drops each answer on it.</summary>
    private void OnForget(Multiaddr address)
    {
        var resolution = new NameResolution(address, new NameResolutionOptions());
        var forgotten = true;
        while (forgotten)
        {
            forgotten = false;
            foreach (var question in resolution.Questions().ToArray())
            {
                if (_cache.Forget(question) is { } outcome)
                {
                    forgotten = true;
                    resolution.OnAnswer(question, outcome);
                }
            }
        }
    }

    /// <summary>Answers what is known, asks for the rest, and tells the outcome when nothing is open.</summary>
    private void Go(Multiaddr address, Resolving resolving)
    {
        for (var again = true; again;)
        {
            again = false;
            foreach (var question in resolving.Resolution.Questions().ToArray())
            {
                if (Known(question) is { } outcome)
                {
                    resolving.Resolution.OnAnswer(question, outcome);
                    again = true;
                }
                else if (_queued.Count >= _node.Options.Abuse.MaxQueuedLookups && !_open.Contains(question))
                {
                    resolving.Resolution.OnAnswer(question, DnsOutcome.Failure("too many names are being looked up"));
                    again = true;
                }
                else if (_open.Add(question))
                {
                    _queued.Enqueue(question);
                }
            }
        }

        StartLookups();
        if (resolving.Resolution.Result is { } result)
        {
            End(address);
            resolving.Answer(result);
        }
    }

    private DnsOutcome? Known(DnsQuestion question) =>
        LocalNames.Find(question, _node.NameServers.Read().Hosts) ?? _cache.Find(question, Now);

    private void StartLookups()
    {
        while (_lookups < MaxLookups && _queued.TryDequeue(out var question))
        {
            _lookups++;
            var lookup = Context.ActorOf(
                Props.Create(typeof(LookupActor), _node, question, LookupOptions(), Self), $"lookup-{++_lastLookup}");
            Context.WatchWith(lookup, new LookupEnded(question));
        }
    }

    private DnsLookupOptions LookupOptions()
    {
        var settings = _node.NameServers.Read();
        var usual = new DnsLookupOptions();
        return usual with
        {
            Servers = _node.Options.NameServers.Count > 0 ? _node.Options.NameServers : settings.Servers,
            Timeout = settings.Timeout ?? usual.Timeout,
            Attempts = settings.Attempts ?? usual.Attempts,
        };
    }

    private void OnLookedUp(ResolverMessages.LookedUp looked)
    {
        if (looked.Outcome.Kind != DnsOutcomeKind.Found)
        {
            _log.Debug("{0}: {1}", looked.Question, looked.Outcome.Detail);
        }

        _cache.Keep(looked.Question, looked.Outcome, Now);
        _open.Remove(looked.Question);
        foreach (var (address, resolving) in _resolving.ToArray())
        {
            resolving.Resolution.OnAnswer(looked.Question, looked.Outcome);
            Go(address, resolving);
        }
    }

    private void OnLookupEnded(DnsQuestion question)
    {
        _lookups--;
        if (_open.Contains(question))
        {
            OnLookedUp(new ResolverMessages.LookedUp(question, DnsOutcome.Failure($"the lookup of {question.Name} failed by a fault of this node")));
        }

        StartLookups();
    }

    private void OnTooLong(Multiaddr address)
    {
        if (_resolving.TryGetValue(address, out var resolving))
        {
            End(address);
            resolving.Answer(resolving.Resolution.GiveUp($"the name servers took longer than {Timeout.TotalSeconds:0} s"));
        }
    }

    private void End(Multiaddr address)
    {
        _resolving.Remove(address);
        Timers.Cancel(address);
    }

    private sealed record Waiter(IActorRef ReplyTo, long Id);

    /// <summary>One address being resolved, and who waits for it.</summary>
    private sealed class Resolving(NameResolution resolution)
    {
        public NameResolution Resolution { get; } = resolution;

        public List<Waiter> Waiting { get; } = [];

        public void Answer(ResolvedNames names)
        {
            if (names.Failure is { } failure)
            {
                Refuse(failure);
                return;
            }

            Waiting.ForEach(w => w.ReplyTo.Tell(new ResolverMessages.Resolved(w.Id, names.Addresses)));
        }

        public void Refuse(string reason) => Waiting.ForEach(w => w.ReplyTo.Tell(new ResolverMessages.NotResolved(w.Id, reason)));
    }

    private sealed record LookupEnded(DnsQuestion Question);

    private sealed record TooLong(Multiaddr Address);
}
