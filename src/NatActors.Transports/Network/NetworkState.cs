using System.Net;
using System.Net.Sockets;

namespace NatActors.Transports.Network;

/// <summary>One interface that is up.</summary>
/// <param name="Name">Its name, e.g. <c>eth0</c>.</param>
/// <param name="Addresses">Its unicast addresses.</param>
public sealed record NetworkInterfaceState(string Name, IReadOnlyList<IPAddress> Addresses)
{
    /// <summary>False while its cable is out or its radio has no cell; addresses stay meanwhile.</summary>
    public bool HasLink { get; init; } = true;

    /// <summary>The networks that are reached through it without a router, where the system says so.</summary>
    public IReadOnlyList<IPNetwork> Networks { get; init; } = [];

    /// <summary>
    /// Those of its addresses that come and go by themselves: temporary IPv6 ones (RFC 8981), such that are given up or still being tried.
    /// </summary>
    public IReadOnlyList<IPAddress> PassingAddresses { get; init; } = [];

    /// <inheritdoc />
    public bool Equals(NetworkInterfaceState? other) =>
        other is not null && Name == other.Name && HasLink == other.HasLink && Addresses.SequenceEqual(other.Addresses)
        && Networks.SequenceEqual(other.Networks) && PassingAddresses.SequenceEqual(other.PassingAddresses);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Name, Addresses.Count);
}

/// <summary>A default route.</summary>
/// <param name="Interface">The interface that it leaves by.</param>
/// <param name="Gateway">The router.</param>
public sealed record GatewayState(string Interface, IPAddress Gateway);

/// <summary>The machine's place in its network.</summary>
public sealed record NetworkState
{
    /// <summary>Nothing known.</summary>
    public static NetworkState None { get; } = new();

    /// <summary>The interfaces that are up, loopback included, in the system's order.</summary>
    public IReadOnlyList<NetworkInterfaceState> Interfaces { get; init; } = [];

    /// <summary>The default routes, IPv4 and IPv6, the preferred ones first.</summary>
    public IReadOnlyList<GatewayState> Gateways { get; init; } = [];

    /// <summary>The preferred default route of a family, or null.</summary>
    public GatewayState? Gateway(AddressFamily family) => Gateways.FirstOrDefault(g => g.Gateway.AddressFamily == family);

    /// <summary>
    /// True when one of the interfaces has the address. All of 127.0.0.0/8 is the machine's own where any of it is (RFC 1122, 3.2.1.3).
    /// </summary>
    public bool Has(IPAddress address) =>
        Interfaces.Any(i => i.Addresses.Any(own => Same(own, address) || (IsLoopbackV4(own) && IsLoopbackV4(address))));

    /// <summary>True when the address is reached without a router.</summary>
    public bool IsOnLink(IPAddress address) => Has(address) || Interfaces.Any(i => i.Networks.Any(n => n.Contains(address)));

    /// <inheritdoc />
    public bool Equals(NetworkState? other) =>
        other is not null && Interfaces.SequenceEqual(other.Interfaces) && Gateways.SequenceEqual(other.Gateways);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Interfaces.Count, Gateways.Count);

    private static bool IsLoopbackV4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork && IPAddress.IsLoopback(address);

    // A connection's address may lack the zone that a link-local address of an interface has.
    private static bool Same(IPAddress own, IPAddress address) =>
        own.AddressFamily == address.AddressFamily && own.GetAddressBytes().AsSpan().SequenceEqual(address.GetAddressBytes());
}
