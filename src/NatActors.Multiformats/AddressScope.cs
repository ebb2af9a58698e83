using System.Net;

namespace NatActors.Multiformats;

/// <summary>Where an address means something.</summary>
public enum AddressKind
{
    /// <summary>0.0.0.0 or ::.</summary>
    Unspecified,

    /// <summary>This machine only.</summary>
    Loopback,

    /// <summary>This link only (169.254/16, fe80::/10).</summary>
    LinkLocal,

    /// <summary>A private network (RFC 1918, RFC 4193).</summary>
    Private,

    /// <summary>Behind a carrier's NAT (100.64/10, RFC 6598).</summary>
    CarrierGrade,

    /// <summary>Set aside for documentation; go and js count it as not public.</summary>
    Documentation,

    /// <summary>A group of receivers.</summary>
    Multicast,

    /// <summary>Set aside for something else (IANA special-purpose registries).</summary>
    Reserved,

    /// <summary>The internet.</summary>
    Public,
}

/// <summary>Tells public addresses from all others (IANA IPv4 and IPv6 special-purpose address registries, RFC 6890).</summary>
public static class AddressScope
{
    private static readonly (IPNetwork Network, AddressKind Kind)[] Ip4Ranges =
    [
        (IPNetwork.Parse("0.0.0.0/32"), AddressKind.Unspecified),
        (IPNetwork.Parse("0.0.0.0/8"), AddressKind.Reserved),
        (IPNetwork.Parse("127.0.0.0/8"), AddressKind.Loopback),
        (IPNetwork.Parse("10.0.0.0/8"), AddressKind.Private),
        (IPNetwork.Parse("172.16.0.0/12"), AddressKind.Private),
        (IPNetwork.Parse("192.168.0.0/16"), AddressKind.Private),
        (IPNetwork.Parse("100.64.0.0/10"), AddressKind.CarrierGrade),
        (IPNetwork.Parse("169.254.0.0/16"), AddressKind.LinkLocal),
        (IPNetwork.Parse("192.0.0.0/24"), AddressKind.Reserved),
        (IPNetwork.Parse("192.0.2.0/24"), AddressKind.Documentation),
        (IPNetwork.Parse("192.88.99.0/24"), AddressKind.Reserved),
        (IPNetwork.Parse("198.18.0.0/15"), AddressKind.Reserved),
        (IPNetwork.Parse("198.51.100.0/24"), AddressKind.Documentation),
        (IPNetwork.Parse("203.0.113.0/24"), AddressKind.Documentation),
        (IPNetwork.Parse("224.0.0.0/4"), AddressKind.Multicast),
        (IPNetwork.Parse("240.0.0.0/4"), AddressKind.Reserved),
    ];

    private static readonly (IPNetwork Network, AddressKind Kind)[] Ip6Ranges =
    [
        (IPNetwork.Parse("::/128"), AddressKind.Unspecified),
        (IPNetwork.Parse("::1/128"), AddressKind.Loopback),
        (IPNetwork.Parse("fe80::/10"), AddressKind.LinkLocal),
        (IPNetwork.Parse("fc00::/7"), AddressKind.Private),
        (IPNetwork.Parse("2001:db8::/32"), AddressKind.Documentation),
        (IPNetwork.Parse("3fff::/20"), AddressKind.Documentation),
        (IPNetwork.Parse("ff00::/8"), AddressKind.Multicast),
        (IPNetwork.Parse("2001::/23"), AddressKind.Reserved),
        (IPNetwork.Parse("2000::/3"), AddressKind.Public),
    ];

    private static readonly IPNetwork Nat64Network = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>The kind of an IP address. IPv4-mapped and NAT64 addresses count as the IPv4 address inside.</summary>
    public static AddressKind KindOf(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        if (length == 4)
        {
            return Find(Ip4Ranges, address, AddressKind.Public);
        }

        if (address.IsIPv4MappedToIPv6 || IsNat64(address))
        {
            return Find(Ip4Ranges, new IPAddress(bytes[12..]), AddressKind.Public);
        }

        // Only 2000::/3 has been given out as global unicast.
        return Find(Ip6Ranges, address, AddressKind.Reserved);
    }

    /// <summary>The kind of the IP address at the head (for a relayed address, of the relay's); null when a name or nothing stands there.</summary>
    public static AddressKind? KindOf(Multiaddr address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.Host is { } host ? KindOf(host) : null;
    }

    /// <summary>True for an address that the whole internet can send to; a name counts as public, as in go-libp2p, except localhost and the like.</summary>
    public static bool IsPublic(Multiaddr address) =>
        KindOf(address) is { } kind ? kind == AddressKind.Public : address.UsesDns && !IsLocalName(address.Components[0].Text);

    /// <summary>True for an IP address that is public.</summary>
    public static bool IsPublic(IPAddress address) => KindOf(address) == AddressKind.Public;

    /// <summary>True for an address inside a network of limited reach: RFC 1918, unique local, link-local, carrier-grade NAT.</summary>
    public static bool IsPrivate(Multiaddr address) => KindOf(address) is { } kind && IsPrivateKind(kind);

    /// <summary>True for an IP address inside a network of limited reach.</summary>
    public static bool IsPrivate(IPAddress address) => IsPrivateKind(KindOf(address));

    /// <summary>True for this machine only.</summary>
    public static bool IsLoopback(Multiaddr address) => KindOf(address) is { } kind
        ? kind == AddressKind.Loopback
        : address.UsesDns && address.Components[0].Text.Equals("localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>True for 0.0.0.0 and ::.</summary>
    public static bool IsUnspecified(Multiaddr address) => KindOf(address) == AddressKind.Unspecified;

    /// <summary>True for an address that a NAT64 gateway makes of an IPv4 one (64:ff9b::/96, RFC 6052); never useful to others.</summary>
    public static bool IsNat64(IPAddress address) => Nat64Network.Contains(address);

    private static bool IsPrivateKind(AddressKind kind) => kind is AddressKind.Private or AddressKind.LinkLocal or AddressKind.CarrierGrade;

    private static bool IsLocalName(string name)
    {
        // RFC 6761 (localhost, test, invalid), RFC 6762 (local), RFC 8375 (home.arpa), ICANN (internal).
        string[] suffixes = ["localhost", "test", "invalid", "local", "home.arpa", "internal"];
        var plain = name.TrimEnd('.');
        return suffixes.Any(s => plain.Equals(s, StringComparison.OrdinalIgnoreCase) || plain.EndsWith("." + s, StringComparison.OrdinalIgnoreCase));
    }

    private static AddressKind Find((IPNetwork Network, AddressKind Kind)[] ranges, IPAddress address, AddressKind otherwise)
    {
        foreach (var (network, kind) in ranges)
        {
            if (network.Contains(address))
            {
                return kind;
            }
        }

        return otherwise;
    }
}
