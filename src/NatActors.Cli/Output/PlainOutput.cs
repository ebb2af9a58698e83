using System.Globalization;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;

namespace NatActors.Cli.Output;

/// <summary>One line an event, for people and pipes.</summary>
/// <param name="output">Gets the lines.</param>
/// <param name="errors">Gets the complaints.</param>
/// <param name="brief">Only what concerns the path to a peer and what was asked of it.</param>
public sealed class PlainOutput(TextWriter output, TextWriter errors, bool brief = false) : IEventOutput
{
    private readonly Lock _gate = new();
    private readonly Repetitions _told = new();

    /// <inheritdoc />
    public void OnNext(NodeEvent value)
    {
        if (value is NodeEvents.Error error)
        {
            Complain(error.What);
            return;
        }

        if (_told.Contain(value) || (brief && !ConcernsThePath(value)))
        {
            return;
        }

        // Why it is not direct is said at the end.
        var told = brief && value is NodeEvents.PunchEnded { Outcome: not PunchOutcome.Direct } punch ? punch with { Reason = "" } : value;
        foreach (var line in Lines(told))
        {
            Say($"{value.Time.ToLocalTime():HH:mm:ss.fff}  {line}");
        }
    }

    /// <inheritdoc />
    public void OnCompleted()
    {
    }

    /// <inheritdoc />
    public void OnError(Exception error) => Complain(error.Message);

    /// <inheritdoc />
    public void Say(string line)
    {
        lock (_gate)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }

    /// <inheritdoc />
    public void Complain(string line)
    {
        lock (_gate)
        {
            errors.WriteLine(line);
        }
    }

    /// <summary>An event in words.</summary>
    public static IEnumerable<string> Lines(NodeEvent happened)
    {
        switch (happened)
        {
            case NodeEvents.Listening e:
                yield return $"peer id {e.PeerId}";
                foreach (var address in e.Addresses)
                {
                    yield return $"listening on {address}";
                }

                break;
            case NodeEvents.Reserved e:
                yield return $"reserved a slot at relay {Short(e.Relay)} until {e.Expires.ToLocalTime():HH:mm:ss}";
                foreach (var address in e.Addresses)
                {
                    yield return $"reachable at {address}";
                }

                break;
            case NodeEvents.Nat { Report: { Mapping: NatMapping.Unknown, Filtering: NatFiltering.Unknown } }:
                // Nothing is known yet.
                break;
            default:
                yield return Line(happened);
                break;
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The last characters of a peer id, enough to tell peers apart on a screen.</summary>
    public static string Short(PeerId peer)
    {
        var text = peer.ToString();
        return text.Length > 10 ? $"…{text[^8..]}" : text;
    }

    private static bool ConcernsThePath(NodeEvent happened) => happened is NodeEvents.Connected or NodeEvents.PunchStarted or NodeEvents.PunchEnded
        or NodeEvents.Pinged or NodeEvents.PerfMeasured or NodeEvents.NetworkChanged;

    private static string Line(NodeEvent happened) => happened switch
    {
        NodeEvents.Connected e => $"connected {Arrow(e.Direction)} {Short(e.Peer)} {Path(e.Relayed)} {e.Address.WithoutPeerId()}",
        NodeEvents.Disconnected e => $"disconnected from {Short(e.Peer)} ({Path(e.Relayed)}): {e.Reason}",
        NodeEvents.Identified e => $"{Short(e.Peer)} is {e.Agent}{(e.Observed is null ? "" : $" and sees us at {e.Observed.WithoutPeerId()}")}",
        NodeEvents.ReservationLost e => $"lost the slot at relay {Short(e.Relay)}: {e.Reason}",
        NodeEvents.PunchStarted e => $"punching a hole towards {Short(e.Peer)}, round {e.Round}",
        NodeEvents.PunchEnded e => $"punch with {Short(e.Peer)}: {e.Outcome.ToString().ToLowerInvariant()} after {Math.Round(e.Duration.TotalMilliseconds):0} ms in round {e.Round}"
            + (e.Reason.Length == 0 ? "" : $": {e.Reason}"),
        NodeEvents.Pinged e => $"pong from {Short(e.Peer)} {Path(e.Relayed)} {Ms(e.RoundTripTime)}",
        NodeEvents.PerfMeasured e => $"{Path(e.Relayed)}: {Rate("up", e.UploadBytes, e.UploadTime)}, {Rate("down", e.DownloadBytes, e.DownloadTime)}",
        NodeEvents.Observed e => e.Observers == 0 ? $"nobody sees us at {e.Address} any more" : $"seen at {e.Address} by {Count(e.Observers, "peer")}",
        NodeEvents.ReachabilityChanged e => $"reachability: {NodeVerdict.Describe(e.Verdict, e.FilteringProven)}" + Because(e.Reasons),
        NodeEvents.AddressConfirmed e => $"can be dialed at {e.Address}: {e.Reason}",
        NodeEvents.AddressLost e => $"can no longer be dialed at {e.Address}: {e.Reason}",
        NodeEvents.Mapping { Lease.Ticks: > 0 } e => $"the router forwards {e.External} here for {e.Lease.TotalMinutes:0} min ({e.Protocol})",
        NodeEvents.Mapping e => $"the router no longer forwards {e.External} ({e.Protocol}): {e.Detail}",
        NodeEvents.Nat e => $"NAT for {ReportWords.Protocol($"{e.Report.Family}", $"{e.Report.Protocol}")}: mapping {NatReport.Describe(e.Report.Mapping)}, filtering {NatReport.Describe(e.Report.Filtering)}",
        NodeEvents.NetworkChanged e => $"the network changed: {string.Join("; ", e.What)}",
        NodeEvents.Error e => $"error: {e.What}",
        _ => happened.Name,
    };

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    private static string Because(IReadOnlyList<string> reasons) => reasons.Count == 0 ? "" : $" ({string.Join("; ", reasons)})";

    private static string Arrow(ConnectionDirection direction) => direction == ConnectionDirection.Outbound ? "to" : "from";

    private static string Path(bool relayed) => relayed ? "relayed" : "direct";

    private static string Ms(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.###} ms");

    private static string Rate(string way, long bytes, TimeSpan time) => string.Create(
        CultureInfo.InvariantCulture,
        $"{way} {bytes:N0} bytes in {time.TotalMilliseconds:0} ms ({bytes / 1048576.0 / Math.Max(time.TotalSeconds, 1e-9):0.0} MiB/s)");
}
