using Akka.Actor;
using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Transports;

namespace NatActors.Node.Relay;

/// <summary>The messages of the relay client.</summary>
public static class RelayClientMessages
{
    /// <summary>Keep a reservation at this relay until told otherwise: dial it, reserve, refresh, reserve again after a loss.</summary>
    public sealed record KeepReservation(Multiaddr Relay);

    /// <summary>
    /// Keep the relays of the options, and find others from now on while the node cannot be dialed. Sent once, when all of the node's
    /// services are there.
    /// </summary>
    public sealed record FindRelays;

    /// <summary>
    /// Reach a peer through a relay: connect to the relay if need be, ask it, and answer with the raw conduit. The answer is
    /// <see cref="Connected"/> or <see cref="ConnectFailed"/>, once.
    /// </summary>
    /// <param name="Id">The requester's id.</param>
    /// <param name="Relay">The relay's address, ending in its peer id, without <c>/p2p-circuit</c>.</param>
    /// <param name="Target">The peer behind it.</param>
    /// <param name="ReplyTo">Who wants the answer.</param>
    public sealed record Connect(long Id, Multiaddr Relay, PeerId Target, IActorRef ReplyTo);

    /// <summary>The relay opened the circuit. Bytes that came right behind its answer are in the conduit.</summary>
    public sealed record Connected(long Id, IConduit Conduit, StreamLimits? Limits);

    /// <summary>No circuit, and why, in words for a person.</summary>
    public sealed record ConnectFailed(long Id, string Reason);

    /// <summary>The requester gave up; no answer is sent, a circuit that opens all the same is reset.</summary>
    public sealed record CancelConnect(long Id, IActorRef ReplyTo);

    /// <summary>Ask for the relays; answered to the sender by <see cref="State"/>.</summary>
    public sealed record GetState;

    /// <summary>The answer to <see cref="GetState"/>.</summary>
    /// <param name="Held">The relays that are kept, those with a slot first.</param>
    /// <param name="Candidates">Connected peers that could be used, and why they are not, in words for a person.</param>
    public sealed record State(IReadOnlyList<RelayState> Held, IReadOnlyList<string> Candidates);

    /// <summary>One relay.</summary>
    public sealed record RelayState
    {
        /// <summary>The relay.</summary>
        public required PeerId Relay { get; init; }

        /// <summary>Where it is reached.</summary>
        public required Multiaddr Address { get; init; }

        /// <summary>True when it was named in the options, false when the node found it by itself.</summary>
        public required bool Configured { get; init; }

        /// <summary>When the slot ends unless refreshed; null when there is none now.</summary>
        public DateTimeOffset? Expires { get; init; }

        /// <summary>The round trip to it; null when not measured.</summary>
        public TimeSpan? Latency { get; init; }

        /// <summary>Bytes that a circuit through it may carry in each direction; null for no limit.</summary>
        public long? CircuitBytes { get; init; }

        /// <summary>How long a circuit through it may last; null for no limit.</summary>
        public TimeSpan? CircuitDuration { get; init; }

        /// <summary>Why there is no slot, in words for a person, or empty.</summary>
        public string Problem { get; init; } = "";
    }
}
