using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Node.Connections;

/// <summary>The messages between a <see cref="PeerDialActor"/> and the connections. That the peer was reached shows in the connection itself.</summary>
public static class PeerDialMessages
{
    /// <summary>To the dialer: try these too.</summary>
    public sealed record AddAddresses(IReadOnlyList<Multiaddr> Addresses);

    /// <summary>To the dialer: nobody wants it any more. It gives up what runs and stops.</summary>
    /// <param name="Connected">True when that is because the peer was reached.</param>
    public sealed record Abort(bool Connected = false);

    /// <summary>To the connections: every address failed; the dialer stops.</summary>
    public sealed record Failed(DialGoal Goal, DialFailure Failure);

    /// <summary>
    /// To the connections: the peer's own connection was accepted instead of this one's being made. Its end as a handshake is told by
    /// <see cref="ConnectionsMessages.Dialed"/> or <see cref="ConnectionsMessages.DialFailed"/>.
    /// </summary>
    /// <param name="Id">The dialer's id for the answer.</param>
    /// <param name="Remote">Where the accepted connection comes from.</param>
    /// <param name="ReplyTo">The dialer.</param>
    public sealed record AwaitAccepted(long Id, Multiaddr Remote, IActorRef ReplyTo);
}
