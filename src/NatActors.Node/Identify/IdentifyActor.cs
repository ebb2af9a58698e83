using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.Connections;
using NatActors.Protocols.Identify;

namespace NatActors.Node.Identify;

/// <summary>
/// Who the peers are, and who we are: asks on every new connection, answers those who ask, pushes changes of our addresses and protocols,
/// takes the
/// pushes of others. One state; each exchange is a child of its own (<see cref="IdentifyExchangeActor"/>), which ends in one
/// <see cref="IdentifyExchangeMessages.Ended"/>.
/// <code>
/// connection up --> Ask --update--> event, subscribers, connections, address book
/// addresses or protocols changed --debounced--> Push to all who speak push, 32 at a time
/// </code>
/// </summary>
public sealed class IdentifyActor : UntypedActor, IWithTimers
{
    /// <summary>Streams of the peer answered at once on one connection. Ours: an honest peer asks once.</summary>
    public const int MaxInboundPerConnection = 2;

    /// <summary>Answers remembered that were given before their connection was announced. Ours: that takes microseconds.</summary>
    private const int MaxAnsweredEarly = 256;

    /// <summary>
    /// How long changes are collected before they are pushed. Ours: at the start ports, observations and reservations come in a burst.
    /// </summary>
    public static readonly TimeSpan PushDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Rounds of pushes: a few at once, then one in five seconds, as much as go-libp2p takes from one network in the long run. Addresses
    /// that come and go make one push, not a storm.
    /// </summary>
    public static readonly RateLimit PushRounds = new(PerSecond: 0.2, Burst: 4);

    private readonly NodeContext _node;
    private readonly SelfDescription _self;
    private readonly Dictionary<long, KnownPeer> _known = [];
    private readonly Dictionary<PeerId, KnownPeer[]> _ofPeer = [];
    private readonly VerifiedSignatures _verified = new();
    private readonly Dictionary<long, int> _inbound = [];
    private readonly Dictionary<long, long> _answeredEarly = [];
    private readonly Queue<long> _toPush = new();
    private readonly HashSet<IActorRef> _subscribers = [];
    private readonly List<IDisposable> _registrations = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private PrefixRateLimiter _pushLimiter = null!;
    private TokenBucket _pushRounds;
    private Action? _protocolsChanged;
    private int _pushing;
    private long _exchanges;

    /// <summary>Creates the actor; it subscribes to the connections and the address book.</summary>
    public IdentifyActor(NodeContext node)
    {
        _node = node;
        _self = new SelfDescription(node);
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        _pushLimiter = IdentifyProtocol.CreatePushLimiter(Now);
        _pushRounds = new TokenBucket(PushRounds, Now);
        _registrations.Add(_node.Protocols.Register(IdentifyProtocol.Id, Self, allowLimited: true));
        _registrations.Add(_node.Protocols.Register(IdentifyProtocol.PushId, Self, allowLimited: true));
        var self = Self;
        _protocolsChanged = () => self.Tell(ProtocolsChanged.Instance);
        _node.Protocols.Changed += _protocolsChanged;
        self.Tell(ProtocolsChanged.Instance);
        _node.Refs.Connections.Tell(new ConnectionsMessages.Subscribe(Self));
        _node.Refs.Addresses.Tell(new AddressMessages.Subscribe(Self));
    }

    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        base.PreRestart(reason, message);

