using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Report;
using NatActors.Node.Resources;
using NatActors.Node.Streams;

namespace NatActors.Node;

/// <summary>
/// The node's public messages: what <see cref="INatNode"/> offers, for actors. Send them to the node's actor. Ids are chosen by the
/// requester; each request is answered exactly once.
/// </summary>
public static class NodeMessages
{
    /// <summary>Connect to the peer that the address names. Answered by <see cref="Dialed"/> or <see cref="DialFailed"/>.</summary>
    public sealed record Dial(long Id, Multiaddr Address, IActorRef ReplyTo);

    /// <summary>The answer to <see cref="Dial"/>: connected.</summary>
    public sealed record Dialed(long Id, ConnectionInfo Connection);

    /// <summary>The answer to <see cref="Dial"/>: not connected, and why.</summary>
    public sealed record DialFailed(long Id, DialFailure Failure);

    /// <summary>The requester of a <see cref="Dial"/> no longer wants it; no answer is sent unless it is under way already.</summary>
    public sealed record CancelDial(long Id, IActorRef ReplyTo);

    /// <summary>
    /// Open a stream to a connected peer. When only a limited connection exists and <see cref="AllowLimited"/> is false, the request waits
    /// for a hole punch that is under way and fails when that fails. Answered by <see cref="StreamOpened"/> or <see cref="StreamFailed"/>.
    /// </summary>
    public sealed record OpenStream(long Id, PeerId Peer, string Protocol, bool AllowLimited, IActorRef ReplyTo);

    /// <summary>The answer to <see cref="OpenStream"/>: the stream is the requester's, who must end it.</summary>
    public sealed record StreamOpened(long Id, PeerStream Stream);

    /// <summary>The answer to <see cref="OpenStream"/>: no stream, and why.</summary>
    public sealed record StreamFailed(long Id, StreamFailure Failure);

    /// <summary>
    /// Serve a protocol: its streams are sent to the actor as <see cref="StreamMessages.InboundStream"/>, until the actor dies. Answered to
    /// the sender by <see cref="Serving"/> or <see cref="NotServing"/>.
    /// </summary>
    public sealed record Serve(string Protocol, IActorRef Actor, bool AllowLimited);

    /// <summary>The protocol is served from now on.</summary>
    public sealed record Serving(string Protocol);

    /// <summary>The protocol was not taken on, and why.</summary>
    public sealed record NotServing(string Protocol, string Reason);

    /// <summary>Send every <see cref="NodeEvent"/> from now on to the subscriber, until it dies.</summary>
    public sealed record Subscribe(IActorRef Subscriber);

    /// <summary>Keep a reservation at a relay (address ending in its peer id).</summary>
    public sealed record UseRelay(Multiaddr Relay);

    /// <summary>Ask for the state of the node; answered to the sender by <see cref="Status"/>, an empty one when the node ends.</summary>
    public sealed record GetStatus;

    /// <summary>The node as it is now.</summary>
    public sealed record Status(
        PeerId Self,
        IReadOnlyList<Multiaddr> Addresses,
        IReadOnlyList<ConnectionsMessages.ConnectionStatus> Connections);

    /// <summary>
    /// Test at once whether this node can be dialed, instead of when it would be tested next: the owner has changed something, a port forward
    /// for one. What comes of it is told by <see cref="NodeEvents.ReachabilityChanged"/> where it differs from before.
    /// </summary>
    public sealed record TestReachability;

    /// <summary>
    /// Ask for everything the node knows of its place in the world; answered to the sender by <see cref="Report"/> within about a second.
    /// </summary>
    public sealed record GetReport;

    /// <summary>The answer to <see cref="GetReport"/>.</summary>
    public sealed record Report(NodeReport Value);

    /// <summary>Ask what the node's memory, streams and connections are used for; answered to the sender by <see cref="Resources"/>.</summary>
    public sealed record GetResources;

    /// <summary>The answer to <see cref="GetResources"/>.</summary>
    public sealed record Resources(ResourceSnapshot Value);

    /// <summary>End in order: close the connections, then stop.</summary>
    public sealed record Shutdown;
}

/// <summary>Why a node could not start, or ended.</summary>
public enum NodeFailureKind
{
    /// <summary>A listen address could not be bound.</summary>
    Port,

    /// <summary>A part of the node that it cannot do without failed over and over.</summary>
    Internal,
}

/// <summary>A node's failure, in one line for a person.</summary>
public sealed record NodeFailure(NodeFailureKind Kind, string Detail);
