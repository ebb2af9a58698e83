using System.Net;
using System.Text;

namespace NatActors.Protocols.PortMapping;

/// <summary>What a device says of itself when it is searched for.</summary>
/// <param name="Location">Where its description is, as it says; not yet to be trusted.</param>
/// <param name="Target">What it answers for.</param>
/// <param name="Server">What it calls itself, cleaned.</param>
public sealed record SsdpAnswer(string Location, string Target, string Server);

/// <summary>What a device tells everybody: that it is there, or that it goes.</summary>
/// <param name="IsGoing">True when it goes.</param>
/// <param name="Location">Where its description is, as it says; empty when it goes.</param>
public sealed record SsdpNotice(bool IsGoing, string Location);

/// <summary>The search of UPnP (UPnP Device Architecture 1.1 section 1.3): HTTP-like text in datagrams.</summary>
public static class SsdpCodec
{
    /// <summary>The port of SSDP.</summary>
    public const int Port = 1900;

    /// <summary>The longest answer read; they have some 400 bytes.</summary>
    public const int MaxAnswer = 2048;

    /// <summary>How many routers a search may cross (UPnP Device Architecture 1.1 section 1.1.1).</summary>
    public const int TimeToLive = 2;

    private const int MaxLines = 40;

    /// <summary>What is searched for: the gateway device in both versions, and any device at all, as some gateways answer only to that.</summary>
    public static IReadOnlyList<string> Targets { get; } =
    [
        "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
        "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
        "upnp:rootdevice",
    ];

    /// <summary>The group that IPv4 devices listen to.</summary>
    public static IPAddress Group { get; } = IPAddress.Parse("239.255.255.250");

    /// <summary>The group that IPv6 devices of this link listen to (Annex A).</summary>
    public static IPAddress GroupIp6 { get; } = IPAddress.Parse("ff02::c");

    /// <summary>A search; devices answer within a second.</summary>
    /// <param name="target">What to search for.</param>
    /// <param name="isIp6">Whether it goes to the IPv6 group.</param>
    public static byte[] Search(string target, bool isIp6)
    {
        var host = isIp6 ? $"[{GroupIp6}]" : Group.ToString();
        return Encoding.ASCII.GetBytes(
            $"M-SEARCH * HTTP/1.1\r\nHOST: {host}:{Port}\r\nMAN: \"ssdp:discover\"\r\nMX: 1\r\nST: {target}\r\n\r\n");
    }

    /// <summary>Reads an answer to a search; null for anything else.</summary>
    public static SsdpAnswer? Parse(ReadOnlySpan<byte> datagram)
    {
        if (ReadHeaders(datagram, IsSuccess) is not { } headers || !headers.TryGetValue("LOCATION", out var location))
        {
            return null;
        }

        return new SsdpAnswer(
            location, headers.GetValueOrDefault("ST", ""), GatewayText.Clean(headers.GetValueOrDefault("SERVER")));
    }

    /// <summary>Reads what a device tells everybody; null for anything else.</summary>
    public static SsdpNotice? ParseNotice(ReadOnlySpan<byte> datagram)
    {
        var headers = ReadHeaders(datagram, first => first.StartsWith("NOTIFY ", StringComparison.OrdinalIgnoreCase));
        return headers?.GetValueOrDefault("NTS") switch
        {
            "ssdp:alive" or "ssdp:update" => new SsdpNotice(false, headers.GetValueOrDefault("LOCATION", "")),
            "ssdp:byebye" => new SsdpNotice(true, ""),
            _ => null,
        };
    }

    /// <summary>The headers by their names in capitals, the first of each name; bounded by the datagram and by <see cref="MaxLines"/>.</summary>
    private static Dictionary<string, string>? ReadHeaders(ReadOnlySpan<byte> datagram, Func<string, bool> isFirstLine)
    {
        if (datagram.Length > MaxAnswer)
        {
            return null;
        }

        var lines = Encoding.Latin1.GetString(datagram).Split('\n', MaxLines + 1);
        if (!isFirstLine(lines[0].TrimEnd('\r')))
        {
            return null;
        }

        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines.Skip(1).Take(MaxLines - 1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                headers.TryAdd(line[..colon].Trim().ToUpperInvariant(), line[(colon + 1)..].Trim());
            }
        }

        return headers;
    }

    private static bool IsSuccess(string statusLine)
    {
        var parts = statusLine.Split(' ', 3);
        return parts.Length >= 2 && parts[0].StartsWith("HTTP/1.", StringComparison.OrdinalIgnoreCase) && parts[1] == "200";
    }
}
