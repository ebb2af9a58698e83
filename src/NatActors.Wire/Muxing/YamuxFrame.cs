using System.Buffers.Binary;

namespace NatActors.Wire.Muxing;

/// <summary>The type byte of a yamux frame (yamux spec, "Type Field").</summary>
public enum YamuxFrameType : byte
{
    /// <summary>Payload of a stream; the length field is its size.</summary>
    Data = 0,

    /// <summary>Credit for a stream; the length field is the number of bytes added to the receiver's send window.</summary>
    WindowUpdate = 1,

    /// <summary>A round-trip probe; the length field is opaque and comes back in the answer.</summary>
    Ping = 2,

    /// <summary>The end of the session; the length field is the reason.</summary>
    GoAway = 3,
}

/// <summary>The flags of a yamux frame (yamux spec, "Flag Field"). Unknown bits are ignored.</summary>
[Flags]
public enum YamuxFlags : ushort
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>Opens a stream; on a ping, asks for an answer.</summary>
    Syn = 1,

    /// <summary>Acknowledges an opened stream; on a ping, is the answer.</summary>
    Ack = 2,

    /// <summary>The sender will send no more data on the stream.</summary>
    Fin = 4,

    /// <summary>Ends both directions of the stream at once.</summary>
    Rst = 8,
}

/// <summary>The twelve bytes in front of every yamux frame, all fields big-endian: version, type, flags, stream id, length.</summary>
public readonly record struct YamuxHeader(byte Version, byte Type, YamuxFlags Flags, uint StreamId, uint Length)
{
    /// <summary>Size of a header on the wire.</summary>
    public const int Size = 12;

    /// <summary>The only version there is.</summary>
    public const byte CurrentVersion = 0;

    /// <summary>Builds a header of the current version.</summary>
    public YamuxHeader(YamuxFrameType type, YamuxFlags flags, uint streamId, uint length)
        : this(CurrentVersion, (byte)type, flags, streamId, length)
    {
    }

    /// <summary>Reads a header from at least <see cref="Size"/> bytes; the fields are not judged here.</summary>
    public static YamuxHeader Read(ReadOnlySpan<byte> bytes) => new(
        bytes[0],
        bytes[1],
        (YamuxFlags)BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));

    /// <summary>Writes the header into at least <see cref="Size"/> bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        bytes[0] = Version;
        bytes[1] = Type;
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], (ushort)Flags);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], StreamId);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], Length);
    }
}
