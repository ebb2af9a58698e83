using NatActors.Multiformats;
using NatActors.Protocols.Connections;

namespace NatActors.Node.Connections;

/// <summary>The messages between a <see cref="PeerDialActor"/> and the connections. That the peer was reached shows in the connection itself.</summary>
public static class PeerDialMessages
{
    /// <summary>To the dialer: try these too.</summary>
    public sealed record AddAddresses(IReadOnlyList<Multiaddr> Addresses);

    /// <summary>To the dialer: nobody wants it any more. It gives up what runs and stops.</summary>
    public sealed record Abort;

    /// <summary>To the connections: every address failed; the dialer stops.</summary>
    public sealed record Failed(DialGoal Goal, DialFailure Failure);
}
