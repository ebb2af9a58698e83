namespace NatActors.Hosting.Reports;

/// <summary>
/// A node's report as text and numbers: what <c>natactors doctor</c> and <c>status</c> print, and what the control socket carries. The names,
/// in camel case, are stable; times are RFC 3339, durations in seconds or milliseconds as their names say.
/// </summary>
public sealed record ReportDocument
{
    /// <summary>The node's peer id.</summary>
    public string PeerId { get; init; } = "";

    /// <summary>What the program calls itself.</summary>
    public string Agent { get; init; } = "";

    /// <summary>When the report was made.</summary>
    public string Time { get; init; } = "";

    /// <summary>True when the node was started for this report alone; false for one that runs.</summary>
    public bool Temporary { get; init; }

    /// <summary>Listen addresses, without peer id.</summary>
    public IReadOnlyList<string> Listening { get; init; } = [];

    /// <summary>Interfaces that are up.</summary>
    public IReadOnlyList<InterfaceEntry> Interfaces { get; init; } = [];

    /// <summary>Default routes.</summary>
    public IReadOnlyList<GatewayEntry> Gateways { get; init; } = [];

    /// <summary>What is known of how long NAT mappings live here, in words.</summary>
    public IReadOnlyList<string> KeepAlive { get; init; } = [];

    /// <summary>The peers that this node was told to start from.</summary>
    public IReadOnlyList<string> Bootstrap { get; init; } = [];

    /// <summary>What each peer sees as this node's address.</summary>
    public IReadOnlyList<WitnessEntry> Witnesses { get; init; } = [];

    /// <summary>NAT behaviour for each IP version and protocol with evidence.</summary>
    public IReadOnlyList<NatEntry> Nat { get; init; } = [];

    /// <summary>Port mapping by the router.</summary>
    public MappingEntry PortMapping { get; init; } = new();

    /// <summary>Whether strangers can dial this node.</summary>
    public VerdictEntry Reachability { get; init; } = new();

    /// <summary>Peers that can be asked whether they can dial back.</summary>
    public IReadOnlyList<ServerEntry> AutoNatServers { get; init; } = [];

    /// <summary>Relays that are kept.</summary>
    public IReadOnlyList<RelayEntry> Relays { get; init; } = [];

    /// <summary>Peers that could be relays and why they are not, in words.</summary>
    public IReadOnlyList<string> RelayCandidates { get; init; } = [];

    /// <summary>All connections.</summary>
    public int ConnectionCount { get; init; }

    /// <summary>Those that go over a relay.</summary>
    public int RelayedCount { get; init; }

    /// <summary>The connections, relayed ones first; at most <see cref="ReportDocuments.MaxConnections"/>.</summary>
    public IReadOnlyList<ConnectionEntry> Connections { get; init; } = [];

    /// <summary>What the node holds for its peers, and what it refused.</summary>
    public ResourcesEntry Resources { get; init; } = new();

    /// <summary>The last hole punches, the latest first.</summary>
    public IReadOnlyList<PunchEntry> Punches { get; init; } = [];

    /// <summary>What is wrong and what to do about it, a line each.</summary>
    public IReadOnlyList<AdviceEntry> Advice { get; init; } = [];

    /// <summary>What went wrong while a temporary node gathered this, a line each.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>Parts of the node that did not answer in time.</summary>
    public IReadOnlyList<string> Unanswered { get; init; } = [];
}

/// <summary>One thing that is wrong, by a fixed word and in words for a person.</summary>
public sealed record AdviceEntry(string Topic, string Text);

/// <summary>An interface that is up.</summary>
public sealed record InterfaceEntry(string Name, IReadOnlyList<string> Addresses);

/// <summary>A default route.</summary>
public sealed record GatewayEntry(string Interface, string Gateway);

/// <summary>What one peer sees.</summary>
public sealed record WitnessEntry(string Peer, string From, string Observed, string Note);

/// <summary>NAT behaviour, in the words of RFC 4787.</summary>
public sealed record NatEntry
{
    /// <summary><c>ip4</c> or <c>ip6</c>.</summary>
    public string Family { get; init; } = "";

    /// <summary><c>tcp</c> or <c>udp</c>.</summary>
    public string Protocol { get; init; } = "";

    /// <summary>How outside ports are chosen.</summary>
    public string Mapping { get; init; } = "";

    /// <summary>Who is let in.</summary>
    public string Filtering { get; init; } = "";

    /// <summary><c>yes</c>, <c>no</c> or <c>unknown</c>.</summary>
    public string PortPreserved { get; init; } = "";

    /// <summary><c>yes</c>, <c>no</c> or <c>unknown</c>.</summary>
    public string Hairpin { get; init; } = "";

    /// <summary><c>yes</c>, <c>no</c> or <c>unknown</c>.</summary>
    public string DoubleNat { get; init; } = "";

