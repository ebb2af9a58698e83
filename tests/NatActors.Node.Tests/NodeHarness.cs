using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Resources;
using NatActors.Node.Streams;
using NatActors.Testing;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Network;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.Tests;

/// <summary>The ingredients of a node whose services are tested one at a time, the others being probes.</summary>
internal static class NodeHarness
{
    /// <summary>The time any awaited event may take at most; a guard, never a measure.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>How often what is waited for is looked at. Without it a test kit looks only ten times in the whole time.</summary>
    public static readonly TimeSpan Often = TimeSpan.FromMilliseconds(10);

    public static NodeContext MakeNode(ulong seed, NodeOptions? options = null)
    {
        var random = new SeededRandomSource(seed);
        var key = PrivateKey.GenerateEd25519(random);
        return new NodeContext
        {
            Options = options ?? new NodeOptions(),
            Resources = NodeResources.For(options ?? new NodeOptions()),
            Key = key,
            Self = key.PeerId,
            Random = random,
            WallClock = TimeProvider.System,
            Events = new NodeEventHub(TimeProvider.System),
            Protocols = new ProtocolTable(),
            Transports = [],
            Interfaces = new NoInterfaces(),
            Security = [],
            Gater = OpenGater.Instance,
            Stopping = CancellationToken.None,
        };
    }

    /// <summary>A connection as seen by a node whose peer has that key.</summary>
    public static ConnectionInfo Connection(
        long id, PrivateKey peer, string remote = "/ip4/192.0.1.1/tcp/4001", bool relayed = false, bool portReused = true) => new()
        {
            Id = id,
            Peer = peer.PeerId,
            PeerKey = peer.PublicKey,
            LocalAddress = Multiaddr.Parse("/ip4/10.0.0.2/tcp/4001"),
            RemoteAddress = Multiaddr.Parse(remote),
            Direction = ConnectionDirection.Outbound,
            Role = ConnectionRole.Dialer,
            Relayed = relayed,
            PortReused = portReused,
            Actor = ActorRefs.Nobody,
        };

    /// <summary>Both ends of a stream, joined in memory.</summary>
    public static (PeerStream Near, PeerStream Far) StreamPair(string protocol, PeerId peer)
    {
        var (near, far) = MemoryConduit.CreatePair();
        return (Wrap(near, protocol, peer), Wrap(far, protocol, peer));
    }

    /// <summary>A stream whose protocol is proposed along with what is sent first, and the bare far end of it.</summary>
    public static (PeerStream Near, MemoryConduit Far) LazyStream(string protocol, PeerId peer)
    {
        var (near, far) = MemoryConduit.CreatePair();
        return (new PeerStream(new ConduitStream(near), peer, protocol, relayed: false, limits: null, lazy: true, leftover: default), far);
    }

    /// <summary>Reads up to the end of the stream.</summary>
    public static async Task<byte[]> ReadAllAsync(PeerStream stream)
    {
        using var timeout = new CancellationTokenSource(Patience);
        var all = new MemoryStream();
        var buffer = new byte[4096];
        while (await stream.ReadAsync(buffer, timeout.Token) is var read and > 0)
        {
            all.Write(buffer, 0, read);
        }

        return all.ToArray();
    }

    private static PeerStream Wrap(IConduit conduit, string protocol, PeerId peer) =>
        new(new ConduitStream(conduit), peer, protocol, relayed: false, limits: null, lazy: false, leftover: default);

    /// <summary>A conduit as a raw stream.</summary>
    private sealed class ConduitStream(IConduit conduit) : IMuxedStream
    {
        public long Id => 1;

        public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            conduit.ReadAsync(buffer, cancellationToken);

        public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            conduit.WriteAsync(buffer, cancellationToken);

        public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) =>
            conduit.CompleteWritesAsync(cancellationToken);

        public void Reset(uint errorCode = 0) => conduit.Abort();
    }

    private sealed class NoInterfaces : INetworkInterfaces
    {
        public IReadOnlyList<System.Net.IPAddress> GetAddresses() => [];
    }
}