        // Who wants to hear of peers has no way to know that this is another instance: carry them over.
        foreach (var subscriber in _subscribers)
        {
            Self.Tell(new IdentifyMessages.Subscribe(subscriber));
        }
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        _node.Protocols.Changed -= _protocolsChanged;
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.ConnectionUp up: OnConnectionUp(up.Connection); break;
            case ConnectionsMessages.ConnectionDown down: OnConnectionDown(down.Connection.Id); break;
            case StreamMessages.InboundStream inbound: OnInbound(inbound.Stream, inbound.Connection); break;
            case IdentifyExchangeMessages.Ended ended: OnExchangeEnded(ended); break;
            case AddressMessages.Changed changed when _self.Change(changed.Addresses): SchedulePush(); break;
            case ProtocolsChanged when _self.ChangeProtocols(): SchedulePush(); break;
            case AddressMessages.Changed or ProtocolsChanged: break;
            case PushDue: OnPushDue(); break;
            case IdentifyMessages.Subscribe subscribe: OnSubscribe(subscribe.Subscriber); break;
            case Terminated terminated: _subscribers.Remove(terminated.ActorRef); break;
            default: Unhandled(message); break;
        }
    }

    private void OnConnectionUp(ConnectionInfo connection)
    {
        // What the peer was told before this notice may be out of date by now; it gets a push then.
        var told = _answeredEarly.Remove(connection.Id, out var early) ? early : _self.Version;
        var known = new KnownPeer(connection, told, new TokenBucket(Pushes, Now));
        if (_known.TryAdd(connection.Id, known))
        {
            _ofPeer[connection.Peer] = [.. _ofPeer.GetValueOrDefault(connection.Peer, []), known];
            Exchange(new ExchangeSeed(ExchangeKind.Ask, connection, null, default));
        }
    }

    private void OnConnectionDown(long connectionId)
    {
        if (!_known.Remove(connectionId, out var gone))
        {
            return;
        }

        var peer = gone.Connection.Peer;
        if (_ofPeer[peer] is { Length: > 1 } several)
        {
            _ofPeer[peer] = [.. several.Where(known => known != gone)];
        }
        else
        {
            _ofPeer.Remove(peer);
        }
    }

    private void OnInbound(PeerStream stream, ConnectionInfo connection)
    {
        var isPush = stream.Protocol == IdentifyProtocol.PushId;
        var open = _inbound.GetValueOrDefault(connection.Id);
        if (open >= MaxInboundPerConnection || (isPush && !MayPush(connection)))
        {
            stream.Reset();
            return;
        }

        _inbound[connection.Id] = open + 1;
        if (isPush)
        {
            Exchange(new ExchangeSeed(ExchangeKind.TakePush, connection, stream, default));
            return;
        }

        if (_known.TryGetValue(connection.Id, out var known))
        {
            known.ToldVersion = _self.Version;
        }
        else
        {
            AnsweredEarly(connection.Id);
        }

        Exchange(new ExchangeSeed(ExchangeKind.Answer, connection, stream, _self.For(connection)));
    }

    /// <summary>A peer's question may overtake the notice of its connection; those of connections gone meanwhile are forgotten.</summary>
    private void AnsweredEarly(long connectionId)
    {
        if (_answeredEarly.Count >= MaxAnsweredEarly)
        {
            _answeredEarly.Clear();
        }

        _answeredEarly[connectionId] = _self.Version;
    }

    private RateLimit Pushes => new(_node.Options.Abuse.PushesPerSecond, _node.Options.Abuse.PushBurst);

    private bool MayPush(ConnectionInfo connection) =>
        (!_known.TryGetValue(connection.Id, out var known) || known.MayPush(Now))
        && _pushLimiter.TryTake(connection.Relayed ? null : connection.RemoteAddress.Host, Now);

    private void OnExchangeEnded(IdentifyExchangeMessages.Ended ended)
    {
        switch (ended.Kind)
        {
            case ExchangeKind.Push: OnPushEnded(ended); break;
            case ExchangeKind.Ask: OnSaid(ended); break;
            case ExchangeKind.TakePush: OnInboundEnded(ended.Connection.Id); OnSaid(ended); break;
            default: OnInboundEnded(ended.Connection.Id); break;
        }
    }

    private void OnInboundEnded(long connectionId)
    {
        var left = _inbound.GetValueOrDefault(connectionId) - 1;
        if (left > 0)
        {
            _inbound[connectionId] = left;
        }
        else
        {
            _inbound.Remove(connectionId);
        }
    }

    private void OnSaid(IdentifyExchangeMessages.Ended ended)
    {
        var connection = ended.Connection;
        if (!_known.TryGetValue(connection.Id, out var known))
        {
            return;
        }

        if (ended.Update is not { } update)
        {
            OnFailed(connection, ended.Kind, ended.Failure ?? "nothing was said");
            return;
        }

        var subject = new IdentifyConnection(connection.Peer, connection.PeerKey, connection.RemoteAddress, connection.Relayed)
        {
            Verified = _verified,
        };
        var outcome = ended.Kind == ExchangeKind.TakePush
            ? IdentifyMerge.Push(known.Info, update, subject)
            : IdentifyMerge.Answer(Latest(connection.Peer), update, subject);
        if (outcome.Info is not { } info)
        {
            OnFailed(connection, ended.Kind, $"the peer's identify message is refused: {outcome.Failure}");
            return;
        }

        if (outcome.Record == RecordVerdict.Invalid)
        {
            _log.Debug("The signed record of {0} is invalid; its unsigned addresses are used", connection.Peer);
        }

        known.Info = info;
        Publish(connection, info);
        PushIfDue(connection.Id, known);
    }

    private IdentifyInfo? Latest(PeerId peer) =>
        _ofPeer.GetValueOrDefault(peer, []).Where(k => k.Info is not null).MaxBy(k => k.Info!.RecordSequence ?? 0)?.Info;

    private void Publish(ConnectionInfo connection, IdentifyInfo info)
    {
        if (info.ObservedAddress is { } observed)
        {
            _node.Refs.Addresses.Tell(new AddressMessages.AddressObserved(new Observation(
                connection.Id, connection.LocalAddress, connection.RemoteAddress, observed, connection.Relayed, connection.PortReused)
            {
                Outbound = connection.Direction == ConnectionDirection.Outbound,
            }));
        }

        _node.Refs.Connections.Tell(new ConnectionsMessages.PeerSpeaks(connection.Id, info.Protocols));
        _node.Events.Publish(new NodeEvents.Identified(
            connection.Peer, info.AgentVersion, info.ObservedAddress?.WithPeerId(_node.Self), info.Protocols));
        Tell(new IdentifyMessages.Identified(connection, info));
    }

    private void OnFailed(ConnectionInfo connection, ExchangeKind kind, string reason)
    {
        _log.Debug("{0} with {1} at {2} failed: {3}", kind, connection.Peer, connection.RemoteAddress, reason);
        if (kind == ExchangeKind.Ask)
        {
            Tell(new IdentifyMessages.IdentifyFailed(connection, reason));
        }
    }

    private void SchedulePush()
    {
        if (!Timers.IsTimerActive(nameof(PushDue)))
        {
            var pause = _pushRounds.Until(Now);
            Timers.StartSingleTimer(nameof(PushDue), PushDue.Instance, pause > PushDelay ? pause : PushDelay);
        }
    }

    private void OnPushDue()
    {
        _pushRounds.TryTake(Now);
        foreach (var (id, known) in _known)
        {
            PushIfDue(id, known);
        }
    }

    private void PushIfDue(long id, KnownPeer known)
    {
        var speaksPush = known.Info?.Protocols.Contains(IdentifyProtocol.PushId) == true;
        if (speaksPush && !known.Queued && known.ToldVersion < _self.Version && !Timers.IsTimerActive(nameof(PushDue)))
        {
            known.Queued = true;
            _toPush.Enqueue(id);
            StartPushes();
        }
    }

    private void StartPushes()
    {
        while (_pushing < IdentifyProtocol.MaxParallelPushes && _toPush.TryDequeue(out var id))
        {
            if (_known.TryGetValue(id, out var known))
            {
                _pushing++;
                known.PushedVersion = _self.Version;
                Exchange(new ExchangeSeed(ExchangeKind.Push, known.Connection, null, _self.For(known.Connection)));
            }
        }
    }

    private void OnPushEnded(IdentifyExchangeMessages.Ended ended)
    {
        // After a restart the exchanges of the former life still report.
        _pushing = Math.Max(0, _pushing - 1);
        if (_known.TryGetValue(ended.Connection.Id, out var known))
        {
            known.Queued = false;
            if (ended.Failure is { } failure)
            {
                OnFailed(ended.Connection, ended.Kind, failure);
            }

            if (known.OnPushed(succeeded: ended.Failure is null))
            {
                SchedulePush();
            }

            PushIfDue(ended.Connection.Id, known);
        }

        StartPushes();
    }

    private void OnSubscribe(IActorRef subscriber)
    {
        if (_subscribers.Add(subscriber))
        {
            Context.Watch(subscriber);
        }

        foreach (var known in _known.Values)
        {
            if (known.Info is { } info)
            {
                subscriber.Tell(new IdentifyMessages.Identified(known.Connection, info));
            }
        }
    }

    private void Tell(object news)
    {
        foreach (var subscriber in _subscribers)
        {
            subscriber.Tell(news);
        }
    }

    private void Exchange(ExchangeSeed seed) =>
        Context.ActorOf(
            Props.Create(typeof(IdentifyExchangeActor), _node, seed, Self), $"{seed.Kind.ToString().ToLowerInvariant()}-{++_exchanges}");

    private sealed record ProtocolsChanged
    {
        public static readonly ProtocolsChanged Instance = new();
    }

    private sealed record PushDue
    {
        public static readonly PushDue Instance = new();
    }
}
