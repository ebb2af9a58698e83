using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Port;
using NatActors.Node.Streams;
using NatActors.Transports;
using NatActors.Transports.Network;
using NatActors.Transports.Port;

namespace NatActors.Node.Tests.Port;

/// <summary>A node's ports with probes where the node and its connections stand.</summary>
public abstract class PortTestKit : TestKit
{
    protected static readonly TimeSpan Guard = TimeSpan.FromSeconds(20);

    private protected static PortsUnderTest Parts(
        TestProbe node, TestProbe sink, IPortTransport transport, INetworkInterfaces interfaces, params string[] listen)
    {
        var key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance);
        var context = new NodeContext
        {
            Options = new NodeOptions { Listen = [.. listen.Select(Multiaddr.Parse)] },
            Key = key,
            Self = PeerId.FromPublicKey(key.PublicKey),
            Random = SystemRandomSource.Instance,
            WallClock = TimeProvider.System,
            Events = new NodeEventHub(TimeProvider.System),
            Protocols = new ProtocolTable(),
            Transports = [transport],
            Interfaces = interfaces,
            Security = [],
            Gater = OpenGater.Instance,
            Stopping = CancellationToken.None,
        };
        context.Refs.Node = node.Ref;
        context.Refs.Connections = sink.Ref;
        return new PortsUnderTest(context, node, sink);
    }

    private protected PortsUnderTest Create(IPortTransport transport, INetworkInterfaces interfaces, params string[] listen)
    {
        var parts = Parts(CreateTestProbe(), CreateTestProbe(), transport, interfaces, listen);
        parts.Ports = Sys.ActorOf(Props.Create(typeof(PortsActor), parts.Context));
        parts.Ports.Tell(new PortMessages.Bind(parts.Node.Ref));
        return parts;
    }

    /// <summary>Ports on real sockets of loopback, bound.</summary>
    private protected PortsUnderTest Bound(params string[] listen)
    {
        var parts = Create(new TcpTransport(), SystemNetworkInterfaces.Instance, listen);
        parts.Listen = parts.Node.ExpectMsg<PortMessages.Bound>(Guard).Listen;
        return parts;
    }
}

internal sealed class PortsUnderTest(NodeContext context, TestProbe node, TestProbe sink)
{
    public NodeContext Context { get; } = context;

    public TestProbe Node { get; } = node;

    public TestProbe Sink { get; } = sink;

    public IActorRef Ports { get; set; } = ActorRefs.Nobody;

    public IReadOnlyList<Multiaddr> Listen { get; set; } = [];
}
