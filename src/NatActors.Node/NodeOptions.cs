using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.KeepAlive;
using NatActors.Node.Resources;
using NatActors.Protocols.AutoNat;
using NatActors.Protocols.Connections;
using NatActors.Protocols.HolePunch;
using NatActors.Protocols.Relay;

namespace NatActors.Node;

/// <summary>
/// Everything about a node that its owner can choose. Defaults make a working node behind a NAT. <see cref="Validate"/> reports every
/// mistake at once.
/// </summary>
public sealed record NodeOptions
{
    /// <summary>The default listen addresses: every IPv4 and IPv6 interface, port 4001 (the port IPFS nodes use).</summary>
    public static IReadOnlyList<Multiaddr> DefaultListen { get; } =
        [Multiaddr.Parse("/ip4/0.0.0.0/tcp/4001"), Multiaddr.Parse("/ip6/::/tcp/4001")];

    /// <summary>Where to listen; empty for a node that only dials. Port 0 lets the system choose.</summary>
    public IReadOnlyList<Multiaddr> Listen { get; init; } = DefaultListen;

    /// <summary>Relays to keep a reservation at, each ending in the relay's peer id.</summary>
    public IReadOnlyList<Multiaddr> Relays { get; init; } = [];

    /// <summary>Peers to connect to at the start, each ending in its peer id; tried again with back-off until they answer.</summary>
    public IReadOnlyList<Multiaddr> Dial { get; init; } = [];

    /// <summary>
    /// Peers to know the network by: kept connected to, asked what they see and whether they can dial back, used as relays where they are.
    /// Each ends in its peer id, but for a <c>/dnsaddr</c> that stands for several.
    /// </summary>
    public IReadOnlyList<Multiaddr> Bootstrap { get; init; } = [];

    /// <summary>How the node learns whether it can be dialed, and helps others to learn it.</summary>
    public AutoNatOptions AutoNat { get; init; } = new();

    /// <summary>Relays that the node finds by itself.</summary>
    public AutoRelayOptions AutoRelay { get; init; } = new();

    /// <summary>Ask routers to forward the listen ports (PCP, NAT-PMP, UPnP).</summary>
    public bool PortMapping { get; init; } = true;

    /// <summary>Name servers in place of the system's; empty for the system's.</summary>
    public IReadOnlyList<System.Net.IPEndPoint> NameServers { get; init; } = [];

    /// <summary>The profile of the relay server (<c>public</c> or <c>private</c>), or null to run none.</summary>
    public string? RelayServer { get; init; }

    /// <summary>Serve <c>/echo/1.0.0</c>. Off by default: it returns whatever anybody sends.</summary>
    public bool Echo { get; init; }

    /// <summary>Serve <c>/perf/1.0.0</c>.</summary>
    public bool Perf { get; init; } = true;

    /// <summary>Punch holes: turn relayed connections into direct ones where physics allows.</summary>
    public bool HolePunching { get; init; } = true;

    /// <summary>The bounds and the timing of a hole punch.</summary>
    public PunchOptions Punch { get; init; } = new();

    /// <summary>What identify calls this program.</summary>
    public string AgentVersion { get; init; } = "natactors/0.1.0";

    /// <summary>Bounds on connections.</summary>
    public ConnectionOptions Connections { get; init; } = new();

    /// <summary>How much memory and how many streams the node, each peer, connection, stream and protocol may hold.</summary>
    public ResourceOptions Resources { get; init; } = new();

    /// <summary>What a peer, or a network, may do before it is refused or cut off.</summary>
    public AbuseOptions Abuse { get; init; } = new();

    /// <summary>How the mappings of NATs are kept, and dead paths noticed.</summary>
    public KeepAliveOptions KeepAlive { get; init; } = new();

