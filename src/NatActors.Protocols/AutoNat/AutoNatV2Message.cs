using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>A message on a dial-request stream of AutoNAT version 2 (autonat-v2.md, "RPC Messages").</summary>
public abstract record AutoNatV2Message
{
    private AutoNatV2Message()
    {
    }

    /// <summary>The client asks to be dialed at one of its addresses.</summary>
    /// <param name="Addresses">
    /// In the client's order of preference, as on the wire: what cannot be read is null, so that an index means the same to both sides.
    /// </param>
    /// <param name="Nonce">What the dial-back must carry.</param>
    public sealed record DialRequest(IReadOnlyList<Multiaddr?> Addresses, ulong Nonce) : AutoNatV2Message;

    /// <summary>The server wants dial data before it dials (autonat-v2.md, "Amplification Attack Prevention").</summary>
    /// <param name="AddressIndex">The address that it would dial.</param>
    /// <param name="ByteCount">How many bytes it wants.</param>
    public sealed record DialDataRequest(uint AddressIndex, ulong ByteCount) : AutoNatV2Message;

    /// <summary>A piece of the dial data; its content means nothing.</summary>
    public sealed record DialDataResponse(ReadOnlyMemory<byte> Data) : AutoNatV2Message;

    /// <summary>The server's answer.</summary>
    /// <param name="Status">Whether the request was served.</param>
    /// <param name="AddressIndex">The address that was dialed; meaningful with <see cref="AutoNatV2Status.Ok"/> only.</param>
    /// <param name="DialStatus">What became of the dial; meaningful with <see cref="AutoNatV2Status.Ok"/> only.</param>
    public sealed record DialResponse(AutoNatV2Status Status, uint AddressIndex, AutoNatV2DialStatus DialStatus) : AutoNatV2Message;
}

/// <summary>Whether a request was served (autonat-v2.md, enum ResponseStatus). A code that is none of these is kept as its number.</summary>
public enum AutoNatV2Status
{
    /// <summary>The server failed. No evidence.</summary>
    InternalError = 0,

    /// <summary>The server did not look at the request: a limit. No evidence.</summary>
    RequestRejected = 100,

    /// <summary>The server would dial none of the addresses. No evidence.</summary>
    DialRefused = 101,

    /// <summary>One address was dialed; the dial status says with what success.</summary>
    Ok = 200,
}

/// <summary>What became of a dial (autonat-v2.md, enum DialStatus). A code that is none of these is kept as its number.</summary>
public enum AutoNatV2DialStatus
{
    /// <summary>Nothing was dialed.</summary>
    Unused = 0,

    /// <summary>No connection came about.</summary>
    DialError = 100,

    /// <summary>A connection came about, but the nonce could not be handed over.</summary>
    DialBackError = 101,

    /// <summary>The nonce was handed over.</summary>
    Ok = 200,
}

/// <summary>A decoded message of version 2, or why there is none.</summary>
public readonly record struct AutoNatV2Decoded(AutoNatV2Message? Message, AutoNatMessageFault Fault);
