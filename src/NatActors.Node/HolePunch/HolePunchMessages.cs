using NatActors.Multiformats;
using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.HolePunch;

namespace NatActors.Node.HolePunch;

/// <summary>The messages between the <see cref="HolePunchActor"/> and its attempts.</summary>
public static class HolePunchMessages
{
    /// <summary>To an attempt: our addresses are these now.</summary>
    public sealed record OwnAddressesAre(OwnAddresses Own);

    /// <summary>To an attempt: identify told this of the peer.</summary>
    public sealed record PeerIs(string? Agent, IReadOnlyList<Multiaddr> Addresses);

    /// <summary>To an attempt of the answering side: the peer opened a DCUtR stream.</summary>
    public sealed record PeerOpened(PeerStream Stream);

    /// <summary>To an attempt: a direct connection to the peer is up.</summary>
    public sealed record DirectIsUp(bool Inbound);

    /// <summary>To an attempt: its relayed connection is gone.</summary>
    public sealed record RelayedIsDown;

    /// <summary>To an attempt, from its stream of that number: a message came, or bytes that are none.</summary>
    public sealed record StreamReceived(long Number, HolePunchDecoded Message);

    /// <summary>To an attempt, from its stream of that number: the peer finished it, or it broke.</summary>
    public sealed record StreamEnded(long Number);

    /// <summary>To an attempt, from its stream of that number, which was opened at once: the peer did not agree.</summary>
    public sealed record StreamRefused(long Number, bool NotSupported, string Detail);

    /// <summary>To an attempt: another one takes its place; end.</summary>
    public sealed record Superseded;

    /// <summary>From an attempt: it is over, as the event says.</summary>
    public sealed record Over(NodeEvents.PunchEnded Ended);

    /// <summary>To the hole punching actor: ask for the last punches; answered to the sender by <see cref="State"/>.</summary>
    public sealed record GetState;

    /// <summary>
    /// The answer to <see cref="GetState"/>: the last punches, the latest first, and behind them the last one with each other peer that is
    /// connected by a relay now; bounded by the connections.
    /// </summary>
    public sealed record State(IReadOnlyList<NodeEvents.PunchEnded> Last);
}

/// <summary>One attempt to be.</summary>
public sealed record AttemptSeed
{
    /// <summary>The relayed connection to replace.</summary>
    public required ConnectionInfo Relayed { get; init; }

    /// <summary>True for B of DCUtR, which accepted the relayed connection and opens the stream.</summary>
    public required bool Initiator { get; init; }

    /// <summary>Our addresses now.</summary>
    public required OwnAddresses Own { get; init; }

    /// <summary>What identify has told of the peer, if anything.</summary>
    public HolePunchMessages.PeerIs? Known { get; init; }

    /// <summary>The bounds and the timing.</summary>
    public required PunchOptions Options { get; init; }
}
