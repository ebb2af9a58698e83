using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.AutoNat;
using NatActors.Node.HolePunch;
using NatActors.Node.Network;
using NatActors.Node.PortMapping;
using NatActors.Node.Relay;

namespace NatActors.Node.Report;

/// <summary>
/// Makes one report: asks each service of the node for what it knows, and answers when all have spoken or the time is up.
/// <code>
/// Collecting --the last answer, too slow--> answers, stop
///     +--stopped, failed--> answers with what there is
/// </code>
/// </summary>
internal sealed class ReportActor : UntypedActor, IWithTimers
{
    /// <summary>How long a service may take to answer from memory. Ours: a person waits, and a report with a gap is better than none.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly NodeContext _node;
    private readonly IActorRef _requester;
    private readonly HashSet<string> _asked = [];
    private NodeReport? _report;
    private IReadOnlyList<NodeEvents.PunchEnded> _punches = [];

    /// <summary>Creates the actor for one request; it asks at once.</summary>
    public ReportActor(NodeContext node, IActorRef requester)
    {
        _node = node;
        _requester = requester;
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart()
    {
        _report = Empty(_node, Context.System.Scheduler.HighResMonotonicClock);
        Timers.StartSingleTimer(nameof(TooSlow), TooSlow.Instance, Timeout);
        var refs = _node.Refs;
        Question(Service.Connections, refs.Node, new NodeMessages.GetStatus());
        Question(Service.Addresses, refs.Addresses, new AddressMessages.GetState());
        Question(Service.Network, refs.Network, new NetworkMessages.GetState());
        Question(Service.Reachability, refs.AutoNat, new AutoNatMessages.GetState());
        Question(Service.Relays, refs.RelayClient, new RelayClientMessages.GetState());
        if (_node.Options.PortMapping)
        {
            Question(Service.PortMapping, refs.PortMap, new PortMapMessages.GetState());
        }

        if (_node.Options.HolePunching)
        {
            Question(Service.HolePunching, refs.HolePunch, new HolePunchMessages.GetState());
        }
    }

    /// <summary>The request was answered when the failed one stopped; there is nothing to begin again.</summary>
    protected override void PostRestart(Exception reason) => Context.Stop(Self);

    /// <inheritdoc />
    protected override void PostStop()
    {
        if (_report is { } report)
        {
            // Stopped with the node, or by a fault of ours: what was gathered, and no advice on half of it.
            Answer(Whole(report));
        }
    }

    /// <inheritdoc />
    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case NodeMessages.Status status: OnStatus(status); break;
            case AddressMessages.State state: OnAddresses(state); break;
            case NetworkMessages.State state: OnNetwork(state); break;
            case AutoNatMessages.State state: OnReachability(state); break;
            case RelayClientMessages.State state: OnRelays(state); break;
            case PortMapMessages.State state: OnPortMapping(state); break;
            case HolePunchMessages.State state: OnPunches(state); break;
            case TooSlow: Finish(); break;
            default: Unhandled(message); break;
        }
    }

    /// <summary>A report in which nothing is known but the node itself.</summary>
    internal static NodeReport Empty(NodeContext node, TimeSpan clock) => new()
    {
        Self = node.Self,
        Agent = node.Options.AgentVersion,
        Time = node.WallClock.GetUtcNow(),
        Clock = clock,
        Options = node.Options,
        Resources = node.Resources.Snapshot(),
    };

    private void Question(string service, IActorRef who, object question)
    {
        _asked.Add(service);
        if (!who.Equals(ActorRefs.Nobody))
        {
            who.Tell(question);
        }
    }

    private void OnStatus(NodeMessages.Status status) => Take(Service.Connections, _report! with
    {
        Listening = status.Addresses,
        Connections = [.. status.Connections.Select(c => new ReportedConnection(c, ""))],
    });

    private void OnAddresses(AddressMessages.State state) => Take(Service.Addresses, _report! with
    {
        Addresses = state.Addresses,
        Witnesses = state.Witnesses,
        Nat = state.Nat,
    });

    private void OnNetwork(NetworkMessages.State state) => Take(Service.Network, _report! with
    {
        Network = state.Network,
        KeepAlive = state.KeepAlive,
    });

    private void OnReachability(AutoNatMessages.State state) => Take(Service.Reachability, _report! with
    {
        Reachability = state.Verdict,
        AutoNatServers = state.Servers,
    });

    private void OnRelays(RelayClientMessages.State state) => Take(Service.Relays, _report! with
    {
        Relays = state.Held,
        RelayCandidates = state.Candidates,
    });

    private void OnPortMapping(PortMapMessages.State state) => Take(Service.PortMapping, _report! with
    {
        MappingProtocols = state.Protocols,
        Mappings = state.Mappings,
    });

    private void OnPunches(HolePunchMessages.State state)
    {
        _punches = state.Last;
        Take(Service.HolePunching, _report! with { Punches = [.. state.Last.Take(HolePunchActor.KeptPunches)] });
    }

    private void Take(string service, NodeReport report)
    {
        _report = report;
        _asked.Remove(service);
        if (_asked.Count == 0)
        {
            Finish();
        }
    }

    private void Finish()
    {
        var whole = Whole(_report!);
        Answer(whole with { Advice = ReportAdvice.For(whole) });
        Context.Stop(Self);
    }

    private NodeReport Whole(NodeReport report) => report with
    {
        Unanswered = [.. _asked.Order(StringComparer.Ordinal)],
        Connections = [.. report.Connections.Select(c => c with { WhyRelayed = WhyRelayed(c) }).OrderByDescending(c => c.WhyRelayed.Length > 0)],
    };

    private void Answer(NodeReport report)
    {
        _report = null;
        _requester.Tell(new NodeMessages.Report(report));
    }

    private string WhyRelayed(ReportedConnection connection)
    {
        var info = connection.Status.Connection;
        if (!info.Relayed)
        {
            return "";
        }

        if (!_node.Options.HolePunching)
        {
            return "hole punching is switched off on this node";
        }

        return _punches.FirstOrDefault(p => p.Peer.Equals(info.Peer)) is { Reason.Length: > 0 } last
            ? last.Reason
            : "no hole punch with this peer has ended yet";
    }

    /// <summary>The services by the names that people read where one did not answer.</summary>
    private static class Service
    {
        public const string Connections = "connections";
        public const string Addresses = "addresses";
        public const string Network = "network";
        public const string Reachability = "reachability";
        public const string Relays = "relays";
        public const string PortMapping = "port mapping";
        public const string HolePunching = "hole punching";
    }

    private sealed record TooSlow
    {
        public static readonly TooSlow Instance = new();
    }
}
