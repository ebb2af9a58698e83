using System.Globalization;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Protocols.Addresses;

namespace NatActors.Cli.Output;

/// <summary>The fields of each event, by their stable names, in the order of the table in README.md.</summary>
public static class EventFields
{
    /// <summary>The fields after <c>event</c> and <c>time</c>: strings, numbers, booleans, null, or lists of strings.</summary>
    public static IReadOnlyList<(string Name, object? Value)> Of(NodeEvent happened) => happened switch
    {
        NodeEvents.Listening e => [("peerId", Text(e.PeerId)), ("addrs", Texts(e.Addresses))],
        NodeEvents.Connected e =>
        [
            ("peer", Text(e.Peer)), ("addr", Text(e.Address)), ("direction", Lower(e.Direction)), ("relayed", e.Relayed),
            ("transport", e.Transport), ("portReused", e.PortReused),
        ],
        NodeEvents.Disconnected e => [("peer", Text(e.Peer)), ("addr", Text(e.Address)), ("relayed", e.Relayed), ("reason", e.Reason)],
        NodeEvents.Identified e =>
        [
            ("peer", Text(e.Peer)), ("agent", e.Agent), ("observed", Text(e.Observed)), ("protocols", e.Protocols),
        ],
        NodeEvents.Reserved e => [("relay", Text(e.Relay)), ("expires", Rfc3339(e.Expires)), ("addrs", Texts(e.Addresses))],
        NodeEvents.ReservationLost e => [("relay", Text(e.Relay)), ("reason", e.Reason)],
        NodeEvents.PunchStarted e => [("peer", Text(e.Peer)), ("round", e.Round)],
        NodeEvents.PunchEnded e =>
        [
            ("peer", Text(e.Peer)), ("outcome", Lower(e.Outcome)), ("round", e.Round), ("ms", Milliseconds(e.Duration)), ("reason", e.Reason),
        ],
        NodeEvents.Pinged e => [("peer", Text(e.Peer)), ("ms", Milliseconds(e.RoundTripTime)), ("relayed", e.Relayed)],
        NodeEvents.PerfMeasured e =>
        [
            ("peer", Text(e.Peer)), ("relayed", e.Relayed), ("uploadBytes", e.UploadBytes), ("uploadMs", Milliseconds(e.UploadTime)),
            ("downloadBytes", e.DownloadBytes), ("downloadMs", Milliseconds(e.DownloadTime)),
        ],
        NodeEvents.Observed e => [("addr", Text(e.Address)), ("observers", e.Observers), ("active", e.Active)],
        NodeEvents.ReachabilityChanged e =>
        [
            ("verdict", Lower(e.Verdict)), ("filteringProven", e.FilteringProven), ("reasons", e.Reasons),
        ],
        NodeEvents.AddressConfirmed e => [("addr", Text(e.Address)), ("reason", e.Reason)],
        NodeEvents.AddressLost e => [("addr", Text(e.Address)), ("reason", e.Reason)],
        NodeEvents.Mapping e =>
        [
            ("protocol", e.Protocol), ("external", Text(e.External)), ("lease", Math.Round(e.Lease.TotalSeconds)), ("detail", e.Detail),
        ],
        NodeEvents.Nat e => NatFields(e.Report),
        NodeEvents.NetworkChanged e => [("what", e.What)],
        NodeEvents.Error e => [("what", e.What)],
        _ => [],
    };

    /// <summary>RFC 3339 in UTC with milliseconds.</summary>
    public static string Rfc3339(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static IReadOnlyList<(string Name, object? Value)> NatFields(NatReport nat) =>
    [
        ("family", Lower(nat.Family)), ("protocol", Lower(nat.Protocol)), ("mapping", NatReport.Describe(nat.Mapping)),
        ("filtering", NatReport.Describe(nat.Filtering)), ("portPreserved", Lower(nat.PortPreserved)), ("hairpin", Lower(nat.Hairpin)),
        ("doubleNat", Lower(nat.DoubleNat)), ("portStep", nat.PortStep), ("reasons", nat.Reasons),
    ];

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);

    private static string? Text(object? value) => value?.ToString();

    private static string[] Texts(IReadOnlyList<Multiaddr> addresses) => [.. addresses.Select(a => a.ToString())];

    private static string Lower(Enum value) => value.ToString().ToLowerInvariant();
}
