using System.Net;
using Akka.Actor;
using Akka.Event;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.Connections;
using NatActors.Node.Identify;
using NatActors.Node.Network;
using NatActors.Node.Security;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;
using NatActors.Transports.Network;

namespace NatActors.Node.AutoNat;

/// <summary>
/// AutoNAT's answering side, both versions, and the dial-back partner protocol. Decides by <see cref="AutoNatServerRules"/> and <see
/// cref="DialBackPartnerRules"/>; each request is a child of its own.
/// <code>
/// Idle --serve always, or the node's verdict is public--> Serving: the protocols are registered, and so pushed by identify
///   ^--the verdict is public no more-------------------------+   (what is under way goes on)
/// </code>
/// Children: <c>request-n</c> serves one stream; <c>dialback-n</c> is one dial-back; <c>ask-n</c> asks one partner; <c>partner-n</c> keeps
/// the node connected to a configured partner; <c>refusal-n</c> says no; <c>second-ports</c> serves <see cref="SecondPortProtocol"/> beside them.
/// </summary>
public sealed class AutoNatServerActor : UntypedActor
{
    /// <summary>Refusals being written at once; beyond them streams are cut without a word. Ours: nobody may keep this node busy refusing.</summary>
    public const int MaxRefusals = 32;

    /// <summary>Asks of other servers under way at once, in all and on one connection. Ours.</summary>
    public const int MaxAsks = 64;

    /// <inheritdoc cref="MaxAsks" />
    public const int MaxAsksPerConnection = 4;

    private readonly NodeContext _node;
    private readonly AutoNatServerOptions _options;
    private readonly AutoNatServerPolicy _policy;
    private readonly AutoNatServerRules _rules;
    private readonly DialBackPartnerRules _partnerRules;
    private readonly DialBackPartners _partners;
    private readonly NodeContext _dialer;
    private readonly List<IDisposable> _registrations = [];
    private readonly HashSet<long> _connections = [];
    private readonly Dictionary<long, int> _asks = [];
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private AddressSet _addresses = AddressSet.Empty;
    private NetworkState _network = NetworkState.None;
    private IActorRef _secondPorts = ActorRefs.Nobody;
    private bool _partnersKept;
    private int _refusals;
    private int _pendingAsks;
    private long _lastChild;

    /// <summary>Creates the actor; it serves once it may.</summary>
    public AutoNatServerActor(NodeContext node)
    {
        _node = node;
        var autoNat = node.Options.AutoNat;
        var known = autoNat.Partners.Select(a => a.PeerId).OfType<PeerId>().ToHashSet();
        _options = autoNat.Server;
        _policy = new AutoNatServerPolicy(autoNat.AllowPrivateAddresses, a => node.Transports.Any(t => t.CanDial(a)));
        _rules = new AutoNatServerRules(_options, _policy, node.Random);
        _partnerRules = new DialBackPartnerRules(_options, _policy, known);
        _partners = new DialBackPartners(known, _policy, node.Random);

        // autonat-v2.md: the server "SHOULD use a different peer id" for dial-backs, or the client might take one for its old connection.
        _dialer = node with { Security = [new NoiseUpgrade(PrivateKey.GenerateEd25519(node.Random), node.Random)] };
    }

    private TimeSpan Now => Context.System.Scheduler.HighResMonotonicClock;

    /// <inheritdoc />
    protected override SupervisorStrategy SupervisorStrategy() => Supervision.StopTheChild();

    /// <inheritdoc />
    protected override void PreStart()
    {
        Become(Idle);
        _secondPorts = Context.ActorOf(Props.Create(typeof(SecondPortServerActor), _node), "second-ports");
        switch (_node.Options.AutoNat.Serve)
        {
            case AutoNatServing.Always: OnMayServe(true); break;
            case AutoNatServing.Auto: _node.Refs.AutoNat.Tell(new AutoNatMessages.Subscribe(Self)); break;
            default: return;
        }

        _node.Refs.Network.Tell(new NetworkMessages.Subscribe(Self));
        _node.Refs.Connections.Tell(new ConnectionsMessages.Subscribe(Self));
        _node.Refs.Addresses.Tell(new AddressMessages.Subscribe(Self));
        _node.Refs.Identify.Tell(new IdentifyMessages.Subscribe(Self));
    }

    /// <inheritdoc />
    protected override void PostStop() => Unregister();

