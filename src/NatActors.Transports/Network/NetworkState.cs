using System.Net;

namespace NatActors.Transports.Network;

/// <summary>One interface that is up.</summary>
/// <param name="Name">Its name, e.g. <c>eth0</c>.</param>
/// <param name="Addresses">Its unicast addresses.</param>
public sealed record NetworkInterfaceState(string Name, IReadOnlyList<IPAddress> Addresses)
{
    /// <inheritdoc />
    public bool Equals(NetworkInterfaceState? other) =>
        other is not null && Name == other.Name && Addresses.SequenceEqual(other.Addresses);

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

    /// <inheritdoc />
    public bool Equals(NetworkState? other) =>
        other is not null && Interfaces.SequenceEqual(other.Interfaces) && Gateways.SequenceEqual(other.Gateways);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Interfaces.Count, Gateways.Count);
}
