using NatActors.Node;
using NatActors.Node.Report;
using NatActors.Protocols.AutoNat;

namespace NatActors.Cli.Commands;

/// <summary>Watches a young node until its report is settled: everything known that will be, and nothing new for a while.</summary>
internal sealed class Examination(INatNode node, TimeProvider clock)
{
    /// <summary>From one look to the next.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// The shortest time: routers have 2 s to answer a search (UPnP Device Architecture 1.3.2, MX), and peers a first round of questions.
    /// </summary>
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(4);

    /// <summary>How long nothing may have changed.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1.5);

    /// <summary>The report when it is settled, or as it is at the end of the time.</summary>
    public async Task<NodeReport> RunAsync(TimeSpan most, CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        var (seen, since) = ("", TimeSpan.Zero);
        while (true)
        {
            var report = await node.GetReportAsync(cancellationToken);
            var now = clock.GetElapsedTime(start);
            if (Essence(report) is var essence && essence != seen)
            {
                (seen, since) = (essence, now);
            }

            if (now >= most || (now >= Least && now - since >= Quiet && IsSettled(report)))
            {
                return report;
            }

            await Task.Delay(most - now < Pause ? most - now : Pause, clock, cancellationToken);
        }
    }

    /// <summary>True when nothing more is to be expected soon.</summary>
    internal static bool IsSettled(NodeReport report)
    {
        var options = report.Options;
        var hasPeers = options.Bootstrap.Count + options.Relays.Count + options.Dial.Count > 0;
        if (!hasPeers)
        {
            // Nobody will ever be asked.
            return true;
        }

        if (report.Unanswered.Count > 0 || report.Reachability.Verdict == Reachability.Unknown
            || report.Reachability.Addresses.Any(a => a.Verdict == Reachability.Unknown))
        {
            return false;
        }

        var wantsRelays = report.Reachability.Verdict == Reachability.Private && options.AutoRelay.Relays > 0;
        return !wantsRelays || report.Relays.Any(r => r.Expires is not null);
    }

    /// <summary>What of a report a person would call a change.</summary>
    private static string Essence(NodeReport report) => string.Join('|', [
        report.Reachability.Text,
        .. report.Reachability.Addresses.Select(a => $"{a.Address} {a.Verdict} {a.FilteringProven}"),
        .. report.Nat.Select(n => $"{n.Family} {n.Protocol} {n.Mapping} {n.Filtering} {n.Hairpin} {n.DoubleNat}"),
        .. report.MappingProtocols.Select(p => $"{p.Protocol} {p.Gateway} {p.Problem}"),
        .. report.Mappings.Select(m => $"{m.Protocol} {m.External}"),
        .. report.Relays.Select(r => $"{r.Relay} {r.Expires is not null}"),
        $"{report.Witnesses.Count} {report.AutoNatServers.Count}",
    ]);
}
