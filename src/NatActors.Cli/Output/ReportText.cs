using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using NatActors.Hosting.Reports;
using NatActors.Multiformats;

namespace NatActors.Cli.Output;

/// <summary>A report for a person at home: the answer first, then what to do, then everything it stands on. At most 80 columns wide.</summary>
public static partial class ReportText
{
    /// <summary>Connections that are listed; a relay has thousands.</summary>
    private const int ListedConnections = 20;

    /// <summary>Earlier verdicts that are listed.</summary>
    private const int ListedChanges = 4;

    /// <summary>The whole text.</summary>
    public static string Of(ReportDocument report)
    {
        ArgumentNullException.ThrowIfNull(report);
        var page = new TextPage();
        Answer(page, report);
        Advice(page, report);
        Node(page, report);
        Network(page, report);
        Witnesses(page, report);
        Nat(page, report);
        PortMapping(page, report);
        Addresses(page, report);
        Relays(page, report);
        Connections(page, report);
        Punches(page, report);
        return page.ToString();
    }

    private static void Answer(TextPage page, ReportDocument report)
    {
        page.Section("Can others reach this node?");
        page.Line(ReportWords.Verdict(report));
        foreach (var reason in report.Reachability.Reasons)
        {
            page.Point(Short(reason));
        }

        if (HasNobodyToAsk(report))
        {
            page.Line("Nobody was asked: name a peer or two that anybody can reach, each ending in its peer id, for example "
                + "--bootstrap /ip4/203.0.113.7/tcp/4001/p2p/12D3KooW... (any libp2p peer will do; a relay is best).");
        }
    }

    private static bool HasNobodyToAsk(ReportDocument report) =>
        report is { Bootstrap.Count: 0, ConnectionCount: 0, Relays.Count: 0 };

    private static void Advice(TextPage page, ReportDocument report)
    {
        // That nobody was asked is said above, with what to type.
        var advice = report.Advice.Where(a => a.Topic != "no-peers" || !HasNobodyToAsk(report)).Select(a => a.Text).Concat(report.Errors).ToList();
        if (advice.Count + report.Unanswered.Count == 0)
        {
            return;
        }

        page.Section("What to do");
        foreach (var line in advice)
        {
            page.Point(Short(line));
        }

        if (report.Unanswered.Count > 0)
        {
            page.Point($"These parts of the node did not answer in time, so what they know is missing: {string.Join(", ", report.Unanswered)}. "
                + "Ask again; if it stays so, look at the log.");
        }
    }

    private static void Node(TextPage page, ReportDocument report)
    {
        page.Section("This node");
        page.Line("peer id", report.PeerId);
        page.Line("program", report.Agent + (report.Temporary ? ", started for this report" : ""));
        page.Lines("listens on", BeyondThisMachine(report.Listening), "nothing: it only dials");
        if (report.Resources.MaxMemory > 0)
        {
            page.Line("holds", ReportWords.Holds(report.Resources));
        }

        if (report.Resources.Refused + report.Resources.Evicted > 0)
        {
            page.Under(ReportWords.Refused(report.Resources));
        }
    }

    private static void Network(TextPage page, ReportDocument report)
    {
        page.Section("Network of this machine");
        foreach (var card in report.Interfaces.Where(i => i.Addresses.Count == 0 || !i.Addresses.All(a => IPAddress.IsLoopback(IPAddress.Parse(a)))))
        {
            page.Lines(card.Name, card.Addresses, "no address");
        }

        page.Lines(
            "router", [.. report.Gateways.Select(g => $"{g.Gateway} (by {g.Interface})")], "none is known: this machine has no way out of its own network");
        if (report.KeepAlive.Count > 0)
        {
            page.Lines("keep-alive", report.KeepAlive, "");
        }
    }

