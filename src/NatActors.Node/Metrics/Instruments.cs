using System.Diagnostics.Metrics;

namespace NatActors.Node.Metrics;

/// <summary>
/// Every instrument of the meter <see cref="MeterName"/>, with its unit and tags: the table in README.md is this. Names and units follow
/// OpenTelemetry. Every measurement has the tag <c>node</c>, the peer id of the node that it is about, so that several nodes in one process
/// can be told apart; no tag names another peer or an address, so that a remote never chooses how many series there are.
/// </summary>
public static class Instruments
{
    /// <summary>The meter's name, for <c>AddMeter</c> of OpenTelemetry or <c>dotnet-counters --counters</c>.</summary>
    public const string MeterName = "NatActors";

    /// <summary>Connections that are up. Tags: direction (inbound, outbound), transport (tcp, quic, relay).</summary>
    public const string Connections = "natactors.connections";

    /// <summary>Connections that came up. Tags as <see cref="Connections"/>.</summary>
    public const string ConnectionsOpened = "natactors.connections.opened";

    /// <summary>Connections that had been up and are gone. Tags as <see cref="Connections"/>.</summary>
    public const string ConnectionsClosed = "natactors.connections.closed";

    /// <summary>
    /// Inbound connections that were refused. Tags: reason (too-many-connections, too-many-pending, too-many-from-network,
    /// too-fast-from-network, too-many-to-peer; displaced for one that lost its place while in its handshake).
    /// </summary>
    public const string ConnectionsRefused = "natactors.connections.refused";

    /// <summary>
    /// How long dials of a peer took, over all its addresses. Tags: outcome (connected, no-address, all-failed, handshake-failed, refused,
    /// cancelled).
    /// </summary>
    public const string DialDuration = "natactors.dial.duration";

    /// <summary>
    /// How long hole punches took from their first round. Tags: outcome (direct, relayed, cancelled), round (the last one, 0 where none began).
    /// </summary>
    public const string PunchDuration = "natactors.punch.duration";

    /// <summary>1 for the verdict that stands, 0 for the others. Tags: verdict (public, public-unproven, private, unknown).</summary>
    public const string Reachability = "natactors.reachability";

    /// <summary>Changes of the verdict. Tags: verdict, the new one.</summary>
    public const string ReachabilityChanges = "natactors.reachability.changes";

    /// <summary>Addresses that are proven to be dialable.</summary>
    public const string AddressesConfirmed = "natactors.addresses.confirmed";

    /// <summary>Questions to AutoNAT servers that have ended. Tags: outcome (reached, reached-by-stranger, not-reached, …).</summary>
    public const string Probes = "natactors.autonat.probes";

    /// <summary>
    /// Dial-backs for others. Tags: outcome (reached, dial-error, dial-back-error, not-tried; refused where the client was over its limit).
    /// </summary>
    public const string DialBacks = "natactors.autonat.dialbacks";

    /// <summary>Port mappings that routers hold for this node. Tags: protocol (upnp-igd1, upnp-igd2, nat-pmp, pcp).</summary>
    public const string Mappings = "natactors.port_mappings";

    /// <summary>Slots that relays hold for this node.</summary>
    public const string Reservations = "natactors.relay.reservations";

    /// <summary>Slots that were lost.</summary>
    public const string ReservationsLost = "natactors.relay.reservations.lost";

    /// <summary>The relay server's answers to reservations. Tags: outcome (ok, or the status of circuit relay v2 in lower case).</summary>
    public const string ServerReservations = "natactors.relay.server.reservations";

    /// <summary>Circuits that are open through this relay server.</summary>
    public const string ServerCircuits = "natactors.relay.server.circuits";

    /// <summary>The relay server's answers to circuits asked for. Tags: outcome (ok, or the status in lower case).</summary>
    public const string ServerCircuitRequests = "natactors.relay.server.circuits.requests";

    /// <summary>Bytes that circuits carried through this relay server, both ways.</summary>
    public const string ServerIo = "natactors.relay.server.io";

    /// <summary>Bytes of the muxed connections before encryption. Tags: direction (sent, received), path (direct, relayed).</summary>
    public const string Io = "natactors.io";

    /// <summary>Bytes held for peers: received and not read, written and not taken, handshakes.</summary>
    public const string ResourceMemory = "natactors.resources.memory";

    /// <summary>The most that may be held for peers.</summary>
    public const string ResourceMemoryLimit = "natactors.resources.memory.limit";

    /// <summary>Streams that are open, those in their negotiation included. Tags: direction (inbound, outbound).</summary>
    public const string ResourceStreams = "natactors.resources.streams";

    /// <summary>
    /// What was refused because a scope was full. Tags: scope (system, transient, protocol, protocol-peer, peer, connection, stream), resource
    /// (memory, streams, inbound-streams, connections, inbound-connections).
    /// </summary>
    public const string ResourcesRefused = "natactors.resources.refused";

