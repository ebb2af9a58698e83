namespace NatActors.Multiformats;

/// <summary>What a resumable decoder came to.</summary>
public enum DecodeStatus
{
    /// <summary>A whole value was read.</summary>
    Done,

    /// <summary>The bytes so far are a valid beginning; more are needed. Not an error.</summary>
    NeedMoreData,

    /// <summary>The bytes can never become a valid value; the failure says why.</summary>
    Invalid,
}

/// <summary>Why bytes or text were refused. A peer's bad bytes are values, never exceptions.</summary>
public enum DecodeFailure
{
    /// <summary>Nothing was refused.</summary>
    None,

    /// <summary>The input ends inside a value.</summary>
    Truncated,

    /// <summary>A number is written longer than it has to be, or a message is not in its one canonical form.</summary>
    NonMinimal,

    /// <summary>A number does not fit in 63 bits.</summary>
    Overflow,

    /// <summary>A length is over the limit for its kind; nothing was allocated for it.</summary>
    TooLarge,

    /// <summary>A value breaks its grammar.</summary>
    Malformed,

    /// <summary>Well-formed, but of a kind this code does not know (hash function, key type, address protocol).</summary>
    Unsupported,

    /// <summary>Bytes follow after the end of the value.</summary>
    TrailingBytes,

    /// <summary>A required field is absent.</summary>
    MissingField,

    /// <summary>A signature does not match the key and the bytes it should cover.</summary>
    BadSignature,

    /// <summary>The value names another domain, payload type or signer than the one asked for.</summary>
    Mismatch,
}
