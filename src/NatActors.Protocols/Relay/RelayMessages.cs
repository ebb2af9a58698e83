using NatActors.Multiformats;

namespace NatActors.Protocols.Relay;

/// <summary>A message of the hop protocol, between a client and its relay (circuit-v2.md, "Hop Protocol").</summary>
public abstract record HopMessage
{
    private HopMessage()
    {
    }

    /// <summary>The client asks for a slot.</summary>
    public sealed record Reserve : HopMessage;

    /// <summary>The client asks for a circuit to another peer. Addresses it may have named are ignored: this relay dials nobody.</summary>
    public sealed record Connect(PeerId Target) : HopMessage;

    /// <summary>The relay's answer.</summary>
    /// <param name="Code">Granted or why not.</param>
    /// <param name="Reservation">The slot, when one was granted.</param>
    /// <param name="Limits">What the relay allows a circuit.</param>
    public sealed record Status(RelayStatus Code, RelayReservation? Reservation, RelayLimits Limits) : HopMessage;
}

/// <summary>
/// A message of the stop protocol, between a relay and the peer that is reached through it (circuit-v2.md, "Stop Protocol").
/// </summary>
public abstract record StopMessage
{
    private StopMessage()
    {
    }

    /// <summary>The relay announces a circuit.</summary>
    /// <param name="Source">Who is at the other end, as the relay says; the handshake over the circuit proves it.</param>
    /// <param name="Limits">What the relay allows the circuit.</param>
    public sealed record Connect(PeerId Source, RelayLimits Limits) : StopMessage;

    /// <summary>The peer's answer.</summary>
    public sealed record Status(RelayStatus Code) : StopMessage;
}

/// <summary>A granted slot.</summary>
/// <param name="Expires">When it ends unless refreshed; null when the relay did not say.</param>
/// <param name="Addresses">
/// The relay's addresses, to be reached by others. Spec form is <c>…/p2p/RELAY</c>; kept as sent, but for unreadable ones, which are
/// dropped.
/// </param>
/// <param name="Voucher">The relay's signed promise (an envelope), if any.</param>
public sealed record RelayReservation(DateTimeOffset? Expires, IReadOnlyList<Multiaddr> Addresses, ReadOnlyMemory<byte>? Voucher);

/// <summary>Why a relay message was refused.</summary>
public enum RelayMessageFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>Longer than <see cref="RelayCodec.MaxMessageSize"/>.</summary>
    TooLong,

    /// <summary>No valid protobuf.</summary>
    NotProtobuf,

    /// <summary>The type is absent; zero counts only when it is on the wire.</summary>
    NoType,

    /// <summary>The type is none of the spec's.</summary>
    UnknownType,

    /// <summary>A CONNECT that names no peer.</summary>
    NoPeer,

    /// <summary>A peer id that is none.</summary>
    BadPeerId,

    /// <summary>A STATUS without a status.</summary>
    NoStatus,
}

/// <summary>A decoded hop message, or why there is none.</summary>
public readonly record struct HopDecoded(HopMessage? Message, RelayMessageFault Fault);

/// <summary>A decoded stop message, or why there is none.</summary>
public readonly record struct StopDecoded(StopMessage? Message, RelayMessageFault Fault);
