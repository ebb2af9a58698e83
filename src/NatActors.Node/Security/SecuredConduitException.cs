namespace NatActors.Node.Security;

/// <summary>How a secured conduit was broken.</summary>
public enum SecuredConduitFailure
{
    /// <summary>A frame was changed, repeated, left out, or made by somebody else.</summary>
    Forged,

    /// <summary>A frame too short to hold its authentication tag.</summary>
    FrameTooShort,

    /// <summary>The conduit under it ended inside a frame.</summary>
    Truncated,
}

/// <summary>The bytes under a secured conduit are not what the other side sent; the conduit can only be aborted.</summary>
public sealed class SecuredConduitException : IOException
{
    /// <summary>Says how.</summary>
    public SecuredConduitException(SecuredConduitFailure failure)
        : base(Describe(failure)) => Failure = failure;

    /// <summary>How it was broken.</summary>
    public SecuredConduitFailure Failure { get; }

    private static string Describe(SecuredConduitFailure failure) => failure switch
    {
        SecuredConduitFailure.Forged => "An encrypted frame is not authentic.",
        SecuredConduitFailure.FrameTooShort => "An encrypted frame is shorter than its authentication tag.",
        _ => "The connection ended inside an encrypted frame.",
    };
}
