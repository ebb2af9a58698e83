using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Report;
using NatActors.Node.Resources;
using NatActors.Node.Streams;

namespace NatActors.Node;

/// <summary>
/// A libp2p peer that gets direct connections through NATs. Thread-safe. Behind it stands one actor tree (<see cref="Actor"/>), which takes
/// the same requests as messages (<see cref="NodeMessages"/>).
/// </summary>
public interface INatNode : IAsyncDisposable
{
    /// <summary>This node's peer id.</summary>
    PeerId PeerId { get; }

    /// <summary>The node's actor, for <see cref="NodeMessages"/>.</summary>
    IActorRef Actor { get; }

    /// <summary>The addresses that this node listens on, wildcards resolved, each ending in its peer id.</summary>
    IReadOnlyList<Multiaddr> ListenAddresses { get; }

    /// <summary>What happens in the node, as it happens. Handlers must not block.</summary>
    IObservable<NodeEvent> Events { get; }

    /// <summary>Ends when the node has ended; null when it was asked to, else why.</summary>
    Task<NodeFailure?> Completion { get; }

    /// <summary>Connects to the peer that the address names (it ends in <c>/p2p/ID</c>; relayed addresses too).</summary>
    /// <exception cref="PeerUnreachableException">It could not be reached; the message says why and what was tried.</exception>
    Task<ConnectionInfo> DialAsync(Multiaddr address, CancellationToken cancellationToken = default);

    /// <summary>
    /// Opens a stream to a connected peer, on its direct connection if there is one.
    /// </summary>
    /// <param name="peer">The peer.</param>
    /// <param name="protocol">The protocol id, e.g. <c>/my-app/1.0.0</c>.</param>
    /// <param name="allowLimited">
    /// True to use a relayed connection with limits too. False waits for a hole punch that is under way, and fails if there is none.
    /// </param>
    /// <param name="cancellationToken">Gives up; a stream that opens all the same is reset.</param>
    /// <exception cref="StreamNotOpenedException">It could not be opened; the message says why.</exception>
    Task<PeerStream> OpenStreamAsync(
        PeerId peer,
        string protocol,
        bool allowLimited = false,
        CancellationToken cancellationToken = default);

    /// <summary>Serves a protocol; dispose the result to stop. A stream is closed when its handler's task ends, reset when it throws.</summary>
    /// <param name="protocol">The protocol id.</param>
    /// <param name="handler">Called for each inbound stream.</param>
    /// <param name="allowLimited">True to serve it on limited (relayed) connections too.</param>
    /// <exception cref="InvalidOperationException">The protocol is served already.</exception>
    IDisposable Handle(string protocol, StreamHandler handler, bool allowLimited = false);

    /// <summary>Pings a connected peer once, on its best connection, relayed ones included; the round-trip time.</summary>
    /// <exception cref="PeerFailedException">No answer came; the message says why.</exception>
    Task<TimeSpan> PingAsync(PeerId peer, CancellationToken cancellationToken = default);

    /// <summary>Measures the throughput to a connected peer (<c>/perf/1.0.0</c>), on its best connection, relayed ones included.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="uploadBytes">Bytes to send, 0 or more.</param>
    /// <param name="downloadBytes">Bytes to ask for, 0 or more.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="PeerFailedException">It came to nothing; the message says why.</exception>
    Task<NodeEvents.PerfMeasured> MeasureAsync(
        PeerId peer,
        long uploadBytes,
        long downloadBytes,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Tests at once whether this node can be dialed, instead of when it would be tested next: the owner has changed something, a port
    /// forward for one. What comes of it is told by <see cref="Events"/>, where it differs from before.
    /// </summary>
    void TestReachability();

    /// <summary>The node as it is now.</summary>
    Task<NodeMessages.Status> GetStatusAsync(CancellationToken cancellationToken = default);

    /// <summary>What the node's memory, streams and connections are used for now, and what was refused so far.</summary>
    ResourceSnapshot GetResources();

    /// <summary>
    /// Everything the node knows of its place in the world: addresses, witnesses, NATs, mappings, verdicts, relays, punches. Takes about a
    /// second at most; what a part of the node did not answer by then is missing, and the report says which.
    /// </summary>
    Task<NodeReport> GetReportAsync(CancellationToken cancellationToken = default);
}

/// <summary>A peer could not be reached.</summary>
public sealed class PeerUnreachableException(DialFailure failure) : IOException(failure.Detail)
{
    /// <summary>Why.</summary>
    public DialFailure Failure { get; } = failure;
}

/// <summary>A stream could not be opened.</summary>
public sealed class StreamNotOpenedException(StreamFailure failure) : IOException(failure.Detail)
{
    /// <summary>Why.</summary>
    public StreamFailure Failure { get; } = failure;
}

/// <summary>A connected peer did not do what was asked of it; the message says why.</summary>
public sealed class PeerFailedException(string reason) : IOException(reason);

/// <summary>A node could not start.</summary>
public sealed class NodeStartException(NodeFailure failure) : IOException(failure.Detail)
{
    /// <summary>Why.</summary>
    public NodeFailure Failure { get; } = failure;
}
