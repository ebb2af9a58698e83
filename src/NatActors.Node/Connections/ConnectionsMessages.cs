using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Transports;
using NatActors.Transports.Muxing;
using NatActors.Transports.Port;
using NatActors.Transports.Security;

namespace NatActors.Node.Connections;

/// <summary>Why a peer could not be reached or used.</summary>
public enum DialFailureKind
{
    /// <summary>No address is known, or none that this node can dial.</summary>
    NoAddress,

    /// <summary>Every address was tried and none answered; the detail lists each with its cause.</summary>
    AllFailed,

    /// <summary>Something answered that is not the peer that was asked for, or broke the handshake.</summary>
    HandshakeFailed,

    /// <summary>
    /// Both nodes dialed each other at the same moment from their listen ports, so that neither listened. Over once tried from another port.
    /// </summary>
    Crossed,

    /// <summary>A limit of this node or its gater refused it.</summary>
    Refused,

    /// <summary>The node is going down, or the requester cancelled.</summary>
    Cancelled,
}

/// <summary>A failed dial, in words for a person.</summary>
public sealed record DialFailure(DialFailureKind Kind, string Detail);

/// <summary>The messages of the <see cref="ConnectionsActor"/>. Ids are chosen by the requester, unique for it; each request is answered once.</summary>
public static class ConnectionsMessages
{
    /// <summary>
    /// Connect to a peer, or join a dial or connection that exists. With <see cref="ForceDirect"/> a relayed connection does not
    /// satisfy it, and relayed addresses are left out (reversal).
    /// </summary>
    public sealed record Dial(long Id, PeerId? Peer, IReadOnlyList<Multiaddr> Addresses, IActorRef ReplyTo)
    {
        /// <summary>Which local port to leave from.</summary>
        public DialPort From { get; init; } = DialPort.Shared;

        /// <summary>Only a direct connection will do.</summary>
        public bool ForceDirect { get; init; }

        /// <summary>True for a dial that a person or the application asked for: it passes over the back-off.</summary>
        public bool IgnoreBackoff { get; init; } = true;
    }

    /// <summary>The answer to <see cref="Dial"/>: a connection to the peer is up.</summary>
    public sealed record Dialed(long Id, ConnectionInfo Connection);

    /// <summary>The answer to <see cref="Dial"/>: there is none.</summary>
    public sealed record DialFailed(long Id, DialFailure Failure);

    /// <summary>The requester no longer wants the answer; none is sent. Others who joined the dial keep it going.</summary>
    public sealed record CancelDial(long Id, IActorRef ReplyTo);

    /// <summary>
    /// Make a connection of a conduit: an accepted or punched TCP connection, a relayed stream. With <see cref="ReplyTo"/>, answered by
    /// <see cref="Dialed"/> or <see cref="DialFailed"/>.
    /// </summary>
    public sealed record Adopt(IConduit Conduit, ConnectionRole Role, ConnectionDirection Direction)
    {
        /// <summary>The peer that must prove itself, or null for any.</summary>
        public PeerId? ExpectedPeer { get; init; }

        /// <summary>True when this end is a listen port.</summary>
        public bool PortReused { get; init; }

        /// <summary>True for a conduit through a relay.</summary>
        public bool Relayed { get; init; }

        /// <summary>True when a hole punch made it.</summary>
        public bool Punched { get; init; }

        /// <summary>The relay's limits, null for none.</summary>
        public StreamLimits? Limits { get; init; }

        /// <summary>
        /// For a listener of a hole punch: when the other side has not spoken after this, become the dialer, for it may take itself for the
        /// listener too. Null for never.
        /// </summary>
        public TimeSpan? SpeakAfter { get; init; }

        /// <summary>The requester's id.</summary>
        public long Id { get; init; }

        /// <summary>Who wants the answer, if anybody.</summary>
        public IActorRef? ReplyTo { get; init; }
    }

    /// <summary>
    /// Open a stream to a connected peer on its best connection (direct before relayed), proposing the protocols in order. Without a
    /// connection it fails; it never dials. With <see cref="OnConnection"/> only that connection will do.
    /// </summary>
    public sealed record OpenStream(long Id, PeerId Peer, IReadOnlyList<string> Protocols, bool AllowLimited, IActorRef ReplyTo)
    {
        /// <summary>The id of the one connection to use, or null for the best.</summary>
        public long? OnConnection { get; init; }

