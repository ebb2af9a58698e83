using System.Net;
using System.Runtime.InteropServices;

namespace NatActors.Transports.Port;

/// <summary>
/// The interfaces of the calling thread's network namespace, by getifaddrs(3). The framework's own list also reads files of /sys, which
/// show the namespace of whoever mounted them.
/// </summary>
public sealed unsafe partial class SystemNetworkInterfaces : INetworkInterfaces
{
    private const uint InterfaceIsUp = 1;
    private const int FamilyOffset = 0;
    private const int Ipv4AddressOffset = 4;
    private const int Ipv6AddressOffset = 8;
    private const int Ipv6ScopeOffset = 24;
    private const ushort FamilyIpv4 = 2;
    private const ushort FamilyIpv6 = 10;
    private const int Ipv4Length = 4;
    private const int Ipv6Length = 16;

    /// <summary>The one instance; it has no state.</summary>
    public static SystemNetworkInterfaces Instance { get; } = new();

    private SystemNetworkInterfaces()
    {
    }

    /// <inheritdoc />
    public IReadOnlyList<IPAddress> GetAddresses()
    {
        InterfaceAddress* first;
        if (GetInterfaceAddresses(&first) != 0)
        {
            throw new IOException($"The system does not list its network interfaces: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        try
        {
            var addresses = new List<IPAddress>();
            for (var entry = first; entry is not null; entry = entry->Next)
            {
                if ((entry->Flags & InterfaceIsUp) != 0 && entry->Address is not null && Read(entry->Address) is { } address)
                {
                    addresses.Add(address);
                }
            }

            return addresses;
        }
        finally
        {
            FreeInterfaceAddresses(first);
        }
    }

    private static IPAddress? Read(byte* socketAddress) => *(ushort*)(socketAddress + FamilyOffset) switch
    {
        FamilyIpv4 => new IPAddress(new ReadOnlySpan<byte>(socketAddress + Ipv4AddressOffset, Ipv4Length)),
        FamilyIpv6 => new IPAddress(
            new ReadOnlySpan<byte>(socketAddress + Ipv6AddressOffset, Ipv6Length), *(uint*)(socketAddress + Ipv6ScopeOffset)),
        _ => null,
    };

    [LibraryImport("libc", EntryPoint = "getifaddrs", SetLastError = true)]
    private static partial int GetInterfaceAddresses(InterfaceAddress** first);

    [LibraryImport("libc", EntryPoint = "freeifaddrs")]
    private static partial void FreeInterfaceAddresses(InterfaceAddress* first);

    /// <summary>The head of struct ifaddrs.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct InterfaceAddress
    {
        public InterfaceAddress* Next;
        public byte* Name;
        public uint Flags;
        public byte* Address;
    }
}
