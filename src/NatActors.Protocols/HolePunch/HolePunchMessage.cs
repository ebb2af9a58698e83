using NatActors.Multiformats;

namespace NatActors.Protocols.HolePunch;

/// <summary>A DCUtR message (DCUtR.md, "RPC messages").</summary>
public abstract record HolePunchMessage
{
    private HolePunchMessage()
    {
    }

    /// <summary>Here I am seen.</summary>
    public sealed record Connect(IReadOnlyList<Multiaddr> ObservedAddresses) : HolePunchMessage;

    /// <summary>Dial now.</summary>
    public sealed record Sync : HolePunchMessage;
}

/// <summary>Why a DCUtR message was refused.</summary>
public enum HolePunchFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>Longer than <see cref="HolePunchCodec.MaxMessageSize"/>.</summary>
    TooLong,

    /// <summary>No valid protobuf.</summary>
    NotProtobuf,

    /// <summary>The type is absent, or none of the spec's.</summary>
    UnknownType,
}

/// <summary>A decoded message, or why there is none.</summary>
public readonly record struct HolePunchDecoded(HolePunchMessage? Message, HolePunchFault Fault);
