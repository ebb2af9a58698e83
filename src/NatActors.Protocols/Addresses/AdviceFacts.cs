using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.PortMapping;

namespace NatActors.Protocols.Addresses;

/// <summary>What advice is given on, and the word by which tools tell one line from another.</summary>
public enum AdviceTopic
{
    /// <summary>No way to the internet: no default gateway.</summary>
    Offline,

    /// <summary>No peer is connected.</summary>
    NoPeers,

    /// <summary>The node listens nowhere, or on loopback only.</summary>
    NotListening,

    /// <summary>Connections leave from another port than the listen port.</summary>
    PortNotReused,

    /// <summary>A carrier's NAT stands before the home's.</summary>
    CarrierNat,

    /// <summary>A second NAT, not a carrier's, stands behind the router.</summary>
    DoubleNat,

    /// <summary>A NAT that gives every destination another port.</summary>
    SymmetricNat,

    /// <summary>A NAT that lets nobody in unasked.</summary>
    RestrictedNat,

    /// <summary>No NAT, but a firewall that lets nobody in unasked.</summary>
    Firewall,

    /// <summary>The router confirmed a mapping that does not work.</summary>
    MappingBroken,

    /// <summary>The router answers to a mapping protocol and refuses, or says odd things.</summary>
    MappingRefused,

    /// <summary>Dial-backs come in; whether strangers do is not proven.</summary>
    FilteringUnproven,

    /// <summary>No peer on the internet says where it sees this node.</summary>
    NoObserver,

    /// <summary>One peer only does: too few to tell the kind of NAT.</summary>
    OneObserver,

    /// <summary>No connected peer answers whether it can dial back.</summary>
    NoServers,

    /// <summary>Those that could do not.</summary>
    ServersSilent,

    /// <summary>No IPv6 address.</summary>
    NoIpv6,

    /// <summary>The node does not listen on the machine's IPv6 addresses.</summary>
    Ipv6NotUsed,

    /// <summary>IPv6 is there, and a firewall lets nobody in.</summary>
    Ipv6Firewall,

    /// <summary>Nobody can dial this node and no relay holds a slot for it.</summary>
    NoRelay,

    /// <summary>A connection stayed on a relay.</summary>
    StaysRelayed,
}

/// <summary>One thing that is wrong, and what to do about it.</summary>
/// <param name="Topic">Which thing.</param>
/// <param name="Text">One line for a person at home: what is wrong, then what to do.</param>
public sealed record AdviceLine(AdviceTopic Topic, string Text);

/// <summary>What advice is made from: a node's report, without what does not matter to it.</summary>
public sealed record AdviceFacts
{
    /// <summary>AutoNAT's verdict.</summary>
    public NodeVerdict Verdict { get; init; } = NodeVerdict.None;

    /// <summary>Where the node listens, wildcards resolved.</summary>
    public IReadOnlyList<Multiaddr> Listening { get; init; } = [];

    /// <summary>The machine's addresses.</summary>
    public IReadOnlyList<IPAddress> Interfaces { get; init; } = [];

    /// <summary>False when it is known that there is no default gateway.</summary>
    public bool HasGateway { get; init; } = true;

    /// <summary>Peers that are connected.</summary>
    public int Peers { get; init; }

    /// <summary>Where peers on the internet see the node, best first.</summary>
    public IReadOnlyList<Multiaddr> Observed { get; init; } = [];

    /// <summary>Distinct observers on the internet (by IPv4 address or IPv6 /56).</summary>
    public int Observers { get; init; }

    /// <summary>True when direct connections to peers left from another port than a listen port.</summary>
    public bool LeavesFromOtherPorts { get; init; }

    /// <summary>What is known of NATs.</summary>
    public IReadOnlyList<NatReport> Nat { get; init; } = [];

    /// <summary>False when port mapping is switched off.</summary>
    public bool AsksRouters { get; init; } = true;

    /// <summary>The mapping protocols that routers answered to.</summary>
    public IReadOnlyList<AdviceRouter> Routers { get; init; } = [];

    /// <summary>The mappings that routers confirmed, external addresses.</summary>
    public IReadOnlyList<Multiaddr> Mapped { get; init; } = [];

    /// <summary>Peers that could be asked to dial back.</summary>
    public int Servers { get; init; }

    /// <summary>Relays that hold a slot.</summary>
    public int Relays { get; init; }

    /// <summary>Relays that the node wants; 0 when it looks for none and none is configured.</summary>
    public int RelaysWanted { get; init; } = 2;

    /// <summary>Why relays that are known hold no slot, in words for a person.</summary>
    public IReadOnlyList<string> RelayProblems { get; init; } = [];

    /// <summary>Connections that stayed relayed: the peer, and why.</summary>
    public IReadOnlyList<(PeerId Peer, string Reason)> Relayed { get; init; } = [];
}

/// <summary>A router that answers to a mapping protocol.</summary>
/// <param name="Protocol">Which.</param>
/// <param name="External">The external address that it reports, or null.</param>
/// <param name="Problem">What is wrong with it, in words for a person, or empty.</param>
public sealed record AdviceRouter(string Protocol, IPAddress? External, string Problem)
{
    /// <summary>True when it says that it has no address of the internet.</summary>
    public bool HasNoExternal => External is null && Problem.StartsWith(GatewayText.NoExternal, StringComparison.Ordinal);
}
