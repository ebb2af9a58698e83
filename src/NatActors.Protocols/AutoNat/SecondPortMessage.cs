using NatActors.Multiformats;

namespace NatActors.Protocols.AutoNat;

/// <summary>
/// What a server of <see cref="SecondPortProtocol"/> answers. A code that is none of these is kept as its number, and is no evidence.
/// </summary>
public enum SecondPortStatus
{
    /// <summary>Not said; no server of ours does this.</summary>
    Unstated = 0,

    /// <summary>The port is open; SEEN or NOT_SEEN follows.</summary>
    Open = 1,

    /// <summary>The client came in.</summary>
    Seen = 2,

    /// <summary>No port is opened: a limit, or a relayed connection.</summary>
    Refused = 100,

    /// <summary>No port could be opened, by a fault on the server's side.</summary>
    Failed = 101,

    /// <summary>Nobody came in who showed the nonce.</summary>
    NotSeen = 102,
}

/// <summary>Why a message of <see cref="SecondPortProtocol"/> was refused.</summary>
public enum SecondPortFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>Longer than <see cref="SecondPortProtocol.MaxMessageSize"/>; nothing of it was read.</summary>
    TooLong,

    /// <summary>No valid protobuf.</summary>
    NotProtobuf,

    /// <summary>An ask without a nonce, or with zero.</summary>
    NoNonce,

    /// <summary>A reply without a status.</summary>
    NoStatus,

    /// <summary>OPEN without a port from <see cref="SecondPortProtocol.LowestPort"/> to 65,535.</summary>
    BadPort,

    /// <summary>SEEN without an IP address and a TCP port.</summary>
    BadAddress,
}

/// <summary>A server's reply.</summary>
/// <param name="Status">What kind.</param>
/// <param name="Port">The port that is open; zero unless the status is <see cref="SecondPortStatus.Open"/>.</param>
/// <param name="Seen">Where the client came from; null unless the status is <see cref="SecondPortStatus.Seen"/>.</param>
public sealed record SecondPortReply(SecondPortStatus Status, int Port = 0, Multiaddr? Seen = null);

/// <summary>A decoded ask: its nonce, or why there is none.</summary>
public readonly record struct SecondPortAskDecoded(ulong Nonce, SecondPortFault Fault);

/// <summary>A decoded reply, or why there is none.</summary>
public readonly record struct SecondPortReplyDecoded(SecondPortReply? Reply, SecondPortFault Fault);
