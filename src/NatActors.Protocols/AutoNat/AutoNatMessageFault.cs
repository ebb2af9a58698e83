namespace NatActors.Protocols.AutoNat;

/// <summary>Why a message of AutoNAT, of a dial-back or of a dial-back partner was refused.</summary>
public enum AutoNatMessageFault
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>Longer than its protocol allows; nothing of it was read.</summary>
    TooLong,

    /// <summary>No valid protobuf.</summary>
    NotProtobuf,

    /// <summary>Which message it is stands nowhere in it: version 1 without a type, version 2 without one of its four parts.</summary>
    NoType,

    /// <summary>The type is none of the spec's.</summary>
    UnknownType,

    /// <summary>A DIAL of version 1 that names no peer.</summary>
    NoPeer,

    /// <summary>A peer id that is none.</summary>
    BadPeerId,

    /// <summary>A response without a status.</summary>
    NoStatus,

    /// <summary>A piece of dial data longer than <see cref="AutoNatV2Codec.MaxDataSize"/>.</summary>
    DataTooLong,

    /// <summary>An address that cannot be read, where the message is about that one address.</summary>
    BadAddress,
}
