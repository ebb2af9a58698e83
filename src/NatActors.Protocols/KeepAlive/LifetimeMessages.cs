namespace NatActors.Protocols.KeepAlive;

/// <summary>A message on the stream of <see cref="LifetimeProtocol"/>.</summary>
public abstract record LifetimeMessage
{
    private LifetimeMessage()
    {
    }

    /// <summary>Be silent for so long, and then send a byte; one mapping for each.</summary>
    public sealed record Ask(IReadOnlyList<TimeSpan> Silences) : LifetimeMessage;

    /// <summary>Connect with these, one for each silence asked for.</summary>
    public sealed record Grant(IReadOnlyList<ReadOnlyMemory<byte>> Tokens) : LifetimeMessage;

    /// <summary>No.</summary>
    public sealed record Refuse(LifetimeRefusal Reason) : LifetimeMessage;

    /// <summary>The byte was sent on the connection of that mapping.</summary>
    public sealed record Sent(int Mapping) : LifetimeMessage;
}

/// <summary>Why a server does not help.</summary>
public enum LifetimeRefusal
{
    /// <summary>It does; or the peer did not say why not.</summary>
    None,

    /// <summary>More mappings, or longer or shorter silences, than it takes.</summary>
    OutOfRange,

    /// <summary>That peer measures already.</summary>
    Busy,

    /// <summary>As many as it may serve, to that network or in all.</summary>
    TooMany,

    /// <summary>Asked too often.</summary>
    TooOften,
}

/// <summary>Why a message was refused.</summary>
public enum LifetimeFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>Longer than <see cref="LifetimeCodec.MaxMessageSize"/>.</summary>
    TooLong,

    /// <summary>No valid protobuf.</summary>
    NotProtobuf,

    /// <summary>A type of another version.</summary>
    UnknownType,

    /// <summary>More mappings than <see cref="LifetimeCodec.MaxMappings"/>, none, or a number out of their range.</summary>
    MappingCount,

    /// <summary>A token that is not <see cref="LifetimeProtocol.TokenLength"/> bytes long.</summary>
    TokenLength,
}

/// <summary>A decoded message, or why there is none.</summary>
public readonly record struct LifetimeDecoded(LifetimeMessage? Message, LifetimeFault Fault);
