using System.Net;
using System.Runtime.InteropServices;

namespace NatActors.Transports.Network;

/// <summary>
/// The interfaces of the calling thread's network namespace, by getifaddrs(3), and its routes, by the thread's own files below
/// <c>/proc/thread-self/net</c>. The framework's own list also reads files of /sys, which show the namespace of whoever mounted them.
/// </summary>
public sealed unsafe partial class SystemNetworkInterfaces : INetworkInterfaces
{
    // linux/if.h
    private const uint InterfaceIsUp = 0x1;
    private const uint InterfaceIsLoopback = 0x8;
    private const uint InterfaceIsRunning = 0x40;

    private const int FamilyOffset = 0;
    private const int Ipv4AddressOffset = 4;
    private const int Ipv6AddressOffset = 8;
    private const int Ipv6ScopeOffset = 24;
    private const ushort FamilyIpv4 = 2;
    private const ushort FamilyIpv6 = 10;
    private const int Ipv4Length = 4;
    private const int Ipv6Length = 16;

    private const string RoutesV4 = "/proc/thread-self/net/route";
    private const string RoutesV6 = "/proc/thread-self/net/ipv6_route";
    private const string AddressesV6 = "/proc/thread-self/net/if_inet6";

    /// <summary>The one instance; it has no state.</summary>
    public static SystemNetworkInterfaces Instance { get; } = new();

    private SystemNetworkInterfaces()
    {
    }

    /// <inheritdoc />
    public IReadOnlyList<IPAddress> GetAddresses() => [.. ReadEntries().Select(entry => entry.Address).OfType<IPAddress>()];

    /// <inheritdoc />
    public NetworkState GetState()
    {
        var passing = ProcNet.PassingAddresses(ReadLines(AddressesV6));
        var interfaces = ReadEntries().GroupBy(entry => entry.Name).Select(entries => ToState(entries.Key, [.. entries], passing)).ToArray();
        return new NetworkState
        {
            Interfaces = interfaces,
            Gateways = [.. ProcNet.GatewaysV4(ReadLines(RoutesV4)), .. ProcNet.GatewaysV6(ReadLines(RoutesV6))],
        };
    }

    /// <inheritdoc />
    public INetworkNotices? OpenNotices() => OperatingSystem.IsLinux() ? NetlinkNotices.TryOpen() : null;

    private static NetworkInterfaceState ToState(string name, IReadOnlyList<Entry> entries, IReadOnlySet<(string Name, IPAddress Address)> passing)
    {
        var addresses = entries.Select(entry => entry.Address).OfType<IPAddress>().ToArray();
        return new NetworkInterfaceState(name, addresses)
        {
            HasLink = entries.Any(entry => (entry.Flags & (InterfaceIsRunning | InterfaceIsLoopback)) != 0),
            Networks = [.. entries.Select(entry => entry.Network).OfType<IPNetwork>().Distinct()],
            PassingAddresses = [.. addresses.Where(address => passing.Contains((name, ProcNet.WithoutZone(address))))],
        };
    }

    /// <summary>The lines of a file that a kernel without that family does not have.</summary>
    private static IEnumerable<string> ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static List<Entry> ReadEntries()
    {
        InterfaceAddress* first;
        if (GetInterfaceAddresses(&first) != 0)
        {
            throw new IOException($"The system does not list its network interfaces: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        try
        {
            var entries = new List<Entry>();
            for (var entry = first; entry is not null; entry = entry->Next)
            {
                if ((entry->Flags & InterfaceIsUp) != 0)
                {
                    var address = entry->Address is null ? null : Read(entry->Address);
                    var mask = entry->Netmask is null || address is null ? null : Read(entry->Netmask);
                    var name = Marshal.PtrToStringUTF8((nint)entry->Name) ?? "";
                    entries.Add(new Entry(name, entry->Flags, address, address is null || mask is null ? null : ProcNet.NetworkOf(address, mask)));
                }
            }

            return entries;
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

    private sealed record Entry(string Name, uint Flags, IPAddress? Address, IPNetwork? Network);

    /// <summary>The head of struct ifaddrs.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct InterfaceAddress
    {
        public InterfaceAddress* Next;
        public byte* Name;
        public uint Flags;
        public byte* Address;
        public byte* Netmask;
    }
}