    private static void Witnesses(TextPage page, ReportDocument report)
    {
        page.Section("What other peers see", "the address that this node's connections come from");
        if (report.Witnesses.Count == 0)
        {
            page.Line("Nobody has told yet.");
        }

        foreach (var witness in report.Witnesses)
        {
            page.Line(ShortId(witness.Peer), $"sees {Short(witness.Observed)}, from {Short(witness.From)}" + (witness.Note.Length == 0 ? "" : $": {witness.Note}"));
        }
    }

    private static void Nat(TextPage page, ReportDocument report)
    {
        page.Section("NAT", "how the router translates between this network and the outside");
        if (report.Nat.Count == 0)
        {
            page.Line("Not known: that takes the word of several peers.");
        }

        foreach (var nat in report.Nat)
        {
            page.Line(ReportWords.Protocol(nat), $"mapping: {ReportWords.Mapping(nat)}");
            if (nat.Filtering != "unknown" || nat.Mapping is not ("none" or "unknown"))
            {
                page.Under($"filtering: {ReportWords.Filtering(nat.Filtering)}");
            }

            foreach (var line in ReportWords.Traits(nat).Concat(nat.Reasons))
            {
                page.PointUnder(Short(line));
            }
        }
    }

    private static void PortMapping(TextPage page, ReportDocument report)
    {
        page.Section("Port forwarding", "the router lets others in at a port, when asked");
        if (!report.PortMapping.Enabled)
        {
            page.Line("Switched off on this node.");
            return;
        }

        if (report.PortMapping.Protocols.Count == 0)
        {
            page.Line(report.Unanswered.Contains("port mapping") ? "Not known." : "No router answers to UPnP, NAT-PMP or PCP.");
        }

        foreach (var protocol in report.PortMapping.Protocols)
        {
            var product = protocol.Product.Length == 0 ? "" : $" ({protocol.Product})";
            var outside = protocol.External is { } external ? $", says that its outside address is {external}" : "";
            page.Line(ReportWords.MappingProtocol(protocol.Protocol), $"answers at {protocol.Gateway}{product}{outside}" + Colon(protocol.Problem));
        }

        foreach (var mapping in report.PortMapping.Mappings)
        {
            page.Line(
                "forwards", $"{mapping.External} to {mapping.Internal} for {ReportWords.Span(mapping.LeaseSeconds)} ({ReportWords.MappingProtocol(mapping.Protocol)})");
        }
    }

    private static void Addresses(TextPage page, ReportDocument report)
    {
        page.Section("Addresses", "whether strangers can connect to each");
        if (report.Reachability.Addresses.Count == 0)
        {
            page.Line("None that a stranger could try is known.");
        }

        foreach (var address in report.Reachability.Addresses)
        {
            Address(page, report, address);
        }

        // What they said of an address stands there.
        var told = report.Reachability.Addresses.SelectMany(a => a.Witnesses).Select(w => w.Server).ToHashSet();
        foreach (var servers in report.AutoNatServers.GroupBy(s => (s.Protocol, Answer: told.Contains(s.Peer) ? "" : s.LastAnswer)))
        {
            page.Line("asks", $"{string.Join(", ", servers.Select(s => ShortId(s.Peer)))} (AutoNAT {servers.Key.Protocol})" + Colon(servers.Key.Answer));
        }
    }

    private static void Address(TextPage page, ReportDocument report, AddressEntry address)
    {
        // The first change is the one to what stands now; its reason is given as that of the verdict.
        var since = address.History is [var last, ..] && last.Verdict == address.Verdict ? $", for {ReportWords.Span(last.SecondsAgo)} now" : "";
        page.Line(ReportWords.Short(address), Short(address.Address) + since);
        foreach (var reason in address.Reasons.Where(r => !report.Reachability.Reasons.Contains($"{address.Address}: {r}")))
        {
            page.PointUnder(Short(reason));
        }

        foreach (var witnesses in address.Witnesses.GroupBy(w => w.Detail.Length == 0 ? w.Outcome : w.Detail))
        {
            var servers = string.Join(", ", witnesses.Select(w => ShortId(w.Server)));
            page.PointUnder($"{ReportWords.Span(witnesses.Min(w => w.SecondsAgo))} ago, {servers}: {Short(witnesses.Key)}");
        }

        foreach (var change in address.History.Skip(since.Length > 0 ? 1 : 0).Take(ListedChanges))
        {
            page.PointUnder($"{ReportWords.Span(change.SecondsAgo)} ago it became {change.Verdict}{Colon(change.Reason)}");
        }
    }

