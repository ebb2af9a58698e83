using System.Runtime.CompilerServices;
using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Metrics;
using NatActors.Node.Resources;
using NatActors.Node.Streams;
using NatActors.Protocols.PortMapping;
using NatActors.Protocols.Relay;
using NatActors.Protocols.Resources;
using NatActors.Transports;
using NatActors.Transports.Datagrams;
using NatActors.Transports.Naming;
using NatActors.Transports.Network;
using NatActors.Transports.Port;
using NatActors.Transports.PortMapping;
using NatActors.Transports.Security;

namespace NatActors.Node;

/// <summary>
/// The ingredients every actor of one node shares. Immutable but for <see cref="Refs"/>, which the node's actor fills before any child
/// handles a message. Monotonic time is <c>Context.System.Scheduler.HighResMonotonicClock</c>: the other clock of Akka.NET counts whole milliseconds.
/// </summary>
public sealed record NodeContext
{
    /// <summary>The node's options, validated.</summary>
    public required NodeOptions Options { get; init; }

    /// <summary>The node's identity key.</summary>
    public required PrivateKey Key { get; init; }

    /// <summary>The node's peer id.</summary>
    public required PeerId Self { get; init; }

    /// <summary>The one source of randomness.</summary>
    public required RandomSource Random { get; init; }

    /// <summary>The wall clock, for what carries a date: reservations, vouchers, event times.</summary>
    public required TimeProvider WallClock { get; init; }

    /// <summary>Where events go.</summary>
    public required NodeEventHub Events { get; init; }

    /// <summary>The protocols served.</summary>
    public required ProtocolTable Protocols { get; init; }

    /// <summary>The transports that can bind ports.</summary>
    public required IReadOnlyList<IPortTransport> Transports { get; init; }

    /// <summary>The machine's interfaces.</summary>
    public required INetworkInterfaces Interfaces { get; init; }

    /// <summary>Where UDP sockets come from that ask name servers and gateways.</summary>
    public IDatagramSockets Datagrams { get; init; } = new SystemDatagramSockets();

    /// <summary>The machine's configuration for names.</summary>
    public INameServers NameServers { get; init; } = new SystemNameServers();

    /// <summary>How name servers are asked.</summary>
    public INameServerExchange NameServerExchange { get; init; } = new NameServerExchange();

    /// <summary>How routers are asked by HTTP.</summary>
    public IGatewayHttp GatewayHttp { get; init; } = new SystemGatewayHttp();

    /// <summary>The timing and the bounds of port mapping.</summary>
    public PortMappingOptions PortMapping { get; init; } = new();

    /// <summary>The security upgrades, in order of preference.</summary>
    public required IReadOnlyList<ISecurityUpgrade> Security { get; init; }

    /// <summary>Who may connect.</summary>
    public required IConnectionGater Gater { get; init; }

    /// <summary>Who may use this node as a relay.</summary>
    public IRelayAcl RelayAcl { get; init; } = OpenRelayAcl.Instance;

    /// <summary>The bounds of the relay server in place of those of the named profile, or null.</summary>
    public RelayProfile? RelayProfile { get; init; }

    /// <summary>The hosts that this node has sent packets to.</summary>
    public ContactRegister Contacted { get; init; } = new(salt: 0);

    /// <summary>What the node measures.</summary>
    public NodeMetrics Metrics { get; init; } = new("");

    /// <summary>Who holds how much memory, how many streams and connections.</summary>
    public NodeResources Resources { get; init; } = new(new ResourceLimits());

    /// <summary>The node's services.</summary>
    public NodeRefs Refs { get; } = new();

    private readonly StrongBox<long> _lastConnection = new();

    /// <summary>Cancelled when the node goes down; handed to stream handlers.</summary>
    public required CancellationToken Stopping { get; init; }

    /// <summary>An id that no connection of this node has had, not even before a restart of the connections.</summary>
    internal long NextConnectionId() => Interlocked.Increment(ref _lastConnection.Value);
}

/// <summary>
/// The node's services, by name. Filled by the node's actor when it creates them, before any of them has work; the references stay good
/// over restarts.
/// </summary>
public sealed class NodeRefs
{
    /// <summary>The node itself.</summary>
    public IActorRef Node { get; set; } = ActorRefs.Nobody;

    /// <summary>The ports.</summary>
    public IActorRef Ports { get; set; } = ActorRefs.Nobody;

    /// <summary>The connections.</summary>
    public IActorRef Connections { get; set; } = ActorRefs.Nobody;

    /// <summary>The address book.</summary>
    public IActorRef Addresses { get; set; } = ActorRefs.Nobody;

    /// <summary>Identify.</summary>
    public IActorRef Identify { get; set; } = ActorRefs.Nobody;

    /// <summary>Ping and perf.</summary>
    public IActorRef Ping { get; set; } = ActorRefs.Nobody;

    /// <summary>The relay client.</summary>
    public IActorRef RelayClient { get; set; } = ActorRefs.Nobody;

    /// <summary>The relay server, nobody unless switched on.</summary>
    public IActorRef RelayServer { get; set; } = ActorRefs.Nobody;

    /// <summary>Hole punching.</summary>
    public IActorRef HolePunch { get; set; } = ActorRefs.Nobody;

    /// <summary>Reachability, AutoNAT's asking side.</summary>
    public IActorRef AutoNat { get; set; } = ActorRefs.Nobody;

    /// <summary>AutoNAT's answering side.</summary>
    public IActorRef AutoNatServer { get; set; } = ActorRefs.Nobody;

    /// <summary>Port mapping, nobody when switched off.</summary>
    public IActorRef PortMap { get; set; } = ActorRefs.Nobody;

    /// <summary>The machine's network and its changes.</summary>
    public IActorRef Network { get; set; } = ActorRefs.Nobody;

    /// <summary>How often mappings are refreshed.</summary>
    public IActorRef KeepAlive { get; set; } = ActorRefs.Nobody;

    /// <summary>The side that helps others to measure their mappings, nobody when switched off.</summary>
    public IActorRef LifetimeServer { get; set; } = ActorRefs.Nobody;

    /// <summary>Names to addresses.</summary>
    public IActorRef Resolver { get; set; } = ActorRefs.Nobody;
}