    /// <inheritdoc />
    protected override void OnReceive(object message) => Unhandled(message);

    private void Idle(object message)
    {
        switch (message)
        {
            case StreamMessages.InboundStream inbound: inbound.Stream.Reset(); break;
            default: Always(message); break;
        }
    }

    private void Serving(object message)
    {
        switch (message)
        {
            case StreamMessages.InboundStream inbound: OnInbound(inbound); break;
            default: Always(message); break;
        }
    }

    private void Always(object message)
    {
        switch (message)
        {
            case AutoNatMessages.VerdictChanged changed: OnVerdict(changed.Verdict.Verdict); break;
            case AddressMessages.Changed changed: OnAddresses(changed.Addresses); break;
            case NetworkMessages.Changed changed: _network = changed.State; SetOwn(); break;
            case ConnectionsMessages.ConnectionUp up: _connections.Add(up.Connection.Id); break;
            case ConnectionsMessages.ConnectionDown down: OnConnectionDown(down.Connection.Id); break;
            case IdentifyMessages.Identified identified: OnIdentified(identified); break;
            case IdentifyMessages.IdentifyFailed: break;
            case AutoNatServerMessages.Choose choose: Sender.Tell(new AutoNatServerMessages.Chosen(_rules.Choose(choose.Addresses, choose.Client, Now))); break;
            case AutoNatServerMessages.ChooseV1 choose: OnChooseV1(choose); break;
            case AutoNatServerMessages.Judge judge: Sender.Tell(new AutoNatServerMessages.Judged(_partnerRules.OnAsk(judge.Ask, judge.Server, Now))); break;
            case AutoNatServerMessages.DialBack dial: OnDialBack(dial); break;
            case AutoNatServerMessages.AskPartners ask: OnAskPartners(ask); break;
            case AutoNatServerMessages.PartnerSaid said: _partners.OnOutcome(said.Partner, said.Outcome, Now); break;
            case RequestEnded ended: _rules.OnEnded(ended.Peer); break;
            case AskEnded ended: OnAskEnded(ended.Connection); break;
            case RefusalEnded: _refusals--; break;
            default: Unhandled(message); break;
        }
    }

    private void OnVerdict(Reachability verdict)
    {
        if (_node.Options.AutoNat.Serve == AutoNatServing.Auto)
        {
            OnMayServe(verdict == Reachability.Public);
        }
    }

    private void OnMayServe(bool may)
    {
        if (may == _registrations.Count > 0)
        {
            return;
        }

        _secondPorts.Tell(new SecondPortServerMessages.Serve(may));
        if (!may)
        {
            _log.Info("AutoNAT is not served any more: this node is not publicly reachable");
            Unregister();
            Become(Idle);
            return;
        }

        Become(Serving);
        Register(AutoNatProtocol.V1);
        Register(AutoNatProtocol.V2DialRequest);
        Register(AutoNatProtocol.Partner);
        KeepPartners();
    }

    private void Register(string protocol)
    {
        try
        {
            _registrations.Add(_node.Protocols.Register(protocol, Self, allowLimited: false));
        }
        catch (InvalidOperationException taken)
        {
            _log.Warning("{0} is left to the application: {1}", protocol, taken.Message);
        }
    }

