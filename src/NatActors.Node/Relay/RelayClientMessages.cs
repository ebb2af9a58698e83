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
}
