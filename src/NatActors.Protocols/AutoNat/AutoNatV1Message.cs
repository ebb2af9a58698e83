using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>A message of AutoNAT version 1 (autonat-v1.md, "Protobuf").</summary>
public abstract record AutoNatV1Message
{
    private AutoNatV1Message()
    {
    }

    /// <summary>The client asks to be dialed.</summary>
    /// <param name="Peer">Who it says it is.</param>
    /// <param name="Addresses">Where it may be; unreadable ones are left out.</param>
    public sealed record Dial(PeerId Peer, IReadOnlyList<Multiaddr> Addresses) : AutoNatV1Message;

    /// <summary>The server's answer.</summary>
    /// <param name="Status">What became of the dial.</param>
    /// <param name="Text">A word of the server for a person, as the peer wrote it; null for none.</param>
    /// <param name="Address">The address that was reached, with <see cref="AutoNatV1Status.Ok"/>; null for none or an unreadable one.</param>
    public sealed record DialResponse(AutoNatV1Status Status, string? Text, Multiaddr? Address) : AutoNatV1Message;
}

/// <summary>The status codes of version 1 (autonat-v1.md, enum ResponseStatus). A code that is none of these is kept as its number.</summary>
public enum AutoNatV1Status
{
    /// <summary>The client was reached.</summary>
    Ok = 0,

    /// <summary>It was dialed and not reached.</summary>
    DialError = 100,

    /// <summary>The server did not dial: a limit, or no address it may dial. No evidence.</summary>
    DialRefused = 101,

    /// <summary>The request could not be read. No evidence.</summary>
    BadRequest = 200,

    /// <summary>The server failed. No evidence.</summary>
    InternalError = 300,
}

/// <summary>A decoded message of version 1, or why there is none.</summary>
public readonly record struct AutoNatV1Decoded(AutoNatV1Message? Message, AutoNatMessageFault Fault);
