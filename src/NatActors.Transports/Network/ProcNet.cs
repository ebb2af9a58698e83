using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NatActors.Transports.Network;

/// <summary>Reads what Linux writes below /proc/net (proc_pid_net(5), linux/net/ipv6/route.c, addrconf.c). A line that makes no sense is passed over.</summary>
internal static class ProcNet
{
    // linux/route.h
    private const uint RouteIsUp = 0x1;
    private const uint RouteHasGateway = 0x2;

    // linux/if_addr.h: temporary, not unique, given up, still tried
    private const uint PassingFlags = 0x01 | 0x08 | 0x20 | 0x40;

    /// <summary>The default routes of <c>route</c>, the lowest metric first.</summary>
    public static IEnumerable<GatewayState> GatewaysV4(IEnumerable<string> lines)
    {
        var found = new List<(uint Metric, GatewayState Gateway)>();
        foreach (var line in lines)
        {
            // Iface Destination Gateway Flags RefCnt Use Metric Mask …; addresses as the machine's own 32-bit number
            var fields = Fields(line);
            if (fields.Length >= 8 && IsHex(fields[1], 0) && IsHex(fields[7], 0) && Hex(fields[2]) is { } gateway
                && Hex(fields[3]) is { } flags && IsRouted(flags) && uint.TryParse(fields[6], CultureInfo.InvariantCulture, out var metric))
            {
                found.Add((metric, new GatewayState(fields[0], new IPAddress(gateway))));
            }
        }

        return found.OrderBy(f => f.Metric).Select(f => f.Gateway);
    }

    /// <summary>The default routes of <c>ipv6_route</c>, the lowest metric first.</summary>
    public static IEnumerable<GatewayState> GatewaysV6(IEnumerable<string> lines)
    {
        var found = new List<(uint Metric, GatewayState Gateway)>();
        foreach (var line in lines)
        {
            // destination its-length source its-length gateway metric references uses flags interface
            var fields = Fields(line);
            if (fields.Length >= 10 && IsHex(fields[1], 0) && IsHex(fields[3], 0) && AddressV6(fields[4]) is { } gateway
                && Hex(fields[5]) is { } metric && Hex(fields[8]) is { } flags && IsRouted(flags))
            {
                found.Add((metric, new GatewayState(fields[9], gateway)));
            }
        }

        return found.OrderBy(f => f.Metric).Select(f => f.Gateway).Distinct();
    }

    /// <summary>The addresses of <c>if_inet6</c> that come and go by themselves, with their interfaces.</summary>
    public static IReadOnlySet<(string Name, IPAddress Address)> PassingAddresses(IEnumerable<string> lines)
    {
        var passing = new HashSet<(string, IPAddress)>();
        foreach (var line in lines)
        {
            // address index prefix-length scope flags interface
            var fields = Fields(line);
            if (fields.Length >= 6 && AddressV6(fields[0]) is { } address && Hex(fields[4]) is { } flags && (flags & PassingFlags) != 0)
            {
                passing.Add((fields[5], address));
            }
        }

        return passing;
    }

    /// <summary>The network that an address with that mask is in; null when the mask is none.</summary>
    public static IPNetwork? NetworkOf(IPAddress address, IPAddress mask)
    {
        var bits = WithoutZone(address).GetAddressBytes();
        var ones = mask.GetAddressBytes();
        if (bits.Length != ones.Length)
        {
            return null;
        }

        var length = 0;
        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] &= ones[i];
            length += int.PopCount(ones[i]);
        }

        var network = new IPAddress(bits);
        return IPNetwork.TryParse($"{network}/{length}", out var parsed) ? parsed : null;
    }

    /// <summary>The address without the number of its link.</summary>
    public static IPAddress WithoutZone(IPAddress address) =>
        address is { AddressFamily: AddressFamily.InterNetworkV6, ScopeId: not 0 } ? new IPAddress(address.GetAddressBytes()) : address;

    private static bool IsRouted(uint flags) => (flags & (RouteIsUp | RouteHasGateway)) == (RouteIsUp | RouteHasGateway);

    private static string[] Fields(string line) => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);

    private static uint? Hex(string field) =>
        uint.TryParse(field, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static bool IsHex(string field, uint value) => Hex(field) == value;

    private static IPAddress? AddressV6(string field)
    {
        const int HexDigits = 32;
        Span<byte> bytes = stackalloc byte[HexDigits / 2];
        return field.Length == HexDigits && Convert.FromHexString(field, bytes, out _, out _) == System.Buffers.OperationStatus.Done
            ? new IPAddress(bytes)
            : null;
    }
}
