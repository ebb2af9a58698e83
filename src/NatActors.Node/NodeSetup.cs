using NatActors.Multiformats;
using NatActors.Node.AutoNat;
using NatActors.Node.Connections;
using NatActors.Node.Metrics;
using NatActors.Node.Resources;
using NatActors.Node.Security;
using NatActors.Node.Streams;
using NatActors.Protocols.PortMapping;
using NatActors.Protocols.Relay;
using NatActors.Transports;
using NatActors.Transports.Datagrams;
using NatActors.Transports.Naming;
using NatActors.Transports.Network;
using NatActors.Transports.Port;
using NatActors.Transports.PortMapping;
using NatActors.Transports.Security;

namespace NatActors.Node;

/// <summary>What a node is made of. Only <see cref="Key"/> has no default; tests and simulations replace the rest.</summary>
public sealed record NodeSetup
{
    /// <summary>The identity key.</summary>
    public required PrivateKey Key { get; init; }

    /// <summary>The options.</summary>
    public NodeOptions Options { get; init; } = new();

    /// <summary>Who may connect. Default: everybody.</summary>
    public IConnectionGater Gater { get; init; } = OpenGater.Instance;

    /// <summary>Who may use this node as a relay, when it is one. Default: everybody.</summary>
    public IRelayAcl RelayAcl { get; init; } = OpenRelayAcl.Instance;

    /// <summary>The bounds of the relay server, when the options ask for one, in place of those of the profile named there. Default: none.</summary>
    public RelayProfile? RelayProfile { get; init; }

    /// <summary>The one source of randomness. Default: the operating system's.</summary>
    public RandomSource Random { get; init; } = SystemRandomSource.Instance;

    /// <summary>The wall clock. Default: the system's.</summary>
    public TimeProvider WallClock { get; init; } = TimeProvider.System;

    /// <summary>The transports. Default: TCP on the machine's sockets.</summary>
    public IReadOnlyList<IPortTransport>? Transports { get; init; }

    /// <summary>The machine's interfaces. Default: the system's.</summary>
    public INetworkInterfaces? Interfaces { get; init; }

    /// <summary>Where UDP sockets come from that ask name servers and gateways. Default: the machine's.</summary>
    public IDatagramSockets? Datagrams { get; init; }

    /// <summary>The machine's configuration for names. Default: the system's.</summary>
    public INameServers? NameServers { get; init; }

    /// <summary>How name servers are asked. Default: over the machine's sockets.</summary>
    public INameServerExchange? NameServerExchange { get; init; }

    /// <summary>How routers are asked by HTTP. Default: over the machine's sockets.</summary>
    public IGatewayHttp? GatewayHttp { get; init; }

    /// <summary>The timing and the bounds of port mapping, where <see cref="NodeOptions.PortMapping"/> asks for it.</summary>
    public PortMappingOptions PortMapping { get; init; } = new();

    /// <summary>The security upgrades in order of preference. Default: Noise.</summary>
    public IReadOnlyList<ISecurityUpgrade>? Security { get; init; }

    internal NodeContext ToContext(CancellationToken stopping) => new()
    {
        Options = Options,
        Key = Key,
        Self = Key.PeerId,
        Random = Random,
        WallClock = WallClock,
        Events = new NodeEventHub(WallClock),
        Metrics = new NodeMetrics(Key.PeerId.ToString()),
        Resources = NodeResources.For(Options),
        Contacted = new ContactRegister(Random.NextUInt64()),
        Protocols = new ProtocolTable(),
        Transports = Transports ?? [new TcpTransport()],
        Interfaces = Interfaces ?? SystemNetworkInterfaces.Instance,
        Datagrams = Datagrams ?? new SystemDatagramSockets(),
        NameServers = NameServers ?? new SystemNameServers(),
        NameServerExchange = NameServerExchange ?? new NameServerExchange(),
        PortMapping = PortMapping,
        GatewayHttp = GatewayHttp ?? new SystemGatewayHttp(),
        Security = Security ?? [new NoiseUpgrade(Key, Random)],
        Gater = Gater,
        RelayAcl = RelayAcl,
        RelayProfile = RelayProfile,
        Stopping = stopping,
    };
}