    /// <summary>The step between successive outside ports, or null.</summary>
    public int? PortStep { get; init; }

    /// <summary>On what this stands.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];
}

/// <summary>Port mapping by the router.</summary>
public sealed record MappingEntry
{
    /// <summary>Whether this node asks for it.</summary>
    public bool Enabled { get; init; }

    /// <summary>What routers answered to.</summary>
    public IReadOnlyList<MappingProtocolEntry> Protocols { get; init; } = [];

    /// <summary>What routers forward.</summary>
    public IReadOnlyList<ForwardEntry> Mappings { get; init; } = [];
}

/// <summary>A mapping protocol at a gateway.</summary>
public sealed record MappingProtocolEntry(string Protocol, string Gateway, string Product, string? External, string Problem);

/// <summary>A port that a router forwards.</summary>
public sealed record ForwardEntry(string Protocol, string Internal, string External, double LeaseSeconds);

/// <summary>Whether strangers can dial this node.</summary>
public sealed record VerdictEntry
{
    /// <summary><c>public</c>, <c>private</c> or <c>unknown</c>.</summary>
    public string Verdict { get; init; } = "unknown";

    /// <summary>True when a host that was never contacted came through.</summary>
    public bool FilteringProven { get; init; }

    /// <summary>Why.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>Each address that was or is to be tested.</summary>
    public IReadOnlyList<AddressEntry> Addresses { get; init; } = [];

    /// <summary>Earlier verdicts, the latest first.</summary>
    public IReadOnlyList<ChangeEntry> History { get; init; } = [];
}

/// <summary>The verdict on one address.</summary>
public sealed record AddressEntry
{
    /// <summary>The address.</summary>
    public string Address { get; init; } = "";

    /// <summary><c>public</c>, <c>private</c> or <c>unknown</c>.</summary>
    public string Verdict { get; init; } = "unknown";

    /// <summary>True when a host that was never contacted came through.</summary>
    public bool FilteringProven { get; init; }

    /// <summary>Why.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>The evidence, the latest first.</summary>
    public IReadOnlyList<EvidenceEntry> Witnesses { get; init; } = [];

    /// <summary>Earlier verdicts, the latest first.</summary>
    public IReadOnlyList<ChangeEntry> History { get; init; } = [];
}

/// <summary>One piece of evidence.</summary>
public sealed record EvidenceEntry(string Server, string From, string Outcome, string Detail, double SecondsAgo);

/// <summary>An earlier verdict.</summary>
public sealed record ChangeEntry(string Verdict, double SecondsAgo, string Reason);

/// <summary>A peer that can be asked.</summary>
public sealed record ServerEntry(string Peer, string Protocol, string LastAnswer);

/// <summary>A relay that is kept.</summary>
public sealed record RelayEntry
{
    /// <summary>The relay's peer id.</summary>
    public string Relay { get; init; } = "";

    /// <summary>Where it is reached.</summary>
    public string Address { get; init; } = "";

    /// <summary>True when it was named in the options.</summary>
    public bool Configured { get; init; }

    /// <summary>When the slot ends unless refreshed; null when there is none.</summary>
    public string? Expires { get; init; }

    /// <summary>How long that is from the report; null when there is none.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>The round trip; null when not measured.</summary>
    public double? LatencyMs { get; init; }

    /// <summary>Bytes that a circuit may carry each way; null for no limit.</summary>
    public long? CircuitBytes { get; init; }

    /// <summary>How long a circuit may last; null for no limit.</summary>
    public double? CircuitSeconds { get; init; }

    /// <summary>Why there is no slot, or empty.</summary>
    public string Problem { get; init; } = "";
}

/// <summary>A connection.</summary>
public sealed record ConnectionEntry
{
    /// <summary>The peer.</summary>
    public string Peer { get; init; } = "";

    /// <summary>Its address.</summary>
    public string Address { get; init; } = "";

    /// <summary><c>inbound</c> or <c>outbound</c>.</summary>
    public string Direction { get; init; } = "";

    /// <summary>True when it goes over a relay.</summary>
    public bool Relayed { get; init; }

    /// <summary>The round trip; null when not measured.</summary>
    public double? RttMs { get; init; }

    /// <summary>Open streams.</summary>
    public int Streams { get; init; }

    /// <summary>Bytes that may still be sent over a relay with limits; null for no limit.</summary>
    public long? BytesToSend { get; init; }

    /// <summary>Bytes that may still be received over a relay with limits; null for no limit.</summary>
    public long? BytesToReceive { get; init; }

    /// <summary>How long a connection over a relay with limits may still last; null for no limit.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>Why it goes over a relay, or empty.</summary>
    public string Why { get; init; } = "";
}

/// <summary>A hole punch that is over.</summary>
public sealed record PunchEntry(string Time, string Peer, string Outcome, int Round, double Ms, string Reason);