    private static void Relays(TextPage page, ReportDocument report)
    {
        page.Section("Relays", "peers that pass connections on to this node");
        if (report.Relays.Count + report.RelayCandidates.Count == 0)
        {
            page.Line("None is used.");
        }

        foreach (var relay in report.Relays)
        {
            var how = relay.Configured ? "as configured" : "found by itself";
            page.Line(ShortId(relay.Relay), $"{relay.Address.Split("/p2p/")[0]}, {how}" + (relay.LatencyMs is { } ms ? $", {Number(ms)} ms away" : ""));
            page.Under(relay.SecondsLeft is { } left ? $"holds a slot for {ReportWords.Span(left)} more; {ReportWords.Budget(relay)}" : $"no slot{Colon(relay.Problem)}");
        }

        foreach (var candidate in report.RelayCandidates)
        {
            page.Line("not used", Short(candidate));
        }
    }

    private static void Connections(TextPage page, ReportDocument report)
    {
        var relayed = report.RelayedCount == 0 ? "none" : $"{report.RelayedCount}";
        page.Section("Connections", report.ConnectionCount == 0 ? "none" : $"{report.ConnectionCount}, {relayed} of them by way of a relay");
        foreach (var connection in report.Connections.Take(ListedConnections))
        {
            var way = connection.Direction == "inbound" ? "from" : "to";
            page.Line(
                connection.Relayed ? "relayed" : "direct",
                $"{ShortId(connection.Peer)} {way} {Short(connection.Address)}" + (connection.RttMs is { } rtt ? $", {Number(rtt)} ms" : ""));
            if (ReportWords.Left(connection) is { Length: > 0 } left)
            {
                page.Under(left);
            }

            if (connection.Why.Length > 0)
            {
                page.Under($"not direct: {Short(connection.Why)}");
            }
        }

        if (report.ConnectionCount > ListedConnections)
        {
            page.Line("...", $"and {report.ConnectionCount - ListedConnections} more");
        }
    }

    private static void Punches(TextPage page, ReportDocument report)
    {
        if (report.Punches.Count == 0)
        {
            return;
        }

        page.Section("Last hole punches", "attempts to turn relayed connections into direct ones");
        foreach (var punch in report.Punches)
        {
            page.Line(
                ShortId(punch.Peer),
                $"{ReportWords.Ago(punch.Time, report.Time)}: {punch.Outcome} after {Number(punch.Ms)} ms in round {punch.Round}" + Colon(punch.Reason));
        }
    }

    /// <summary>Without those that only this machine itself reaches, where there are others.</summary>
    private static List<string> BeyondThisMachine(IReadOnlyList<string> addresses)
    {
        var beyond = addresses.Where(a => !(Multiaddr.TryParse(a, out var address) && address.Host is { } ip && IPAddress.IsLoopback(ip))).ToList();
        return beyond.Count > 0 ? beyond : [.. addresses];
    }

    private static string Colon(string text) => text.Length == 0 ? "" : $": {Short(text)}";

    private static string Number(double number) => number.ToString(number < 10 ? "0.#" : "0", CultureInfo.InvariantCulture);

    /// <summary>The last characters of a peer id, enough to tell peers apart.</summary>
    private static string ShortId(string peer) => peer.Length > 10 ? $"…{peer[^8..]}" : peer;

    /// <summary>Long peer ids are for copying; here lines shall fit. The whole ones are in the JSON form.</summary>
    private static string Short(string text) => PeerIds().Replace(text, id => ShortId(id.Value));

    [GeneratedRegex("(12D3KooW|Qm|16Uiu2HA)[1-9A-HJ-NP-Za-z]{30,}")]
    private static partial Regex PeerIds();
}
