namespace NatActors.Node.Streams;

/// <summary>Why a stream could not be opened.</summary>
public enum StreamFailureKind
{
    /// <summary>There is no connection to that peer.</summary>
    NotConnected,

    /// <summary>The peer speaks none of the proposed protocols.</summary>
    ProtocolNotSupported,

    /// <summary>Only a limited (relayed) connection exists and the caller did not opt in.</summary>
    LimitedConnection,

    /// <summary>A limit of the connection: too many streams open or not yet acknowledged.</summary>
    TooManyStreams,

    /// <summary>A limit of this node's resources; the detail names the scope and the limit. See <see cref="Resources.ResourceOptions"/>.</summary>
    ResourceLimit,

    /// <summary>The peer broke the negotiation, reset the stream, or did not answer in time.</summary>
    NegotiationFailed,

    /// <summary>The connection went away meanwhile.</summary>
    ConnectionLost,
}

/// <summary>A failed stream, in words for a person.</summary>
public sealed record StreamFailure(StreamFailureKind Kind, string Detail);
