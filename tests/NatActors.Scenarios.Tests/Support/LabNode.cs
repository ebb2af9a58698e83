using System.Net;
using Akka.Actor;
using Akka.Configuration;
using NatActors.Lab;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Transports;

namespace NatActors.Scenarios.Tests.Support;

/// <summary>How a laboratory node differs from the plain one: IPv4, port 4001, a new identity.</summary>
public sealed record LabNodeOptions
{
    public NodeOptions Node { get; init; } = new();

    public PrivateKey? Key { get; init; }

    public int Port { get; init; } = LabNode.DefaultPort;

    public bool V6 { get; init; }

    public Func<NodeSetup, NodeSetup>? SetUp { get; init; }
}

/// <summary>A node in this process whose sockets live in a laboratory host.</summary>
public sealed class LabNode : IAsyncDisposable
{
    public const int DefaultPort = 4001;

    private static readonly Config Quiet = ConfigurationFactory.ParseString("akka.loglevel = ERROR");

    private readonly ActorSystem _system;
    private readonly LabNodeOptions _options;

    private LabNode(ActorSystem system, NatNode node, EventLog events, LabHost host, LabNodeOptions options)
    {
        _system = system;
        Node = node;
        Events = events;
        Host = host;
        _options = options;
    }

    public NatNode Node { get; }

    public EventLog Events { get; }

    public LabHost Host { get; }

    public PeerId Id => Node.PeerId;

    /// <summary>The node's own address in the laboratory, ending in its peer id.</summary>
    public Multiaddr Address =>
        Multiaddr.FromTcp(new IPEndPoint(_options.V6 ? Host.AddressV6 : Host.Address, _options.Port)).WithPeerId(Id);

    public static PrivateKey NewKey() => PrivateKey.GenerateEd25519(SystemRandomSource.Instance);

    public static Task<LabNode> StartAsync(LabHost host, NodeOptions? options = null) =>
        StartAsync(host, new LabNodeOptions { Node = options ?? new NodeOptions() });

    public static async Task<LabNode> StartAsync(LabHost host, LabNodeOptions options)
    {
        var system = ActorSystem.Create($"lab-{host.Name}", Quiet);
        var events = new EventLog(host.Name);
        var listen = Multiaddr.Parse(options.V6 ? $"/ip6/::/tcp/{options.Port}" : $"/ip4/0.0.0.0/tcp/{options.Port}");
        var setup = new NodeSetup
        {
            Key = options.Key ?? NewKey(),
            Options = options.Node with { Listen = [listen] },
        }.Into(host);
        var node = await NatNode.StartAsync(system, options.SetUp?.Invoke(setup) ?? setup, "node", events).WaitAsync(EventLog.Guard);
        return new LabNode(system, node, events, host, options);
    }

    /// <summary>The address of a peer behind this relay.</summary>
    public Multiaddr Circuit(PeerId target) => Address.Append("/p2p-circuit").WithPeerId(target);

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync().AsTask().WaitAsync(EventLog.Guard);
        await _system.Terminate().WaitAsync(EventLog.Guard);
    }
}
