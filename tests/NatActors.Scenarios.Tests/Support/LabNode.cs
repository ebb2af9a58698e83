using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Configuration;
using NatActors.Lab;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Transports;
using NatActors.Transports.Port;

namespace NatActors.Scenarios.Tests.Support;

/// <summary>A node in this process whose sockets live in a laboratory host.</summary>
public sealed class LabNode : IAsyncDisposable
{
    public const int Port = 4001;

    private static readonly Config Quiet = ConfigurationFactory.ParseString("akka.loglevel = WARNING");

    private readonly ActorSystem _system;

    private LabNode(ActorSystem system, NatNode node, EventLog events, LabHost host)
    {
        _system = system;
        Node = node;
        Events = events;
        Host = host;
    }

    public NatNode Node { get; }

    public EventLog Events { get; }

    public LabHost Host { get; }

    public PeerId Id => Node.PeerId;

    /// <summary>The node's own IPv4 address in the laboratory, ending in its peer id.</summary>
    public Multiaddr Address => Multiaddr.FromTcp(new IPEndPoint(Host.Address, Port)).WithPeerId(Id);

    /// <summary>The node's own IPv6 address in the laboratory, ending in its peer id.</summary>
    public Multiaddr AddressV6 => Multiaddr.FromTcp(new IPEndPoint(Host.AddressV6, Port)).WithPeerId(Id);

    public static async Task<LabNode> StartAsync(LabHost host, NodeOptions? options = null, PrivateKey? key = null, bool v6 = false)
    {
        var system = ActorSystem.Create($"lab-{host.Name}", Quiet);
        var events = new EventLog(host.Name);
        var listen = Multiaddr.Parse(v6 ? $"/ip6/::/tcp/{Port}" : $"/ip4/0.0.0.0/tcp/{Port}");
        var setup = new NodeSetup
        {
            Key = key ?? PrivateKey.GenerateEd25519(SystemRandomSource.Instance),
            Options = (options ?? new NodeOptions()) with { Listen = [listen] },
            Transports = [new TcpTransport(new LabSockets(host))],
            Interfaces = new LabInterfaces(host),
        };
        var node = await NatNode.StartAsync(system, setup, "node", events).WaitAsync(EventLog.Guard);
        return new LabNode(system, node, events, host);
    }

    /// <summary>The address of a peer behind this relay.</summary>
    public Multiaddr Circuit(PeerId target) => Address.Append("/p2p-circuit").WithPeerId(target);

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync().AsTask().WaitAsync(EventLog.Guard);
        await _system.Terminate().WaitAsync(EventLog.Guard);
    }

    private sealed class LabSockets(LabHost host) : ISocketFactory
    {
        public Socket CreateTcp(AddressFamily family) => host.CreateSocket(family, SocketType.Stream, ProtocolType.Tcp);
    }

    private sealed class LabInterfaces(LabHost host) : INetworkInterfaces
    {
        public IReadOnlyList<IPAddress> GetAddresses() => host.Addresses;
    }
}
