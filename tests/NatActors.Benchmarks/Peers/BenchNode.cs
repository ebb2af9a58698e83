using Akka.Actor;
using Akka.Configuration;
using NatActors.Lab;
using NatActors.Multiformats;
using NatActors.Node;
using NatActors.Node.Connections;
using NatActors.Protocols.Relay;
using NatActors.Scenarios.Tests.Support;
using NatActors.Transports;

namespace NatActors.Benchmarks.Peers;

/// <summary>How a measured node differs from one that listens on loopback.</summary>
internal sealed record BenchNodeOptions
{
    /// <summary>False for one that only dials: each dial then leaves from a port of its own, as a client's does.</summary>
    public bool Listens { get; init; } = true;

    /// <summary>Whether it relays for others, without limits that a measurement could meet.</summary>
    public bool Relays { get; init; }

    /// <summary>A relay to be reached through, or null.</summary>
    public Multiaddr? ReservesAt { get; init; }

    /// <summary>The laboratory host that it lives in, listening on <see cref="BenchNode.LabPort"/>; null for this machine's loopback.</summary>
    public LabHost? Host { get; init; }

    /// <summary>The last word, for what only one benchmark needs.</summary>
    public Func<NodeSetup, NodeSetup>? SetUp { get; init; }
}

/// <summary>A whole node as its owner has it, with room for what is measured. Serves perf and echo without the bounds of the node's own.</summary>
internal sealed class BenchNode : IAsyncDisposable
{
    /// <summary>A guard, far above what any step takes.</summary>
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(60);

    /// <summary>Where a node in the laboratory listens.</summary>
    public const int LabPort = 4001;

    /// <summary>More connections, streams and frames than any measurement makes: what bounds a stranger is not what is measured.</summary>
    private const int Room = 100_000;

    private static readonly Config Quiet = ConfigurationFactory.ParseString("akka.loglevel = ERROR");

    private readonly ActorSystem _system;

    private BenchNode(ActorSystem system, NatNode node, EventWatch events)
    {
        _system = system;
        Node = node;
        Events = events;
    }

    public NatNode Node { get; }

    public EventWatch Events { get; }

    /// <summary>Where it listens, ending in its peer id.</summary>
    public Multiaddr Address => Node.ListenAddresses[0];

    public static async Task<BenchNode> StartAsync(BenchNodeOptions? options = null)
    {
        options ??= new BenchNodeOptions();
        var system = ActorSystem.Create("bench", Quiet);
        var events = new EventWatch();
        var setup = new NodeSetup
        {
            Key = PrivateKey.GenerateEd25519(SystemRandomSource.Instance),
            Options = NodeOptions(options),
            RelayProfile = options.Relays ? RelayProfile.Private with { Limits = RelayLimits.None } : null,
        };
        setup = options.Host is { } host ? setup.Into(host) : setup;
        var reserved = events.Next<NodeEvents.Reserved>();
        var node = await NatNode.StartAsync(system, options.SetUp?.Invoke(setup) ?? setup, "node", events).WaitAsync(Guard);
        node.Handle(StreamWork.Perf, StreamWork.ServePerfAsync, allowLimited: true);
        if (options.ReservesAt is not null)
        {
            await reserved.WaitAsync(Guard);
        }

        return new BenchNode(system, node, events);
    }

    /// <summary>Connects, and waits until identify has told who the peer is, as go's connect does.</summary>
    public async Task<ConnectionInfo> ConnectAsync(Multiaddr address)
    {
        var identified = Events.Next<NodeEvents.Identified>(e => e.Peer.Equals(address.PeerId));
        var connection = await Node.DialAsync(address).WaitAsync(Guard);
        await identified.WaitAsync(Guard);
        return connection;
    }

    /// <summary>Closes a connection in order and waits until it is gone.</summary>
    public async Task CloseAsync(ConnectionInfo connection)
    {
        var gone = Events.Next<NodeEvents.Disconnected>(e => e.Peer.Equals(connection.Peer));
        connection.Actor.Tell(new ConnectionMessages.Close("measured"));
        await gone.WaitAsync(Guard);
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync().AsTask().WaitAsync(Guard);
        await _system.Terminate().WaitAsync(Guard);
    }

    private static NodeOptions NodeOptions(BenchNodeOptions options) => new()
    {
        Listen = !options.Listens ? [] : [Multiaddr.Parse(options.Host is { } host ? $"/ip4/{host.Address}/tcp/{LabPort}" : "/ip4/127.0.0.1/tcp/0")],
        Relays = options.ReservesAt is { } relay ? [relay] : [],
        RelayServer = options.Relays ? "private" : null,
        PortMapping = false,
        HolePunching = false,
        Perf = false,
        Echo = true,
        Connections = new ConnectionOptions { MaxConnections = Room, IdleTimeout = TimeSpan.FromDays(1) },
        Abuse = new AbuseOptions { StreamsPerSecond = Room, StreamBurst = Room, IdleFramesPerSecond = Room, IdleFrameBurst = Room },
    };
}