        /// <summary>
        /// When only a limited connection exists and limited ones are not allowed: wait while a hole punch is under way instead of failing.
        /// </summary>
        public bool WaitForDirect { get; init; }

        /// <summary>
        /// With one protocol: do not wait for the peer to agree, also where it is not known yet to speak it. A refusal shows up when reading,
        /// as <see cref="StreamNegotiationException"/>.
        /// </summary>
        public bool AtOnce { get; init; }
    }

    /// <summary>The answer to <see cref="OpenStream"/>: negotiated, and the requester's to end.</summary>
    public sealed record StreamOpened(long Id, PeerStream Stream, ConnectionInfo Connection);

    /// <summary>The answer to <see cref="OpenStream"/>: none.</summary>
    public sealed record StreamFailed(long Id, StreamFailure Failure);

    /// <summary>Tell me of every connection from now on, and of those that exist; ends with the subscriber's death.</summary>
    public sealed record Subscribe(IActorRef Subscriber);

    /// <summary>To subscribers: a connection is up.</summary>
    public sealed record ConnectionUp(ConnectionInfo Connection);

    /// <summary>To subscribers: a connection that was up is gone.</summary>
    public sealed record ConnectionDown(ConnectionInfo Connection, string Reason)
    {
        /// <summary>How its link ended; null when its actor failed.</summary>
        public LinkEndKind? Kind { get; init; }
    }

    /// <summary>
    /// There is reason to think that the connection is dead (a request over it got no answer): find out at once, and end it if nothing arrives
    /// from the peer within <see cref="KeepAlive.KeepAliveOptions.CheckTimeout"/>.
    /// </summary>
    public sealed record CheckConnection(long ConnectionId);

    /// <summary>Close one connection, in order.</summary>
    public sealed record CloseConnection(long ConnectionId, string Reason);

    /// <summary>
    /// Keep a connection from idle closing while the tag stands (a reservation, a relayed connection under punch). Tags end with the connection.
    /// </summary>
    public sealed record Protect(long ConnectionId, string Tag)
    {
        /// <summary>
        /// True when the peer matters, not this very connection: it is not closed for being idle, but a better one (direct instead of
        /// relayed) still replaces it. False keeps it even then.
        /// </summary>
        public bool IdleOnly { get; init; }
    }

    /// <summary>Take a tag off.</summary>
    public sealed record Unprotect(long ConnectionId, string Tag);

    /// <summary>From hole punching: an attempt with this peer is under way; streams that want a direct connection may wait for it.</summary>
    public sealed record PunchUnderWay(PeerId Peer);

    /// <summary>From hole punching: the attempt is over; streams that still wait for a direct connection fail with this reason.</summary>
    public sealed record PunchOver(PeerId Peer, string Reason);

    /// <summary>Close every connection in order; answered by <see cref="AllClosed"/>.</summary>
    public sealed record CloseAll(string Reason, IActorRef ReplyTo);

    /// <summary>The answer to <see cref="CloseAll"/>.</summary>
    public sealed record AllClosed;

    /// <summary>What identify learnt of a peer: which protocols it speaks, so that streams for them may be opened lazily.</summary>
    public sealed record PeerSpeaks(long ConnectionId, IReadOnlyList<string> Protocols);

    /// <summary>Ask for a snapshot of all connections; answered by <see cref="Snapshot"/> to the sender.</summary>
    public sealed record GetSnapshot;

    /// <summary>All connections that are up, with what changes about them.</summary>
    public sealed record Snapshot(IReadOnlyList<ConnectionStatus> Connections);

    /// <summary>One connection with its last measured round trip (null before the first) and its open streams.</summary>
    public sealed record ConnectionStatus(ConnectionInfo Connection, TimeSpan? RoundTripTime, int Streams)
    {
        /// <summary>What the relay still lets through a limited connection; null when unlimited.</summary>
        public CircuitBudget? Budget { get; init; }
    }

    /// <summary>What is left of a circuit's limits, counted on this side.</summary>
    /// <param name="BytesToSend">Bytes that may still be sent, encryption included; null for no limit.</param>
    /// <param name="BytesToReceive">Bytes that may still be received, encryption included; null for no limit.</param>
    /// <param name="Time">How long it may still last; null for no limit.</param>
    public sealed record CircuitBudget(long? BytesToSend, long? BytesToReceive, TimeSpan? Time);
}