    /// <summary>Streams and connections that were ended to make room for a peer that held less. Tags as <see cref="ResourcesRefused"/>.</summary>
    public const string ResourcesEvicted = "natactors.resources.evicted";

    private static readonly Meter Meter = new(MeterName, typeof(Instruments).Assembly.GetName().Version?.ToString(3));

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        // From a dial on the local network to three rounds of a punch that wait everything out.
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30],
    };

    internal static readonly Counter<long> OpenedCounter =
        Meter.CreateCounter<long>(ConnectionsOpened, "{connection}", "Connections that came up.");

    internal static readonly Counter<long> ClosedCounter =
        Meter.CreateCounter<long>(ConnectionsClosed, "{connection}", "Connections that had been up and are gone.");

    internal static readonly Counter<long> RefusedCounter =
        Meter.CreateCounter<long>(ConnectionsRefused, "{connection}", "Inbound connections that were refused.");

    internal static readonly Histogram<double> DialHistogram =
        Meter.CreateHistogram(DialDuration, "s", "How long dials of a peer took, over all its addresses.", null, Seconds);

    internal static readonly Histogram<double> PunchHistogram =
        Meter.CreateHistogram(PunchDuration, "s", "How long hole punches took from their first round.", null, Seconds);

    internal static readonly Counter<long> VerdictCounter =
        Meter.CreateCounter<long>(ReachabilityChanges, "{change}", "Changes of the verdict whether strangers can dial this node.");

    internal static readonly Counter<long> ProbeCounter =
        Meter.CreateCounter<long>(Probes, "{probe}", "Questions to AutoNAT servers that have ended.");

    internal static readonly Counter<long> DialBackCounter =
        Meter.CreateCounter<long>(DialBacks, "{dialback}", "Dial-backs for others, and refusals.");

    internal static readonly Counter<long> LostCounter =
        Meter.CreateCounter<long>(ReservationsLost, "{reservation}", "Slots at relays that were lost.");

    internal static readonly Counter<long> ServerReservationCounter =
        Meter.CreateCounter<long>(ServerReservations, "{request}", "The relay server's answers to reservations.");

    internal static readonly Counter<long> ServerCircuitCounter =
        Meter.CreateCounter<long>(ServerCircuitRequests, "{request}", "The relay server's answers to circuits asked for.");

    internal static readonly Counter<long> ResourceRefusedCounter =
        Meter.CreateCounter<long>(ResourcesRefused, "{request}", "What was refused because a scope of resources was full.");

    internal static readonly Counter<long> ResourceEvictedCounter = Meter.CreateCounter<long>(
        ResourcesEvicted, "{victim}", "Streams and connections that were ended to make room for a peer that held less.");

    /// <summary>The instruments that are read, not told: each asks the nodes that run.</summary>
    static Instruments()
    {
        Meter.CreateObservableUpDownCounter(
            Connections, () => OfAll(node => node.ObserveConnections()), "{connection}", "Connections that are up.");
        Meter.CreateObservableGauge(
            Reachability, () => OfAll(node => node.ObserveVerdict()), "1", "1 for the verdict that stands, 0 for the others.");
        Meter.CreateObservableUpDownCounter(
            AddressesConfirmed, () => OfAll(node => node.ObserveConfirmed()), "{address}", "Addresses that are proven to be dialable.");
        Meter.CreateObservableUpDownCounter(
            Mappings, () => OfAll(node => node.ObserveMappings()), "{mapping}", "Port mappings that routers hold for this node.");
        Meter.CreateObservableUpDownCounter(
            Reservations, () => OfAll(node => node.ObserveReservations()), "{reservation}", "Slots that relays hold for this node.");
        Meter.CreateObservableUpDownCounter(
            ServerCircuits, () => OfAll(node => node.ObserveCircuits()), "{circuit}", "Circuits that are open through this relay server.");
        Meter.CreateObservableCounter(
            ServerIo, () => OfAll(node => node.ObserveCircuitBytes()), "By", "Bytes that circuits carried through this relay server, both ways.");
        Meter.CreateObservableUpDownCounter(
            ResourceMemory, () => OfAll(node => node.ObserveMemory()), "By", "Bytes held for peers.");
        Meter.CreateObservableGauge(
            ResourceMemoryLimit, () => OfAll(node => node.ObserveMemoryLimit()), "By", "The most that may be held for peers.");
        Meter.CreateObservableUpDownCounter(
            ResourceStreams, () => OfAll(node => node.ObserveStreams()), "{stream}", "Streams that are open.");
        Meter.CreateObservableCounter(
            Io, () => OfAll(node => node.ObserveBytes()), "By", "Bytes of the muxed connections before encryption.");
    }

    /// <summary>Makes the instruments known to whoever listens, if they are not yet.</summary>
    internal static void Publish() => System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(Instruments).TypeHandle);

    private static IEnumerable<Measurement<long>> OfAll(Func<NodeMetrics, IEnumerable<Measurement<long>>> read) =>
        NodeMetrics.Running.SelectMany(read);
}