    private void Unregister()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _registrations.Clear();
    }

    private void KeepPartners()
    {
        // Not before this node listens: a dial would have no port to leave from.
        if (_partnersKept || _registrations.Count == 0 || _addresses.Bound.Count == 0)
        {
            return;
        }

        _partnersKept = true;
        foreach (var partner in _node.Options.AutoNat.Partners)
        {
            Context.ActorOf(Props.Create(typeof(KeepConnectedActor), _node, partner), $"partner-{++_lastChild}");
        }
    }

    private void OnAddresses(AddressSet addresses)
    {
        _addresses = addresses;
        SetOwn();
        KeepPartners();
    }

    private void SetOwn()
    {
        var outside = _addresses.Observed.Concat(_addresses.Mapped).Concat(_addresses.Confirmed).Concat(_addresses.Candidates);
        _policy.SetOwn(
            _network.Interfaces.SelectMany(i => i.Addresses),
            outside.Concat(_addresses.Listening).Select(a => a.Host).OfType<IPAddress>());
    }

    private void OnConnectionDown(long connection)
    {
        _connections.Remove(connection);
        _partners.OnGone(connection);
    }

    private void OnIdentified(IdentifyMessages.Identified identified)
    {
        var connection = identified.Connection;
        if (_connections.Contains(connection.Id) && identified.Info.Protocols.Contains(AutoNatProtocol.Partner))
        {
            _partners.OnSpeaks(ClientOf(connection), connection.Id);
        }
        else
        {
            _partners.OnGone(connection.Id);
        }
    }

    private void OnInbound(StreamMessages.InboundStream inbound)
    {
        var client = ClientOf(inbound.Connection);
        switch (inbound.Stream.Protocol)
        {
            case AutoNatProtocol.Partner: OnAsk(inbound, client); break;
            case AutoNatProtocol.V1: OnRequest(inbound.Stream, client, typeof(ServerV1RequestActor), isV2: false); break;
            default: OnRequest(inbound.Stream, client, typeof(ServerRequestActor), isV2: true); break;
        }
    }

    private void OnRequest(PeerStream stream, AutoNatClient client, Type server, bool isV2)
    {
        if (_rules.OnRequest(client, isV2, Now))
        {
            Context.WatchWith(Serve(stream, client, server), new RequestEnded(client.Peer));
            return;
        }

        _node.Metrics.OnDialBackRefused();
        if (_refusals >= MaxRefusals)
        {
            stream.Reset();
            return;
        }

        _refusals++;
        var answer = isV2
            ? AutoNatV2Codec.Encode(AutoNatServerRequest.Rejection)
            : AutoNatV1Codec.Encode(V1ServerRules.Answer(AutoNatV1Status.DialRefused, "too many requests, or over a relay"));
        var refusal = Context.ActorOf(Props.Create(typeof(ServerAnswerActor), stream, answer), $"refusal-{++_lastChild}");
        Context.WatchWith(refusal, RefusalEnded.Instance);
    }

    private void OnAsk(StreamMessages.InboundStream inbound, AutoNatClient client)
    {
        var connection = inbound.Connection.Id;
        var open = _asks.GetValueOrDefault(connection);
        if (_pendingAsks >= MaxAsks || open >= MaxAsksPerConnection || !_partnerRules.MayAsk(client, Now))
        {
            inbound.Stream.Reset();
            return;
        }

        _pendingAsks++;
        _asks[connection] = open + 1;
        Context.WatchWith(Serve(inbound.Stream, client, typeof(PartnerAnswerActor)), new AskEnded(connection));
    }

    private void OnAskEnded(long connection)
    {
        _pendingAsks--;
        if (_asks.GetValueOrDefault(connection) is var open and > 1)
        {
            _asks[connection] = open - 1;
        }
        else
        {
            _asks.Remove(connection);
        }
    }

    private IActorRef Serve(PeerStream stream, AutoNatClient client, Type server)
    {
        var seed = new ServerRequestSeed(stream, client, _options, _node.Random, Self);
        return Context.ActorOf(Props.Create(server, seed), $"request-{++_lastChild}");
    }

    private void OnChooseV1(AutoNatServerMessages.ChooseV1 choose) =>
        Sender.Tell(new AutoNatServerMessages.ChosenV1(V1ServerRules.Targets(choose.Addresses, choose.Client, _policy)));

    private void OnDialBack(AutoNatServerMessages.DialBack dial) =>
        Context.ActorOf(Props.Create(typeof(DialBackActor), _dialer, dial.Order, dial.ReplyTo), $"dialback-{++_lastChild}");

    private void OnAskPartners(AutoNatServerMessages.AskPartners ask)
    {
        var partners = _partners.Choose(ask.Client, Now);
        ask.ReplyTo.Tell(new AutoNatServerMessages.PartnersAsked(partners.Count));
        foreach (var partner in partners)
        {
            Context.ActorOf(Props.Create(typeof(PartnerAskActor), _node, partner, ask.Ask, ask.ReplyTo, Self), $"ask-{++_lastChild}");
        }
    }

    private static AutoNatClient ClientOf(ConnectionInfo connection) =>
        new(connection.Peer, connection.RemoteAddress, connection.Relayed);

    private sealed record RequestEnded(PeerId Peer);

    private sealed record AskEnded(long Connection);

    private sealed record RefusalEnded
    {
        public static readonly RefusalEnded Instance = new();
    }
}
