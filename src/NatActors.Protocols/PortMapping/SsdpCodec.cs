using System.Net;
using System.Text;

namespace NatActors.Protocols.PortMapping;

/// <summary>What a device says of itself when it is searched for.</summary>
/// <param name="Location">Where its description is, as it says; not yet to be trusted.</param>
/// <param name="Target">What it answers for.</param>
/// <param name="Server">What it calls itself, cleaned.</param>
public sealed record SsdpAnswer(string Location, string Target, string Server);

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
        if (datagram.Length > MaxAnswer)
        {
            return null;
        }

        var lines = Encoding.Latin1.GetString(datagram).Split('\n', MaxLines + 1);
        if (!IsSuccess(lines[0].TrimEnd('\r')))
        {
            return null;
        }

        string? location = null, target = null, server = null;
        foreach (var line in lines.Skip(1).Take(MaxLines - 1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0)
            {
                continue;
            }

            var value = line[(colon + 1)..].Trim();
            switch (line[..colon].Trim().ToUpperInvariant())
            {
                case "LOCATION": location ??= value; break;
                case "ST": target ??= value; break;
                case "SERVER": server ??= value; break;
            }
        }

        return location is null ? null : new SsdpAnswer(location, target ?? "", GatewayText.Clean(server));
    }

    private static bool IsSuccess(string statusLine)
    {
        var parts = statusLine.Split(' ', 3);
        return parts.Length >= 2 && parts[0].StartsWith("HTTP/1.", StringComparison.OrdinalIgnoreCase) && parts[1] == "200";
    }
}
