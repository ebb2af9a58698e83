using System.Globalization;
using NatActors.Hosting.Reports;

namespace NatActors.Cli.Output;

/// <summary>The terms of a report in words for a person at home.</summary>
internal static class ReportWords
{
    private const double Mebibyte = 1024 * 1024;

    /// <summary>The answer to the question that everybody has.</summary>
    public static string Verdict(ReportDocument report) => report.Reachability switch
    {
        { Verdict: "public", FilteringProven: true } => "Yes, anybody can (public).",
        { Verdict: "public" } => "Yes, as far as known (public, filtering unproven): peers that this node had contacted before came through, but no stranger "
            + "has been seen to come in yet.",
        { Verdict: "private" } when report.Relays.Any(r => r.Expires is not null) =>
            "Yes, but not directly (private): others come by way of a relay, and where both routers allow it such connections then become direct ones.",
        { Verdict: "private" } => "No (private).",
        _ when report.Relays.Any(r => r.Expires is not null) => "By way of a relay, yes; whether directly is not known yet (unknown).",
        _ => "Not known yet (unknown).",
    };

    /// <summary>The verdict on one address in a word or two.</summary>
    public static string Short(AddressEntry address) => address switch
    {
        { Verdict: "public", FilteringProven: true } => "yes",
        { Verdict: "public" } => "yes, likely",
        { Verdict: "private" } => "no",
        _ => "not known",
    };

    /// <summary>What the node holds for its peers, of how much.</summary>
    public static string Holds(ResourcesEntry held) => string.Create(
        CultureInfo.InvariantCulture,
        $"{held.Memory / Mebibyte:0.#} of {held.MaxMemory / Mebibyte:0.#} MiB for its peers, {held.InboundStreams + held.OutboundStreams} of {held.MaxStreams} streams");

    /// <summary>What was refused, the most frequent first.</summary>
    public static string Refused(ResourcesEntry held)
    {
        var by = held.RefusedBy.OrderByDescending(r => r.Count).Take(3).Select(r => $"{r.Scope} {r.Resource} {r.Count}");
        return $"refused for want of room: {held.Refused}" + (held.Refused > 0 ? $" ({string.Join(", ", by)})" : "")
            + (held.Evicted > 0 ? $"; streams or connections ended to make room: {held.Evicted}" : "");
    }

    /// <summary>Which traffic it is about.</summary>
    public static string Protocol(NatEntry nat) => Protocol(nat.Family, nat.Protocol);

    /// <inheritdoc cref="Protocol(NatEntry)" />
    public static string Protocol(string family, string protocol) =>
        $"{(family.Equals("ip6", StringComparison.OrdinalIgnoreCase) ? "IPv6" : "IPv4")} {protocol.ToUpperInvariant()}";

    /// <summary>How outside ports are chosen (RFC 4787 section 4.1).</summary>
    public static string Mapping(NatEntry nat) => nat.Mapping switch
    {
        "none" => "no NAT: others see the address that this machine has",
        "endpoint-independent" => "endpoint-independent: the same outside port whoever is contacted, so hole punching works",
        "dependent" => "dependent: another outside port for each host that is contacted ('symmetric'), which makes hole punching hard",
        "address-dependent" => "address-dependent: another outside port for each host that is contacted ('symmetric'), which makes hole punching hard",
        "address-and-port-dependent" =>
            "address-and-port-dependent: another outside port for each contact ('symmetric'), which makes hole punching hard",
        _ => nat.Reasons.Count > 0 ? "not known" : "not known: that takes the word of several peers",
    };

    /// <summary>Who is let in (RFC 4787 section 5).</summary>
    public static string Filtering(string filtering) => filtering switch
    {
        "endpoint-independent" => "endpoint-independent: anybody is let in",
        "address-dependent" => "address-dependent: only hosts that this node contacted are let in",
        "address-and-port-dependent" => "address-and-port-dependent: only the very port that this node contacted is let in",
        _ => "not known",
    };

    /// <summary>What else is known of a NAT.</summary>
    public static IEnumerable<string> Traits(NatEntry nat)
    {
        if (nat.PortStep is { } step)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"outside ports go up by {step} from one contact to the next");
        }

        if (nat.PortPreserved != "unknown")
        {
            yield return nat.PortPreserved == "yes" ? "the outside port is the inside one" : "the outside port is another than the inside one";
        }

        if (nat.Hairpin != "unknown")
        {
            yield return nat.Hairpin == "yes"
                ? "machines behind the same router reach each other by its outside address (hairpin)"
                : "machines behind the same router do not reach each other by its outside address (no hairpin)";
        }

        if (nat.DoubleNat == "yes")
        {
            yield return "a second NAT stands behind the router, often the provider's (CGNAT)";
        }
    }

    /// <summary>A mapping protocol by its usual name.</summary>
    public static string MappingProtocol(string protocol) => protocol switch
    {
        "upnp-igd1" => "UPnP 1",
        "upnp-igd2" => "UPnP 2",
        "nat-pmp" => "NAT-PMP",
        "pcp" => "PCP",
        _ => protocol,
    };

    /// <summary>What one connection through a relay may use up.</summary>
    public static string Budget(RelayEntry relay) => (relay.CircuitBytes, relay.CircuitSeconds) switch
    {
        (null, null) => "connections through it have no limit",
        ({ } bytes, null) => $"a connection through it may carry {Bytes(bytes)} each way",
        (null, { } seconds) => $"a connection through it may last {Span(seconds)}",
        ({ } bytes, { } seconds) => $"a connection through it may carry {Bytes(bytes)} each way and last {Span(seconds)}",
    };

    /// <summary>What a connection through a relay may still use up; empty without limits.</summary>
    public static string Left(ConnectionEntry connection)
    {
        string?[] parts =
        [
            connection.BytesToSend is { } send ? $"send {Bytes(send)}" : null,
            connection.BytesToReceive is { } receive ? $"receive {Bytes(receive)}" : null,
            connection.SecondsLeft is { } seconds ? $"last {Span(seconds)}" : null,
        ];
        var said = string.Join(", ", parts.OfType<string>());
        return said.Length == 0 ? "" : $"the relay lets it {said} more";
    }

    /// <summary>A time span to two digits or so.</summary>
    public static string Span(double seconds) => seconds switch
    {
        < 100 => string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s"),
        < 100 * 60 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min"),
        < 48 * 3600 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86400:0} days"),
    };

    /// <summary>How long before another moment.</summary>
    public static string Ago(string time, string now) =>
        DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, out var then) && DateTimeOffset.TryParse(now, CultureInfo.InvariantCulture, out var moment)
            ? $"{Span(Math.Max(0, (moment - then).TotalSeconds))} ago"
            : time;

    /// <summary>A thousand of a unit is the next unit: what is left of a GiB after a few bytes reads as one.</summary>
    private static string Bytes(long bytes) => bytes switch
    {
        >= 1000L << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 30):0.#} GiB"),
        >= 1000L << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.#} MiB"),
        >= 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 10):0.#} KiB"),
        _ => $"{bytes} bytes",
    };
}
