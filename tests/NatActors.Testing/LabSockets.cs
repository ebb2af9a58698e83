using System.Net.Sockets;
using NatActors.Lab;
using NatActors.Transports.Port;

namespace NatActors.Testing;

/// <summary>The sockets of a node in this process that lives in a laboratory host.</summary>
public sealed class LabSockets(LabHost host) : ISocketFactory
{
    /// <inheritdoc />
    public Socket CreateTcp(AddressFamily family) => host.CreateSocket(family, SocketType.Stream, ProtocolType.Tcp);

    /// <inheritdoc />
    public Socket CreateUdp(AddressFamily family) => host.CreateSocket(family, SocketType.Dgram, ProtocolType.Udp);
}
