using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Naming;
using NatActors.Node.Port;
using NatActors.Node.PortMapping;
using NatActors.Node.Relay;
using NatActors.Node.Report;
using NatActors.Node.Streams;

namespace NatActors.Node;

/// <summary>
/// One node: makes its services, binds its ports, and hands requests to whom they belong.
/// <code>
/// Starting --bound--> Running --shutdown--> Stopping --connections closed, children stopped--> stop
///    +--bind failed-----+--a vital service died, a fault in this actor--> stop, with a failure
/// </code>
/// Children: ports, connections (vital: without them there is no node), network, resolver, addresses, identify, ping, relay-client,
/// relay-server, autonat-server, holepunch.
/// </summary>
internal sealed partial class NodeActor : UntypedActor, IWithTimers
{
    /// <summary>How long an orderly end may take before the sockets are cut. Ours: the command promises an end within two seconds.</summary>
    public static readonly TimeSpan ShutdownGrace = TimeSpan.FromSeconds(1.5);

    private const string Connections = "connections";
    private const string Ports = "ports";
    private const string HolePunching = "holepunch";
    private const string PortMapping = "portmap";
    private const string GoingDown = "the node is going down";

    private readonly NodeContext _node;
    private readonly NodeLife _life;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly Dictionary<long, Request> _requests = [];
    private readonly HashSet<IActorRef> _subscribers = [];
    private readonly Queue<IActorRef> _statusRequests = new();
    private readonly HashSet<string> _unfinished = [];
    private IReadOnlyList<Multiaddr> _listening = [];
    private IDisposable? _eventSubscription;
    private NodeFailure? _failure;
    private long _lastRequest;

