using NatActors.Lab;
using NatActors.Node;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Datagrams;
using NatActors.Transports.Naming;
using NatActors.Transports.Port;
using NatActors.Transports.PortMapping;

namespace NatActors.Scenarios.Tests.Support;

/// <summary>Puts a node of this process into a host of the laboratory.</summary>
public static class LabSetup
{
    /// <summary>The same node with all that it asks of the system asked there: sockets, interfaces, name servers, routers.</summary>
    public static NodeSetup Into(this NodeSetup setup, LabHost host)
    {
        var sockets = new LabSockets(host);
        var datagrams = new SystemDatagramSockets(sockets);
        return setup with
        {
            Transports = [new TcpTransport(sockets)],
            Interfaces = new LabInterfaces(host),
            Datagrams = datagrams,
            NameServerExchange = new NameServerExchange(datagrams, sockets),
            GatewayHttp = new SystemGatewayHttp(sockets),
        };
    }
}
