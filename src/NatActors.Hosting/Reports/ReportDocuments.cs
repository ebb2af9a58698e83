using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using NatActors.Node;
using NatActors.Node.Report;
using NatActors.Node.Resources;
using NatActors.Protocols.Addresses;
using NatActors.Protocols.AutoNat;

namespace NatActors.Hosting.Reports;

/// <summary>Makes documents of reports.</summary>
public static class ReportDocuments
{
    /// <summary>The connections that a document lists at most: a relay may have thousands, and a document is read whole.</summary>
    public const int MaxConnections = 200;

    /// <summary>How documents are written and read: camel case, text as it is.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The document of a report.</summary>
    public static ReportDocument Of(NodeReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new ReportDocument
        {
            PeerId = report.Self.ToString(),
            Agent = report.Agent,
            Time = Rfc3339(report.Time),
            Listening = [.. report.Listening.Select(a => a.WithoutPeerId().ToString())],
            Interfaces = [.. report.Network.Interfaces.Select(i => new InterfaceEntry(i.Name, [.. i.Addresses.Select(a => a.ToString())]))],
            Gateways = [.. report.Network.Gateways.Select(g => new GatewayEntry(g.Interface, g.Gateway.ToString()))],
            KeepAlive = report.KeepAlive,
            Bootstrap = [.. report.Options.Bootstrap.Select(a => a.ToString())],
            Witnesses = [.. report.Witnesses.Select(w => new WitnessEntry(w.Peer.ToString(), w.From.ToString(), w.Observed.ToString(), w.Note))],
            Nat = [.. report.Nat.Select(Nat)],
            PortMapping = Mapping(report),
            Reachability = Verdict(report),
            AutoNatServers = [.. report.AutoNatServers.Select(s => new ServerEntry(s.Peer.ToString(), s.Protocol, s.LastAnswer))],
            Relays = [.. report.Relays.Select(r => Relay(r, report.Time))],
            RelayCandidates = report.RelayCandidates,
            ConnectionCount = report.Connections.Count,
            RelayedCount = report.Connections.Count(c => c.Status.Connection.Relayed),
            Connections = [.. report.Connections.Take(MaxConnections).Select(Connection)],
            Resources = Resources(report.Resources),
            Punches = [.. report.Punches.Select(Punch)],
            Advice = [.. report.Advice.Select(a => new AdviceEntry(JsonNamingPolicy.KebabCaseLower.ConvertName(a.Topic.ToString()), a.Text))],
            Unanswered = report.Unanswered,
        };
    }

