using System.Net;

namespace NatActors.Transports.Port;

/// <summary>The addresses of the machine's interfaces, to turn a wildcard bind into addresses that can be told to others.</summary>
public interface INetworkInterfaces
{
    /// <summary>Every unicast address of every interface that is up, in the system's order; loopback and link-local ones too.</summary>
    /// <exception cref="IOException">The system does not say.</exception>
    IReadOnlyList<IPAddress> GetAddresses();
}
