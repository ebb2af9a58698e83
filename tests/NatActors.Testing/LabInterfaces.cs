using System.Net;
using NatActors.Lab;
using NatActors.Transports.Network;

namespace NatActors.Testing;

/// <summary>The interfaces of a laboratory host, as the node in it sees them.</summary>
public sealed class LabInterfaces(LabHost host) : INetworkInterfaces
{
    /// <inheritdoc />
    public IReadOnlyList<IPAddress> GetAddresses() => host.RunInside(SystemNetworkInterfaces.Instance.GetAddresses);

    /// <inheritdoc />
    public NetworkState GetState() => host.RunInside(SystemNetworkInterfaces.Instance.GetState);

    /// <inheritdoc />
    public INetworkNotices? OpenNotices() => host.RunInside(SystemNetworkInterfaces.Instance.OpenNotices);
}