    /// <summary>All mistakes, each in one line that says what to do; empty when the options are good.</summary>
    public IReadOnlyList<string> Validate()
    {
        var mistakes = new List<string>();
        foreach (var listen in Listen)
        {
            if (!listen.IsTcp || listen.IsRelayed || listen.PeerId is not null)
            {
                mistakes.Add($"Listen: {listen} is no listen address; use the form /ip4/0.0.0.0/tcp/4001 or /ip6/::/tcp/4001.");
            }
        }

        mistakes.AddRange(WithoutPeer(Relays, "Relays"));
        mistakes.AddRange(WithoutPeer(Dial, "Dial"));
        mistakes.AddRange(WithoutPeer([.. Bootstrap.Where(a => !StandsForSeveral(a))], "Bootstrap"));
        mistakes.AddRange(WithoutPeer(AutoRelay.Candidates, "AutoRelay.Candidates"));
        if (AutoRelay.Relays is < 0 or > AutoRelayOptions.MaxRelays)
        {
            mistakes.Add($"AutoRelay.Relays: {AutoRelay.Relays} is out of range; use 0 (none) to {AutoRelayOptions.MaxRelays}.");
        }

        mistakes.AddRange(
            from server in NameServers
            where server.Port == 0
            select $"NameServers: {server} has no port; name servers listen on 53.");
        if (RelayServer is not (null or "public" or "private"))
        {
            mistakes.Add($"RelayServer: '{RelayServer}' is no profile; use public or private, or leave it out.");
        }

        mistakes.AddRange(WithoutPeer(AutoNat.Partners, "AutoNat.Partners"));
        mistakes.AddRange(AutoNat.Client.Validate("AutoNat.Client."));
        mistakes.AddRange(AutoNat.Server.Validate("AutoNat.Server."));
        mistakes.AddRange(Connections.Validate());
        mistakes.AddRange(Resources.Validate());
        mistakes.AddRange(Abuse.Validate());
        mistakes.AddRange(KeepAlive.Validate());
        return mistakes;
    }

    /// <summary>
    /// The rules of the connection table. A relay's clients stay connected for as long as they hold a slot: without room for them above the
    /// node's own limit the relay would promise slots that it cannot keep.
    /// </summary>
    internal ConnectionRules ToConnectionRules()
    {
        var profile = RelayServer is null ? null : RelayProfile.Named(RelayServer);
        var perNetwork = Connections.MaxInboundPerNetwork + (profile?.MaxReservationsPerAddress ?? 0);
        return new ConnectionRules
        {
            MaxConnections = Connections.MaxConnections + (profile?.MaxReservations ?? 0),
            MaxConnectionsPerPeer = Connections.MaxConnectionsPerPeer,
            MaxPendingInbound = Connections.MaxPendingInbound,
            MaxPendingPerNetwork = Abuse.MaxPendingPerNetwork,
            HandshakeGrace = Abuse.HandshakeGrace,
            MaxInboundPerNetwork = perNetwork,
            AcceptRate = new RateLimit(Abuse.AcceptsPerSecond, Math.Max(Abuse.AcceptBurst, perNetwork)),
            LimitLoopback = Abuse.LimitLoopback,
            IdleTimeout = Connections.IdleTimeout,
            RelayedGrace = Connections.RelayedGrace,
        };
    }

    /// <summary>The TXT records of a <c>/dnsaddr</c> say which peers are there.</summary>
    private static bool StandsForSeveral(Multiaddr address) => address.ToString().StartsWith("/dnsaddr/", StringComparison.Ordinal);

    private static IEnumerable<string> WithoutPeer(IReadOnlyList<Multiaddr> addresses, string option) =>
        from address in addresses
        where address.PeerId is null
        select $"{option}: {address} does not say which peer is there; append /p2p/ and its peer id.";
}

/// <summary>Bounds on connections and streams. A remote never chooses this node's memory.</summary>
public sealed record ConnectionOptions
{
    /// <summary>
    /// All connections, both directions. Range 1 to 1,000,000; default 1,024. A relay server's reservations, which hold a connection each,
    /// come on top.
    /// </summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Connections to one peer. Range 1 to 64; default 8 (go-libp2p's limit per peer).</summary>
    public int MaxConnectionsPerPeer { get; init; } = 8;

    /// <summary>Inbound connections still in their handshake. Range 1 to 65,536; default 64 (go-libp2p's transient scope).</summary>
    public int MaxPendingInbound { get; init; } = 64;

    /// <summary>
    /// Inbound connections from one IPv4 address or IPv6 /56 (the usual delegation to a household), loopback left out. Range 1 to 1,000,000;
    /// default 64 (go-libp2p: 8, few for the peers behind one carrier's NAT). A relay server's reservations per address come on top.
    /// </summary>
    public int MaxInboundPerNetwork { get; init; } = 64;

    /// <summary>
    /// Inbound streams open on one connection, those included whose handler has not ended. Range 1 to 65,536; default 1,000 (go-yamux). What
    /// they hold is bounded by <see cref="NodeOptions.Resources"/>.
    /// </summary>
    public int MaxStreamsPerConnection { get; init; } = 1000;

