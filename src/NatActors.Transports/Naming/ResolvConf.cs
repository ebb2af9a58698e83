using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NatActors.Transports.Naming;

/// <summary>Reads what resolv.conf(5) and hosts(5) say. Lines that say nothing known are passed over, as the system's resolver does.</summary>
public static class ResolvConf
{
    /// <summary>The port of name servers (RFC 1035 section 4.2).</summary>
    public const int DnsPort = 53;

    /// <summary>Servers taken at most (MAXNS in resolv.h).</summary>
    public const int MaxServers = 3;

    /// <summary>The longest time out that is taken, in seconds (RES_MAXRETRANS in resolv.h).</summary>
    public const int MaxTimeoutSeconds = 30;

    /// <summary>The most attempts that are taken (RES_MAXRETRY in resolv.h).</summary>
    public const int MaxAttempts = 5;

    private static readonly char[] Blanks = [' ', '\t', '\r'];

    /// <summary>Servers, timeout and attempts; what concerns short names (search, domain, ndots) is left out: names here are whole.</summary>
    public static NameServerSettings Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var servers = new List<IPEndPoint>();
        TimeSpan? timeout = null;
        int? attempts = null;
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0][0] is '#' or ';')
            {
                continue;
            }

            if (words[0] == "nameserver" && servers.Count < MaxServers && IPAddress.TryParse(words[1], out var server))
            {
                servers.Add(new IPEndPoint(server, DnsPort));
            }
            else if (words[0] == "options")
            {
                timeout = Option(words, "timeout:", MaxTimeoutSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : timeout;
                attempts = Option(words, "attempts:", MaxAttempts) ?? attempts;
            }
        }

        return new NameServerSettings { Servers = servers, Timeout = timeout, Attempts = attempts };
    }

    /// <summary>The addresses of a hosts file, by name in lower case.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<IPAddress>> ParseHosts(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var hosts = new Dictionary<string, List<IPAddress>>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split('#')[0].Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !IPAddress.TryParse(words[0], out var address) || !IsPlain(address))
            {
                continue;
            }

            foreach (var name in words.Skip(1).Select(Key))
            {
                if (!hosts.TryGetValue(name, out var addresses))
                {
                    hosts.Add(name, addresses = []);
                }

                if (!addresses.Contains(address))
                {
                    addresses.Add(address);
                }
            }
        }

        return hosts.ToDictionary(h => h.Key, h => (IReadOnlyList<IPAddress>)h.Value, StringComparer.Ordinal);
    }

    /// <summary>How a name is looked up in <see cref="NameServerSettings.Hosts"/>.</summary>
    public static string Key(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.TrimEnd('.').ToLowerInvariant();
    }

    // An address with a zone is one of a link, which no multiaddr of a name can carry.
    private static bool IsPlain(IPAddress address) => address.AddressFamily != AddressFamily.InterNetworkV6 || address.ScopeId == 0;

    private static int? Option(string[] words, string key, int most)
    {
        var value = words.LastOrDefault(w => w.StartsWith(key, StringComparison.Ordinal))?[key.Length..];
        return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Math.Clamp(number, 1, most) : null;
    }
}