    /// <summary>RFC 3339 in UTC with milliseconds.</summary>
    public static string Rfc3339(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static NatEntry Nat(NatReport nat) => new()
    {
        Family = Lower(nat.Family),
        Protocol = Lower(nat.Protocol),
        Mapping = NatReport.Describe(nat.Mapping),
        Filtering = NatReport.Describe(nat.Filtering),
        PortPreserved = Lower(nat.PortPreserved),
        Hairpin = Lower(nat.Hairpin),
        DoubleNat = Lower(nat.DoubleNat),
        PortStep = nat.PortStep,
        Reasons = nat.Reasons,
    };

    private static MappingEntry Mapping(NodeReport report) => new()
    {
        Enabled = report.Options.PortMapping,
        Protocols = [.. report.MappingProtocols.Select(p => new MappingProtocolEntry(p.Protocol, p.Gateway, p.Product, p.External, p.Problem))],
        Mappings =
        [
            .. report.Mappings.Select(m => new ForwardEntry(m.Protocol, m.Internal.ToString(), m.External.ToString(), Math.Round(m.Lease.TotalSeconds))),
        ],
    };

    private static VerdictEntry Verdict(NodeReport report)
    {
        var verdict = report.Reachability;
        return new VerdictEntry
        {
            Verdict = Lower(verdict.Verdict),
            FilteringProven = verdict.FilteringProven,
            Reasons = verdict.Reasons,
            Addresses = [.. verdict.Addresses.Select(a => Address(a, report.Clock))],
            History = [.. verdict.History.Select(c => Change(c, report.Clock))],
        };
    }

    private static AddressEntry Address(AddressVerdict address, TimeSpan now) => new()
    {
        Address = address.Address.ToString(),
        Verdict = Lower(address.Verdict),
        FilteringProven = address.FilteringProven,
        Reasons = address.Reasons,
        Witnesses = [.. address.Witnesses.Select(w => Evidence(w, now))],
        History = [.. address.History.Select(c => Change(c, now))],
    };

    private static EvidenceEntry Evidence(VerdictWitness witness, TimeSpan now) => new(
        witness.Server.ToString(),
        witness.ServerAddress.ToString(),
        JsonNamingPolicy.KebabCaseLower.ConvertName(witness.Outcome.ToString()),
        witness.Detail,
        Ago(witness.At, now));

    private static ChangeEntry Change(VerdictChange change, TimeSpan now) => new(Lower(change.Verdict), Ago(change.At, now), change.Reason);

    private static RelayEntry Relay(Node.Relay.RelayClientMessages.RelayState relay, DateTimeOffset now) => new()
    {
        Relay = relay.Relay.ToString(),
        Address = relay.Address.ToString(),
        Configured = relay.Configured,
        Expires = relay.Expires is { } expires ? Rfc3339(expires) : null,
        SecondsLeft = relay.Expires is { } end ? Math.Max(0, Math.Round((end - now).TotalSeconds)) : null,
        LatencyMs = Milliseconds(relay.Latency),
        CircuitBytes = relay.CircuitBytes,
        CircuitSeconds = relay.CircuitDuration?.TotalSeconds,
        Problem = relay.Problem,
    };

    private static ConnectionEntry Connection(ReportedConnection reported)
    {
        var connection = reported.Status.Connection;
        return new ConnectionEntry
        {
            Peer = connection.Peer.ToString(),
            Address = connection.RemoteAddress.ToString(),
            Direction = Lower(connection.Direction),
            Relayed = connection.Relayed,
            RttMs = Milliseconds(reported.Status.RoundTripTime),
            Streams = reported.Status.Streams,
            BytesToSend = reported.Status.Budget?.BytesToSend,
            BytesToReceive = reported.Status.Budget?.BytesToReceive,
            SecondsLeft = reported.Status.Budget?.Time is { } left ? Math.Round(left.TotalSeconds) : null,
            Why = reported.WhyRelayed,
        };
    }

    internal static ResourcesEntry Resources(ResourceSnapshot? held) => held is null ? new ResourcesEntry() : new ResourcesEntry
    {
        Memory = held.System.Usage.Memory,
        MaxMemory = held.System.Limits.Memory,
        InboundStreams = held.System.Usage.InboundStreams,
        OutboundStreams = held.System.Usage.OutboundStreams,
        MaxStreams = held.System.Limits.Streams,
        Connections = held.System.Usage.Connections,
        MaxConnections = held.System.Limits.Connections,
        Handshakes = held.Transient.Usage.Connections,
        Refused = held.RefusedTotal,
        RefusedBy = [.. held.Refused.Select(r => new RefusedEntry(Kebab(r.Scope), Kebab(r.Resource), r.Count))],
        Evicted = held.Evicted,
    };

    private static string Kebab(Enum value) => JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    private static PunchEntry Punch(NodeEvents.PunchEnded punch) => new(
        Rfc3339(punch.Time), punch.Peer.ToString(), Lower(punch.Outcome), punch.Round, Milliseconds(punch.Duration)!.Value, punch.Reason);

    private static double Ago(TimeSpan at, TimeSpan now) => Math.Max(0, Math.Round((now - at).TotalSeconds, 1));

    private static double? Milliseconds(TimeSpan? time) => time is { } some ? Math.Round(some.TotalMilliseconds, 3) : null;

    private static string Lower(Enum value) => value.ToString().ToLowerInvariant();
}
