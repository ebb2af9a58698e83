using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Protocols.Relay;
using NatActors.Transports.Security;

namespace NatActors.Node.Connections;

/// <summary>What is fixed about a connection from the moment it is up.</summary>
public sealed record ConnectionInfo
{
    /// <summary>Unique in this node, never used again.</summary>
    public required long Id { get; init; }

    /// <summary>The proven identity of the other end.</summary>
    public required PeerId Peer { get; init; }

    /// <summary>The identity key of the other end.</summary>
    public required PublicKey PeerKey { get; init; }

    /// <summary>This side's address.</summary>
    public required Multiaddr LocalAddress { get; init; }

    /// <summary>The other side's address, without its peer id; for a relayed connection <c>…/p2p/RELAY/p2p-circuit</c>.</summary>
    public required Multiaddr RemoteAddress { get; init; }

    /// <summary>Who dialed.</summary>
    public required ConnectionDirection Direction { get; init; }

    /// <summary>The role in the upgrade; differs from the direction only after a hole punch.</summary>
    public required ConnectionRole Role { get; init; }

    /// <summary>True when it runs over a relay.</summary>
    public required bool Relayed { get; init; }

    /// <summary>True when this side's end is a listen port, so that what the peer observes can be dialed.</summary>
    public required bool PortReused { get; init; }

    /// <summary>True when a hole punch made it: who came in could not have done so by itself.</summary>
    public bool Punched { get; init; }

    /// <summary>The relay's limits when the connection is limited: streams over it need an opt-in. Null when unlimited.</summary>
    public StreamLimits? Limits { get; init; }

    /// <summary>
    /// What has passed the relay of a limited connection, counted on this side, this side as the source; null when unlimited.
    /// </summary>
    public CircuitMeter? Circuit { get; init; }

    /// <summary>True when streams need an opt-in.</summary>
    public bool Limited => Limits is not null;

    /// <summary><c>tcp</c>, <c>quic</c> or <c>relay</c>.</summary>
    public string Transport => Relayed ? "relay" : RemoteAddress.IsQuic ? "quic" : "tcp";

    /// <summary>The connection's actor.</summary>
    public required IActorRef Actor { get; init; }
}
