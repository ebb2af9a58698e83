namespace NatActors.Fuzz.Engine;

/// <summary>Which oracle spoke.</summary>
public enum FailureKind
{
    /// <summary>An exception or a failed assertion.</summary>
    Exception,

    /// <summary>More managed memory than stated.</summary>
    Memory,

    /// <summary>More steps than stated.</summary>
    Work,

    /// <summary>Another outcome when delivered in pieces.</summary>
    Chunks,

    /// <summary>Another outcome when run again.</summary>
    Repeat,
}

/// <summary>An input that an entry failed on.</summary>
/// <param name="Kind">Which oracle.</param>
/// <param name="Key">The same for failures of the same cause, as far as can be told.</param>
/// <param name="Message">All of it in words.</param>
/// <param name="Input">The input.</param>
public sealed record FuzzFailure(FailureKind Kind, string Key, string Message, byte[] Input);
