using System.Net;

namespace NatActors.Protocols.Naming;

/// <summary>The record types that are asked for (RFC 1035 section 3.2.2, RFC 3596 section 2.1).</summary>
public enum DnsType
{
    /// <summary>An IPv4 address.</summary>
    A = 1,

    /// <summary>Text.</summary>
    Txt = 16,

    /// <summary>An IPv6 address.</summary>
    Aaaa = 28,
}

/// <summary>One question to a name server; the class is always IN.</summary>
/// <param name="Name">The name.</param>
/// <param name="Type">What is wanted of it.</param>
public sealed record DnsQuestion(DnsName Name, DnsType Type)
{
    /// <inheritdoc />
    public override string ToString() => $"{Name} {Type.ToString().ToUpperInvariant()}";
}

/// <summary>The response codes of a name server (RFC 1035 section 4.1.1). One that is none of these is kept as its number.</summary>
public enum DnsCode
{
    /// <summary>No error; there may still be no record of that type.</summary>
    NoError = 0,

    /// <summary>The server could not read the question (or its EDNS part).</summary>
    FormErr = 1,

    /// <summary>The server failed, or those that it asked.</summary>
    ServFail = 2,

    /// <summary>The name does not exist.</summary>
    NxDomain = 3,

    /// <summary>The server does not know that kind of question.</summary>
    NotImp = 4,

    /// <summary>The server does not serve this client.</summary>
    Refused = 5,
}

/// <summary>A response that answers the question.</summary>
/// <param name="Code">What the server says.</param>
/// <param name="Truncated">True when it did not fit; ask again over TCP. The values are incomplete then.</param>
/// <param name="Addresses">The addresses, for A and AAAA.</param>
/// <param name="Texts">The texts, for TXT; the strings of one record are one text.</param>
/// <param name="TimeToLive">How long it may be kept, by its records or, without any, by the zone (RFC 2308); null when the server does not say.</param>
public sealed record DnsResponse(
    DnsCode Code,
    bool Truncated,
    IReadOnlyList<IPAddress> Addresses,
    IReadOnlyList<string> Texts,
    TimeSpan? TimeToLive);

/// <summary>Why a message was refused.</summary>
public enum DnsFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>Shorter than a header, or ends inside a record.</summary>
    Truncated,

    /// <summary>A question, or another operation's answer.</summary>
    NotAResponse,

    /// <summary>Another message's id.</summary>
    OtherId,

    /// <summary>The answer to another question.</summary>
    OtherQuestion,

    /// <summary>A name, a record or a count breaks the grammar.</summary>
    Malformed,

    /// <summary>One alias leads to the next more often than <see cref="DnsCodec.MaxAliases"/>, or in a circle.</summary>
    TooManyAliases,
}

/// <summary>A decoded response, or why there is none.</summary>
public readonly record struct DnsDecoded(DnsResponse? Response, DnsFault Fault);
