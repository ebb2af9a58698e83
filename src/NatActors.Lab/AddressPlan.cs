using System.Net;

namespace NatActors.Lab;

/// <summary>A cable's two ends in one family: the near end routes, the far end is the host's or the router's.</summary>
/// <param name="Gateway">The near end: core or router.</param>
/// <param name="Address">The far end.</param>
/// <param name="PrefixLength">Length of the network's prefix.</param>
internal readonly record struct Subnet(IPAddress Gateway, IPAddress Address, int PrefixLength)
{
    internal string Network => $"{NetworkAddress}/{PrefixLength}";

    internal IPAddress NetworkAddress
    {
        get
        {
            var bytes = Gateway.GetAddressBytes();
            bytes.AsSpan(PrefixLength / 8).Clear();
            return new IPAddress(bytes);
        }
    }

    /// <summary>The network's n-th address, n in its last byte.</summary>
    internal IPAddress At(int n)
    {
        var bytes = Gateway.GetAddressBytes();
        bytes[^1] = (byte)n;
        return new IPAddress(bytes);
    }
}

/// <summary>
/// Which addresses a laboratory uses. The public ones look public to libp2p peers (documentation ranges do not), public hosts and the
/// first two routers each have a first octet of their own, and all are ranges that hardly anybody reaches by the real internet
/// (192.0.1.0/24 is reserved, the other /8s are not announced, 2d01::/16 is not allocated).
/// </summary>
internal static class AddressPlan
{
    internal const int MostPublicHosts = 100;
    internal const int MostRouters = 100;
    internal const int MostHostsBehindOne = 50;

    /// <summary>Every range a laboratory may use; while one is up the machine's own namespace sends them nowhere.</summary>
    internal static readonly string[] Ranges =
    [
        "192.0.1.0/24", "22.0.0.0/16", "26.0.0.0/16", "28.0.0.0/16", "29.0.0.0/16", "30.0.0.0/16", "33.0.0.0/8", "55.0.0.0/8",
        "10.231.0.0/16", "100.127.0.0/16", "2d01::/16",
    ];

    private const int GatewayByte = 1;
    private const int FirstHostByte = 2;
    private const int FirstInnerRouterByte = 101;
    private const int WanOctet = 1;
    private const int RoutedLanOctet = 128;

    // Hosts and routers differ in their first 16 (IPv6: 32) bits: the delay of a path is looked up by these.
    private static readonly string[] PublicNetworks = ["192.0", "22.0", "26.0", "28.0"];
    private static readonly string[] RouterNetworks = ["29.0", "30.0"];

    /// <summary>The cable of the n-th public host, n from 0.</summary>
    internal static Subnet PublicHost(int n) =>
        V4(n < PublicNetworks.Length ? $"{PublicNetworks[n]}.{WanOctet}" : $"55.{n}.{WanOctet}", FirstHostByte);

    /// <summary>The same in IPv6.</summary>
    internal static Subnet PublicHostV6(int n) => V6($"2d01:{0x1000 + n:x}:{WanOctet}");

    /// <summary>The cable from the core to the outer address of the n-th router (or of its carrier), after some renumberings.</summary>
    internal static Subnet RouterWan(int n, int renumbered) =>
        V4($"{RouterNetwork(n)}.{WanOctet}", FirstHostByte + (renumbered % MostRouters));

    /// <summary>The same in IPv6.</summary>
    internal static Subnet RouterWanV6(int n) => V6($"2d01:{0x2000 + n:x}:{WanOctet}");

    /// <summary>The network behind the n-th router: public where it only routes, else private.</summary>
    internal static Subnet Lan(int n, bool routed, int renumbered) => routed
        ? V4($"{RouterNetwork(n)}.{RoutedLanOctet + (renumbered % MostRouters)}", FirstHostByte)
        : V4($"10.231.{n + 1}", FirstHostByte);

    /// <summary>The public IPv6 network behind the n-th router.</summary>
    internal static Subnet LanV6(int n, int renumbered) => V6($"2d01:{0x2000 + n:x}:{RoutedLanOctet + renumbered:x}");

    /// <summary>The shared network between the carrier's router of the n-th router and that router.</summary>
    internal static Subnet Carrier(int n) => V4($"100.127.{n + 1}", FirstHostByte);

    /// <summary>The last byte of the i-th host of a network.</summary>
    internal static int HostByte(int i) => FirstHostByte + i;

    /// <summary>The last byte of the i-th router's outer address in the network of another router.</summary>
    internal static int InnerRouterByte(int i) => FirstInnerRouterByte + i;

    private static string RouterNetwork(int n) => n < RouterNetworks.Length ? RouterNetworks[n] : $"33.{n}";

    private static Subnet V4(string network, int host) =>
        new(IPAddress.Parse($"{network}.{GatewayByte}"), IPAddress.Parse($"{network}.{host}"), 24);

    private static Subnet V6(string network) =>
        new(IPAddress.Parse($"{network}::{GatewayByte}"), IPAddress.Parse($"{network}::{FirstHostByte}"), 64);
}