    /// <summary>A connection without streams or protection is closed after this. At least one second; default one minute (go connection manager's grace).</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The whole upgrade, security and muxer. At least one second; default 15 s (go-libp2p's accept timeout).</summary>
    public TimeSpan UpgradeTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>One address of a dial. At least 100 ms; default 15 s (go-libp2p's dial timeout).</summary>
    public TimeSpan DialTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Negotiating the protocol of one stream. At least 100 ms; default 10 s (go-libp2p's DefaultNegotiationTimeout).</summary>
    public TimeSpan StreamNegotiationTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a relayed connection stays after a direct one is up, for the streams on it. Default 10 s.</summary>
    public TimeSpan RelayedGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Time between two pings of a connection, which keep the mappings of NATs open and tell that it is alive, while the lifetime of those
    /// mappings is not measured (see <see cref="KeepAliveOptions"/>); and the time after which a ping follows what the peer has not answered. At
    /// least one second; default 15 s (go-libp2p's for QUIC; its yamux waits 30 s, and a dead path would be noticed only after 50).
    /// </summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long after an unanswered ping a silent connection is given up. At least one second; default 20 s: longer than a cable is out by
    /// mistake.
    /// </summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(20);

    internal IEnumerable<string> Validate()
    {
        if (MaxConnections is < 1 or > 1_000_000)
        {
            yield return $"Connections.MaxConnections: {MaxConnections} is out of range; use 1 to 1000000.";
        }

        if (MaxConnectionsPerPeer is < 1 or > 64)
        {
            yield return $"Connections.MaxConnectionsPerPeer: {MaxConnectionsPerPeer} is out of range; use 1 to 64.";
        }

        if (MaxPendingInbound is < 1 or > 65_536)
        {
            yield return $"Connections.MaxPendingInbound: {MaxPendingInbound} is out of range; use 1 to 65536.";
        }

        if (MaxInboundPerNetwork is < 1 or > 1_000_000)
        {
            yield return $"Connections.MaxInboundPerNetwork: {MaxInboundPerNetwork} is out of range; use 1 to 1000000.";
        }

        if (MaxStreamsPerConnection is < 1 or > 65_536)
        {
            yield return $"Connections.MaxStreamsPerConnection: {MaxStreamsPerConnection} is out of range; use 1 to 65536.";
        }

        foreach (var (name, value, least) in Durations())
        {
            if (value < least)
            {
                yield return $"Connections.{name}: {value} is too short; use at least {least}.";
            }
        }
    }

    private IEnumerable<(string Name, TimeSpan Value, TimeSpan Least)> Durations() =>
    [
        (nameof(IdleTimeout), IdleTimeout, TimeSpan.FromSeconds(1)),
        (nameof(UpgradeTimeout), UpgradeTimeout, TimeSpan.FromSeconds(1)),
        (nameof(DialTimeout), DialTimeout, TimeSpan.FromMilliseconds(100)),
        (nameof(StreamNegotiationTimeout), StreamNegotiationTimeout, TimeSpan.FromMilliseconds(100)),
        (nameof(RelayedGrace), RelayedGrace, TimeSpan.Zero),
        (nameof(KeepAliveInterval), KeepAliveInterval, TimeSpan.FromSeconds(1)),
        (nameof(KeepAliveTimeout), KeepAliveTimeout, TimeSpan.FromSeconds(1)),
    ];
}

/// <summary>When AutoNAT's answering side runs.</summary>
public enum AutoNatServing
{
    /// <summary>While this node is publicly reachable itself.</summary>
    Auto,

    /// <summary>Always.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>How the node learns whether it can be dialed, and helps others to learn it.</summary>
public sealed record AutoNatOptions
{
    /// <summary>When to answer others.</summary>
    public AutoNatServing Serve { get; init; }

    /// <summary>
    /// Peers on other IP addresses that dial back for this node's clients, each ending in its peer id. Their answer tells whether an address is
    /// filtered by address.
    /// </summary>
    public IReadOnlyList<Multiaddr> Partners { get; init; } = [];

    /// <summary>Test, and dial back to, private and loopback addresses too: for networks of their own. Default: false.</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>The rules and the timing of the asking side.</summary>
    public ReachabilityOptions Client { get; init; } = new();

    /// <summary>The bounds and the timing of the answering side.</summary>
    public AutoNatServerOptions Server { get; init; } = new();
}

/// <summary>Relays that the node finds by itself while it cannot be dialed.</summary>
public sealed record AutoRelayOptions
{
    /// <summary>The most relays that <see cref="Relays"/> may ask for.</summary>
    public const int MaxRelays = 16;

    /// <summary>How many relays to hold. Range 0 (off) to 16; default 2 (go-libp2p AutoRelay).</summary>
    public int Relays { get; init; } = 2;

    /// <summary>Relays to choose from beside the connected peers that offer it, each ending in its peer id.</summary>
    public IReadOnlyList<Multiaddr> Candidates { get; init; } = [];
}
