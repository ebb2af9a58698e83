using System.Net;
using System.Net.Sockets;

namespace NatActors.Transports.Network;

/// <summary>
/// What a person would call a change of the network. Link-local addresses, and IPv6 ones that come and go by themselves, are none of it,
/// nor is the link of an interface that leads to no router.
/// </summary>
public static class NetworkDifference
{
    /// <summary>The changes from one state to the next, a line each; empty where nothing changed that matters.</summary>
    public static IReadOnlyList<string> Describe(NetworkState before, NetworkState after)
    {
        var lines = new List<string>();
        foreach (var name in before.Interfaces.Concat(after.Interfaces).Select(i => i.Name).Distinct())
        {
            Describe(name, before, after, lines);
        }

        DescribeGateway("IPv4", AddressFamily.InterNetwork, before, after, lines);
        DescribeGateway("IPv6", AddressFamily.InterNetworkV6, before, after, lines);
        return lines;
    }

    private static void Describe(string name, NetworkState before, NetworkState after, List<string> lines)
    {
        var old = before.Interfaces.FirstOrDefault(i => i.Name == name);
        var now = after.Interfaces.FirstOrDefault(i => i.Name == name);
        var (lost, gained) = (Lasting(old).Except(Lasting(now)).ToArray(), Lasting(now).Except(Lasting(old)).ToArray());
        if (now is null && lost.Length > 0)
        {
            lines.Add($"{name} is down, with it {string.Join(", ", lost.AsEnumerable())}");
            return;
        }

        if (old is null && gained.Length > 0)
        {
            lines.Add($"{name} is up, with {string.Join(", ", gained.AsEnumerable())}");
            return;
        }

        lines.AddRange(lost.Select(address => $"{name} no longer has {address}"));
        lines.AddRange(gained.Select(address => $"{name} now has {address}"));
        var leadsOut = before.Gateways.Concat(after.Gateways).Any(g => g.Interface == name);
        if (leadsOut && old is not null && now is not null && old.HasLink != now.HasLink)
        {
            lines.Add(now.HasLink ? $"{name} has its link again" : $"{name} has lost its link");
        }
    }

    private static void DescribeGateway(string family, AddressFamily addresses, NetworkState before, NetworkState after, List<string> lines)
    {
        var (old, now) = (before.Gateway(addresses), after.Gateway(addresses));
        if (old != now)
        {
            lines.Add(now is null
                ? $"there is no {family} gateway any more"
                : $"the {family} gateway is now {now.Gateway} by {now.Interface}" + (old is null ? "" : $" instead of {old.Gateway} by {old.Interface}"));
        }
    }

    private static IEnumerable<IPAddress> Lasting(NetworkInterfaceState? state) =>
        state is null ? [] : state.Addresses.Except(state.PassingAddresses).Where(a => !a.IsIPv6LinkLocal && !IsLinkLocalV4(a));

    // 169.254/16, RFC 3927
    private static bool IsLinkLocalV4(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is [169, 254, ..];
}
