using System.Net;
using NatActors.Multiformats;
using NatActors.Transports.Network;

namespace NatActors.Node.Port;

/// <summary>What a listen address means on this machine. Pure but for the list of interfaces.</summary>
internal static class ListenAddresses
{
    /// <summary>
    /// The addresses with each wildcard replaced by those of the interfaces, loopback last; link-local ones are left out, because
    /// they mean something else on every link, and those that come and go by themselves. Where the system does not list its interfaces a
    /// wildcard stays one.
    /// </summary>
    public static IReadOnlyList<Multiaddr> Resolve(IReadOnlyList<Multiaddr> listen, INetworkInterfaces interfaces)
    {
        try
        {
            return Resolve(listen, interfaces.GetState());
        }
        catch (IOException)
        {
            return listen;
        }
    }

    /// <summary>The same, for a state of the network that is known.</summary>
    public static IReadOnlyList<Multiaddr> Resolve(IReadOnlyList<Multiaddr> listen, NetworkState network)
    {
        var usable = network.Interfaces.SelectMany(i => i.Addresses.Except(i.PassingAddresses))
            .Where(address => AddressScope.KindOf(address) != AddressKind.LinkLocal)
            .OrderBy(IPAddress.IsLoopback)
            .ToArray();
        return listen.SelectMany(address => Resolve(address, usable)).Distinct().ToArray();
    }

    /// <summary>How well a listener on <paramref name="local"/> serves a dial to the remote: 0 not at all, more is better.</summary>
    public static int Fit(IPAddress? local, IPAddress remote)
    {
        if (local is null || local.GetAddressBytes().Length != remote.GetAddressBytes().Length)
        {
            return 0;
        }

        if (IsWildcard(local))
        {
            return 2;
        }

        return (IPAddress.IsLoopback(local), IPAddress.IsLoopback(remote)) switch
        {
            (true, true) => 4,
            (true, false) => 0,
            (false, true) => 1,
            (false, false) => AddressScope.IsPublic(local) == AddressScope.IsPublic(remote) ? 3 : 1,
        };
    }

    /// <summary>The wildcard of the remote's family with a port of the system's choice.</summary>
    public static Multiaddr AnyPort(IPAddress remote) =>
        Multiaddr.FromTcp(new IPEndPoint(remote.GetAddressBytes().Length == 4 ? IPAddress.Any : IPAddress.IPv6Any, 0));

    private static IEnumerable<Multiaddr> Resolve(Multiaddr address, IPAddress[] own) =>
        address.TryGetTcpEndPoint(out var endPoint) && IsWildcard(endPoint.Address)
            ? own.Where(candidate => candidate.GetAddressBytes().Length == endPoint.Address.GetAddressBytes().Length)
                .Select(candidate => Multiaddr.FromTcp(new IPEndPoint(candidate, endPoint.Port)))
            : [address];

    private static bool IsWildcard(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
