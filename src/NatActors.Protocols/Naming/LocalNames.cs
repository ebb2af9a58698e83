using System.Net;

namespace NatActors.Protocols.Naming;

/// <summary>Names that no server need be asked for.</summary>
public static class LocalNames
{
    private const string Localhost = "localhost";

    /// <summary>
    /// What this machine knows by itself, or null: numbers in place of a name, the hosts file, and <c>localhost</c>, which is always this
    /// machine (RFC 6761 section 6.3).
    /// </summary>
    /// <param name="question">The question.</param>
    /// <param name="hosts">The hosts file, by name in lower case.</param>
    public static DnsOutcome? Find(DnsQuestion question, IReadOnlyDictionary<string, IReadOnlyList<IPAddress>> hosts)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(hosts);
        var name = question.Name.Text;
        if (question.Type == DnsType.Txt)
        {
            return null;
        }

        if (IPAddress.TryParse(name, out var number))
        {
            return Of(question, [number]);
        }

        if (hosts.TryGetValue(name, out var addresses))
        {
            return Of(question, addresses);
        }

        return name == Localhost || name.EndsWith("." + Localhost, StringComparison.Ordinal)
            ? Of(question, [IPAddress.Loopback, IPAddress.IPv6Loopback])
            : null;
    }

    private static DnsOutcome Of(DnsQuestion question, IReadOnlyList<IPAddress> addresses)
    {
        var length = question.Type == DnsType.A ? 4 : 16;
        var fitting = addresses.Where(a => a.GetAddressBytes().Length == length).ToList();
        return fitting.Count > 0
            ? DnsOutcome.Known(fitting)
            : new DnsOutcome(DnsOutcomeKind.NoData, [], [], null, $"{question.Name} is known here, but not by an address of that IP version");
    }
}
