using System.Buffers.Binary;
using System.Net;

namespace NatActors.Protocols.Connections;

/// <summary>
/// A network that counts as one source: an IPv4 address or network, an IPv6 network. One host can easily hold a whole IPv6 /56, so counting
/// single IPv6 addresses would count nothing.
/// </summary>
/// <param name="Bits">The network's bits, left-aligned.</param>
/// <param name="Length">How many of them count.</param>
/// <param name="IsIPv6">The family; an IPv4-mapped IPv6 address is IPv4.</param>
public readonly record struct AddressPrefix(UInt128 Bits, int Length, bool IsIPv6)
{
    /// <summary>An observer or a source as libp2p counts them: the IPv4 address, the IPv6 /56 (go-libp2p observedaddrs, rcmgr).</summary>
    public static AddressPrefix Observer(IPAddress address) => Of(address, 32, 56);

    /// <summary>The network that the address is in.</summary>
    /// <param name="address">The address.</param>
    /// <param name="ipv4Length">Prefix length for IPv4, 1 to 32.</param>
    /// <param name="ipv6Length">Prefix length for IPv6, 1 to 128.</param>
    public static AddressPrefix Of(IPAddress address, int ipv4Length, int ipv6Length)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        address.TryWriteBytes(bytes, out var written);
        var isIPv6 = written == 16;
        var length = isIPv6 ? ipv6Length : ipv4Length;
        var mask = UInt128.MaxValue << (128 - length);
        return new AddressPrefix(BinaryPrimitives.ReadUInt128BigEndian(bytes) & mask, length, isIPv6);
    }
}
