using NatActors.Multiformats;
using NatActors.Node.Addresses;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.PortMapping;
using NatActors.Node.Relay;
using NatActors.Node.Resources;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;
using NatActors.Transports.Network;

namespace NatActors.Node.Report;

/// <summary>
/// Everything a node knows of its place in the world at one moment: how it is reached, by what evidence, and what stands in the way. Made by
/// <see cref="INatNode.GetReportAsync"/>.
/// </summary>
public sealed record NodeReport
{
    /// <summary>This node.</summary>
    public required PeerId Self { get; init; }

    /// <summary>What this program calls itself.</summary>
    public required string Agent { get; init; }

    /// <summary>When the report was made, by the wall clock.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The same moment by the monotonic clock, in which verdicts and witnesses are dated.</summary>
    public required TimeSpan Clock { get; init; }

    /// <summary>The options of the node.</summary>
    public required NodeOptions Options { get; init; }

    /// <summary>Where it listens, wildcards resolved, each ending in the peer id.</summary>
    public IReadOnlyList<Multiaddr> Listening { get; init; } = [];

    /// <summary>Interfaces and gateways.</summary>
    public NetworkState Network { get; init; } = NetworkState.None;

    /// <summary>How long this network's mappings live and how often they are refreshed, in words for a person, a line each.</summary>
    public IReadOnlyList<string> KeepAlive { get; init; } = [];

    /// <summary>The node's addresses.</summary>
    public AddressSet Addresses { get; init; } = AddressSet.Empty;

    /// <summary>What each peer sees as this node's address.</summary>
    public IReadOnlyList<AddressMessages.WitnessState> Witnesses { get; init; } = [];

    /// <summary>What stands between, for each IP version and transport protocol with evidence.</summary>
    public IReadOnlyList<NatReport> Nat { get; init; } = [];

    /// <summary>The mapping protocols that routers answered to.</summary>
    public IReadOnlyList<PortMapMessages.ProtocolState> MappingProtocols { get; init; } = [];

    /// <summary>The mappings that routers confirmed.</summary>
    public IReadOnlyList<PortMapMessages.MappingState> Mappings { get; init; } = [];

    /// <summary>Whether strangers can dial this node, for each address and as a whole.</summary>
    public NodeVerdict Reachability { get; init; } = NodeVerdict.None;

    /// <summary>The peers that can be asked whether they can dial back.</summary>
    public IReadOnlyList<AutoNatMessages.ServerState> AutoNatServers { get; init; } = [];

    /// <summary>The relays that are kept, those with a slot first.</summary>
    public IReadOnlyList<RelayClientMessages.RelayState> Relays { get; init; } = [];

    /// <summary>Peers that could be relays, and why they are not, in words for a person.</summary>
    public IReadOnlyList<string> RelayCandidates { get; init; } = [];

    /// <summary>The connections, relayed ones first.</summary>
    public IReadOnlyList<ReportedConnection> Connections { get; init; } = [];

    /// <summary>What memory, streams and connections are used for, and what was refused; null in a report on nothing.</summary>
    public ResourceSnapshot? Resources { get; init; }

    /// <summary>The last hole punches, the latest first.</summary>
    public IReadOnlyList<NodeEvents.PunchEnded> Punches { get; init; } = [];

    /// <summary>What is wrong and what to do about it, the most important first; none when nothing is.</summary>
    public IReadOnlyList<AdviceLine> Advice { get; init; } = [];

    /// <summary>The parts of the node that did not answer in time: what they know is missing.</summary>
    public IReadOnlyList<string> Unanswered { get; init; } = [];
}

/// <summary>One connection in a report.</summary>
/// <param name="Status">The connection, its round trip and streams.</param>
/// <param name="WhyRelayed">Why it does not go directly, in words for a person; empty for a direct connection.</param>
public sealed record ReportedConnection(ConnectionsMessages.ConnectionStatus Status, string WhyRelayed);
