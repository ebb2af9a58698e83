using System.Net;
using NatActors.Multiformats;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.Connections;

namespace NatActors.Node.Report;

/// <summary>What a report says, as the facts that advice is made from.</summary>
internal static class ReportAdvice
{
    /// <summary>One line for each thing that is wrong; none when nothing is.</summary>
    public static IReadOnlyList<AdviceLine> For(NodeReport report) => Advice.For(Facts(report));

    /// <summary>The facts of a report.</summary>
    public static AdviceFacts Facts(NodeReport report)
    {
        var witnesses = report.Witnesses.Where(w => w.Note.Length == 0 && AddressScope.IsPublic(w.From) && AddressScope.IsPublic(w.Observed)).ToList();
        var direct = report.Connections.Select(c => c.Status.Connection).Where(c => !c.Relayed).ToList();
        var leaving = direct.Where(c => c.Direction == ConnectionDirection.Outbound && AddressScope.IsPublic(c.RemoteAddress)).ToList();
        return new AdviceFacts
        {
            Verdict = report.Reachability,
            Listening = [.. report.Listening.Select(a => a.WithoutPeerId())],
            Interfaces = [.. report.Network.Interfaces.SelectMany(i => i.Addresses)],
            HasGateway = report.Network.Gateways.Count > 0 || report.Network.Interfaces.Count == 0,
            Peers = report.Connections.Select(c => c.Status.Connection.Peer).Distinct().Count(),
            Observed = [.. report.Addresses.Observed.Concat(report.Addresses.ForHolePunch).Concat(witnesses.Select(w => w.Observed)).Distinct()],
            Observers = witnesses.Select(w => w.From.Host).OfType<IPAddress>().Select(AddressPrefix.Observer).Distinct().Count(),

            // One that was dialed anew from a fresh port, to get out of a peer's way, is no sign of anything.
            LeavesFromOtherPorts = leaving.Count > 0 && leaving.TrueForAll(c => !c.PortReused),
            Nat = report.Nat,
            AsksRouters = report.Options.PortMapping,
            Routers = [.. report.MappingProtocols.Select(p => new AdviceRouter(p.Protocol, Parse(p.External), p.Problem))],
            Mapped = [.. report.Mappings.Select(m => m.External)],
            Servers = report.AutoNatServers.Count,
            Relays = report.Relays.Count(r => r.Expires is not null),
            RelaysWanted = report.Options.AutoRelay.Relays + report.Options.Relays.Count,
            RelayProblems = [.. report.Relays.Select(r => r.Problem).Where(p => p.Length > 0), .. report.RelayCandidates],
            Relayed = [.. Relayed(report, direct.Select(c => c.Peer).ToHashSet())],
        };
    }

    private static IEnumerable<(PeerId Peer, string Reason)> Relayed(NodeReport report, HashSet<PeerId> direct) =>
        from connection in report.Connections
        let peer = connection.Status.Connection.Peer
        where connection.WhyRelayed.Length > 0 && !direct.Contains(peer)
        group connection.WhyRelayed by peer into of
        select (of.Key, of.First());

    private static IPAddress? Parse(string? address) => IPAddress.TryParse(address, out var parsed) ? parsed : null;
}
