using NatActors.Multiformats;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;

namespace NatActors.Node;

/// <summary>Something that happened in the node, for a tool: a fixed name and fixed fields. Logs are for people; tests assert on these.</summary>
/// <param name="Name">The stable name, as <c>--json</c> prints it.</param>
public abstract record NodeEvent(string Name)
{
    /// <summary>When it happened, by the node's wall clock. Stamped by the hub.</summary>
    public DateTimeOffset Time { get; init; }
}

/// <summary>Who dialed.</summary>
public enum ConnectionDirection
{
    /// <summary>The other side did.</summary>
    Inbound,

    /// <summary>This node did.</summary>
    Outbound,
}

/// <summary>How a hole punch ended.</summary>
public enum PunchOutcome
{
    /// <summary>A direct connection exists.</summary>
    Direct,

    /// <summary>The peers stay on the relayed connection; the reason says why.</summary>
    Relayed,

    /// <summary>The attempt ended because its relayed connection, its peer or the node went away.</summary>
    Cancelled,
}

/// <summary>The events of a node. The table in README.md is made of these and is stable.</summary>
public static class NodeEvents
{
    /// <summary>The node listens. Addresses are complete: wildcards resolved, ending in the peer id.</summary>
    public sealed record Listening(PeerId PeerId, IReadOnlyList<Multiaddr> Addresses) : NodeEvent("listening");

    /// <summary>A connection is up: secured, muxed, its peer proven.</summary>
    public sealed record Connected(
        PeerId Peer,
        Multiaddr Address,
        ConnectionDirection Direction,
        bool Relayed,
        string Transport,
        bool PortReused) : NodeEvent("connected");

    /// <summary>A connection is gone.</summary>
    public sealed record Disconnected(PeerId Peer, Multiaddr Address, bool Relayed, string Reason) : NodeEvent("disconnected");

    /// <summary>A peer told who it is, what it speaks and which address of ours it sees (null over a relay).</summary>
    public sealed record Identified(PeerId Peer, string Agent, Multiaddr? Observed, IReadOnlyList<string> Protocols) : NodeEvent("identified");

    /// <summary>A relay holds a slot for this node; others reach it by these addresses.</summary>
    public sealed record Reserved(PeerId Relay, DateTimeOffset Expires, IReadOnlyList<Multiaddr> Addresses) : NodeEvent("reserved");

    /// <summary>A slot at a relay was lost; the node tries to get it back.</summary>
    public sealed record ReservationLost(PeerId Relay, string Reason) : NodeEvent("reservation-lost");

    /// <summary>A round of a hole punch starts; rounds count from 1.</summary>
    public sealed record PunchStarted(PeerId Peer, int Round) : NodeEvent("punch-started");

    /// <summary>A hole punch is over, with the time since its first round started.</summary>
    public sealed record PunchEnded(PeerId Peer, PunchOutcome Outcome, int Round, TimeSpan Duration, string Reason) : NodeEvent("punch-ended");

    /// <summary>A ping came back.</summary>
    public sealed record Pinged(PeerId Peer, TimeSpan RoundTripTime, bool Relayed) : NodeEvent("ping");

    /// <summary>A throughput measurement is done.</summary>
    public sealed record PerfMeasured(
        PeerId Peer,
        bool Relayed,
        long UploadBytes,
        TimeSpan UploadTime,
        long DownloadBytes,
        TimeSpan DownloadTime) : NodeEvent("perf-result");

    /// <summary>What peers see as an address of this node has changed; no observers: none sees it any more.</summary>
    /// <param name="Address">The address, without peer id.</param>
    /// <param name="Observers">How many distinct observers (by IPv4 address or IPv6 /56) see it now.</param>
    /// <param name="Active">True when that is enough to tell others of it.</param>
    public sealed record Observed(Multiaddr Address, int Observers, bool Active) : NodeEvent("observed");

    /// <summary>Whether strangers can dial this node has become known, or has changed.</summary>
    /// <param name="Verdict">The verdict.</param>
    /// <param name="FilteringProven">True when a host that was never contacted came through.</param>
    /// <param name="Reasons">Why, in words for a person.</param>
    public sealed record ReachabilityChanged(Reachability Verdict, bool FilteringProven, IReadOnlyList<string> Reasons)
        : NodeEvent("reachability");

    /// <summary>An address was proven to be dialable.</summary>
    /// <param name="Address">The address, without peer id.</param>
    /// <param name="Reason">By what, in words for a person.</param>
    public sealed record AddressConfirmed(Multiaddr Address, string Reason) : NodeEvent("address-confirmed");

    /// <summary>An address that was dialable is not any more, or is no longer this node's.</summary>
    public sealed record AddressLost(Multiaddr Address, string Reason) : NodeEvent("address-lost");

    /// <summary>A router confirmed a port mapping, or it was lost (no lease).</summary>
    /// <param name="Protocol"><c>upnp-igd1</c>, <c>upnp-igd2</c>, <c>nat-pmp</c> or <c>pcp</c>.</param>
    /// <param name="External">The external address.</param>
    /// <param name="Lease">How long it stands; zero when it was lost or given back.</param>
    /// <param name="Detail">Why it was lost, or empty.</param>
    public sealed record Mapping(string Protocol, Multiaddr External, TimeSpan Lease, string Detail) : NodeEvent("mapping");

    /// <summary>What is known of the NAT, for one IP version and transport protocol, has changed.</summary>
    public sealed record Nat(NatReport Report) : NodeEvent("nat");

    /// <summary>The machine's network changed.</summary>
    /// <param name="What">What did, in words for a person, a line each.</param>
    public sealed record NetworkChanged(IReadOnlyList<string> What) : NodeEvent("network-changed");

    /// <summary>Something went wrong that a person should know, in one line that says what to do.</summary>
    public sealed record Error(string What) : NodeEvent("error");
}