    /// <summary>Creates the node's actor.</summary>
    public NodeActor(NodeContext node, NodeLife life)
    {
        _node = node;
        _life = life;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    private NodeRefs Refs => _node.Refs;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.RebuildTheService();

    /// <inheritdoc />
    protected override void PreStart()
    {
        Refs.Node = Self;
        StartServices();
        var self = Self;
        _eventSubscription = _node.Events.Subscribe(e => self.Tell(new Happened(e)));
        _node.Resources.Refused += LogRefused;
        _node.Resources.Evicted += LogEvicted;
        Become(Starting);
        Refs.Ports.Tell(new PortMessages.Bind(Self));
    }

    /// <inheritdoc />
    protected override void PreRestart(Exception reason, object message)
    {
        _failure = new NodeFailure(NodeFailureKind.Internal, $"the node failed by a fault of its own: {reason.Message}");
        _node.Events.Publish(new NodeEvents.Error(_failure.Detail));
        base.PreRestart(reason, message);
    }

    /// <summary>A node ends once: who waits for its end has been told, so no second one may begin under its name.</summary>
    protected override void PostRestart(Exception reason) => Context.Stop(Self);

    /// <inheritdoc />
    protected override void PostStop()
    {
        _eventSubscription?.Dispose();
        _node.Resources.Refused -= LogRefused;
        _node.Resources.Evicted -= LogEvicted;
        _life.Stopping.Cancel();
        foreach (var request in _requests.Values)
        {
            request.ReplyTo.Tell(request.IsDial ? NotDialed(request.Id) : NotOpened(request.Id));
        }

        foreach (var requester in _statusRequests)
        {
            requester.Tell(new NodeMessages.Status(_node.Self, [], []));
        }

        var failure = _failure ?? new NodeFailure(NodeFailureKind.Internal, "the node stopped before it listened");
        _life.Started.TrySetException(new NodeStartException(failure));
        _life.Ended.TrySetResult(_failure);
    }

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Starting(object message)
    {
        switch (message)
        {
            case PortMessages.Bound bound: OnBound(bound); break;
            case PortMessages.BindFailed failed: End(new NodeFailure(NodeFailureKind.Port, failed.Detail)); break;
            case NodeMessages.Shutdown: OnShutdown(); break;
            default: Serving(message); break;
        }
    }

    private void Running(object message)
    {
        switch (message)
        {
            case PortMessages.Bound bound: OnBoundAnew(bound); break;
            case PortMessages.BindFailed failed: End(new NodeFailure(NodeFailureKind.Port, failed.Detail)); break;
            case NodeMessages.Shutdown: OnShutdown(); break;
            default: Serving(message); break;
        }
    }

    private void Serving(object message)
    {
        switch (message)
        {
            case NodeMessages.Dial dial: OnDial(dial); break;
            case NodeMessages.CancelDial cancel: OnCancelDial(cancel); break;
            case NodeMessages.OpenStream open: OnOpenStream(open); break;
            case NodeMessages.Serve serve: OnServe(serve); break;
            case NodeMessages.Subscribe subscribe: OnSubscribe(subscribe.Subscriber); break;
            case NodeMessages.UseRelay use: Refs.RelayClient.Tell(new RelayClientMessages.KeepReservation(use.Relay)); break;
            case NodeMessages.GetStatus: OnGetStatus(); break;
            case NodeMessages.GetResources: Sender.Tell(new NodeMessages.Resources(_node.Resources.Snapshot())); break;
            case NodeMessages.GetReport: Context.ActorOf(Props.Create(typeof(ReportActor), _node, Sender)); break;
            case NodeMessages.TestReachability: Refs.AutoNat.Tell(new AutoNatMessages.ProbeAgain("the owner asks for it")); break;
            case ConnectionsMessages.Dialed dialed: Answer(dialed.Id, id => new NodeMessages.Dialed(id, dialed.Connection)); break;
            case ConnectionsMessages.DialFailed failed: Answer(failed.Id, id => new NodeMessages.DialFailed(id, failed.Failure)); break;
            case ConnectionsMessages.StreamOpened opened: OnStreamOpened(opened); break;
            case ConnectionsMessages.StreamFailed failed: Answer(failed.Id, id => new NodeMessages.StreamFailed(id, failed.Failure)); break;
            case ConnectionsMessages.Snapshot snapshot: OnSnapshot(snapshot); break;
            case ServiceEnded ended: OnServiceEnded(ended.Name); break;
            case Happened happened: OnHappened(happened.Event); break;
            case Terminated terminated: _subscribers.Remove(terminated.ActorRef); break;
            default: Unhandled(message); break;
        }
    }

    private void Stopping(object message)
    {
        switch (message)
        {
            case ConnectionsMessages.AllClosed: OnFinished(Connections); break;
            case PortMapMessages.Released: OnFinished(PortMapping); break;
            case GraceOver: Context.Stop(Self); break;
            case NodeMessages.Dial dial: dial.ReplyTo.Tell(NotDialed(dial.Id)); break;
            case NodeMessages.OpenStream open: open.ReplyTo.Tell(NotOpened(open.Id)); break;
            case NodeMessages.Serve serve: Sender.Tell(new NodeMessages.NotServing(serve.Protocol, GoingDown)); break;
            case NodeMessages.Shutdown or NodeMessages.UseRelay or NodeMessages.TestReachability or ServiceEnded: break;
            case PortMessages.Bound or PortMessages.BindFailed: break;
            default: Serving(message); break;
        }
    }

    private void OnBound(PortMessages.Bound bound)
    {
        OnBoundAnew(bound);
        Become(Running);
        _node.Events.Publish(new NodeEvents.Listening(_node.Self, _listening));
        _life.Started.TrySetResult(_listening);
        Refs.RelayClient.Tell(new RelayClientMessages.FindRelays());
        foreach (var peer in _node.Options.Dial.Concat(_node.Options.Bootstrap))
        {
            var keeper = peer.PeerId is null ? typeof(BootstrapActor) : typeof(KeepConnectedActor);
            Context.ActorOf(Props.Create(keeper, _node, peer));
        }
    }

    private void OnBoundAnew(PortMessages.Bound bound)
    {
        _listening = WithSelf(bound.Resolved);
        Refs.Addresses.Tell(bound);
        Refs.Connections.Tell(bound);
    }

    /// <summary>Without ports or connections there is no node; without another service it goes on, and says what it has lost.</summary>
    private void OnServiceEnded(string name)
    {
        var detail = $"the node's {name} failed over and over; see the log for the cause";
        if (name is Connections or Ports)
        {
            End(new NodeFailure(NodeFailureKind.Internal, detail));
        }
        else
        {
            if (name is HolePunching)
            {
                // No stream may wait for a punch that nobody makes.
                Refs.HolePunch = ActorRefs.Nobody;
            }

            _log.Error("{0} was given up: {1}", name, detail);
            _node.Events.Publish(new NodeEvents.Error(detail));
        }
    }

    private void End(NodeFailure failure)
    {
        _failure = failure;
        _log.Info("The node ends: {0}", failure.Detail);
        if (_life.Started.Task.IsCompletedSuccessfully)
        {
            // Before that, whoever starts the node hears it by an exception.
            _node.Events.Publish(new NodeEvents.Error(failure.Detail));
        }

        Context.Stop(Self);
    }

    private void OnShutdown()
    {
        Become(Stopping);
        _life.Stopping.Cancel();
        Timers.StartSingleTimer(nameof(GraceOver), GraceOver.Instance, ShutdownGrace);
        _unfinished.Add(Connections);
        Refs.Connections.Tell(new ConnectionsMessages.CloseAll("the node is going down", Self));
        if (!Refs.PortMap.IsNobody())
        {
            _unfinished.Add(PortMapping);
            Refs.PortMap.Tell(new PortMapMessages.Release(Self));
        }
    }

    private void OnFinished(string what)
    {
        _unfinished.Remove(what);
        if (_unfinished.Count == 0)
        {
            Context.Stop(Self);
        }
    }

    private void OnDial(NodeMessages.Dial dial)
    {
        var peer = dial.Address.PeerId;
        Refs.Connections.Tell(new ConnectionsMessages.Dial(Remember(dial.Id, dial.ReplyTo, isDial: true), peer, [dial.Address], Self));
    }

    private void OnCancelDial(NodeMessages.CancelDial cancel)
    {
        foreach (var (key, request) in _requests)
        {
            if (request.Id == cancel.Id && request.ReplyTo.Equals(cancel.ReplyTo) && request.IsDial)
            {
                _requests.Remove(key);
                Refs.Connections.Tell(new ConnectionsMessages.CancelDial(key, Self));
                return;
            }
        }
    }

    private void OnOpenStream(NodeMessages.OpenStream open)
    {
        var id = Remember(open.Id, open.ReplyTo, isDial: false);
        Refs.Connections.Tell(new ConnectionsMessages.OpenStream(id, open.Peer, [open.Protocol], open.AllowLimited, Self)
        {
            WaitForDirect = true,
        });
    }

    private void OnStreamOpened(ConnectionsMessages.StreamOpened opened)
    {
        if (!Answer(opened.Id, id => new NodeMessages.StreamOpened(id, opened.Stream)))
        {
            opened.Stream.Reset();
        }
    }

    private void OnServe(NodeMessages.Serve serve)
    {
        try
        {
            var registration = _node.Protocols.Register(serve.Protocol, serve.Actor, serve.AllowLimited);
            Context.ActorOf(Props.Create(typeof(RegistrationActor), serve.Actor, registration));
            Sender.Tell(new NodeMessages.Serving(serve.Protocol));
        }
        catch (InvalidOperationException taken)
        {
            Sender.Tell(new NodeMessages.NotServing(serve.Protocol, taken.Message));
        }
    }

    private void OnSubscribe(IActorRef subscriber)
    {
        if (_subscribers.Add(subscriber))
        {
            Context.Watch(subscriber);
        }
    }

    private void OnHappened(NodeEvent happened)
    {
        foreach (var subscriber in _subscribers)
        {
            subscriber.Tell(happened);
        }
    }

    private void OnGetStatus()
    {
        _statusRequests.Enqueue(Sender);
        Refs.Connections.Tell(new ConnectionsMessages.GetSnapshot());
    }

    private void OnSnapshot(ConnectionsMessages.Snapshot snapshot)
    {
        if (_statusRequests.TryDequeue(out var requester))
        {
            requester.Tell(new NodeMessages.Status(_node.Self, _listening, snapshot.Connections));
        }
    }

    private static object NotDialed(long id) =>
        new NodeMessages.DialFailed(id, new DialFailure(DialFailureKind.Cancelled, GoingDown));

    private static object NotOpened(long id) =>
        new NodeMessages.StreamFailed(id, new StreamFailure(StreamFailureKind.ConnectionLost, GoingDown));

    private long Remember(long id, IActorRef replyTo, bool isDial)
    {
        _requests[++_lastRequest] = new Request(id, replyTo, isDial);
        return _lastRequest;
    }

    private bool Answer(long request, Func<long, object> answer)
    {
        if (!_requests.Remove(request, out var requester))
        {
            return false;
        }

        requester.ReplyTo.Tell(answer(requester.Id));
        return true;
    }

    private IReadOnlyList<Multiaddr> WithSelf(IReadOnlyList<Multiaddr> addresses) => [.. addresses.Select(a => a.WithPeerId(_node.Self))];

    /// <summary>A dial or a stream that was asked of this actor and goes on elsewhere.</summary>
    private sealed record Request(long Id, IActorRef ReplyTo, bool IsDial);

    private sealed record Happened(NodeEvent Event);

    private sealed record ServiceEnded(string Name);

    private sealed record GraceOver
    {
        public static readonly GraceOver Instance = new();
    }
}
