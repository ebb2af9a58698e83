using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace NatActors.Multiformats;

/// <summary>
/// The outline of a protobuf message (protobuf.dev, "Encoding"), checked before it is parsed: every number minimal, every length inside its
/// parent. The parser itself lets overlong numbers pass and has one error for everything.
/// </summary>
internal static class ProtobufWire
{
    // 64 bits in groups of seven; the tenth byte has room for one bit.
    private const int MaxNumberLength = 10;
    private const int BitsPerByte = 7;
    private const byte ContinuationBit = 0x80;

    // Ours: the deepest message here has three levels.
    private const int MaxDepth = 16;

    private const int WireTypeBits = 3;
    private const uint WireTypeMask = 7;

    internal static DecodeFailure Check(ReadOnlySpan<byte> bytes, MessageDescriptor? descriptor, int depth = 0)
    {
        if (depth == MaxDepth)
        {
            return DecodeFailure.TooLarge;
        }

        var rest = bytes;
        while (!rest.IsEmpty)
        {
            var failure = SkipField(ref rest, descriptor, depth);
            if (failure != DecodeFailure.None)
            {
                return failure;
            }
        }

        return DecodeFailure.None;
    }

    private static DecodeFailure SkipField(ref ReadOnlySpan<byte> rest, MessageDescriptor? descriptor, int depth)
    {
        var failure = ReadNumber(ref rest, out var tag);
        if (failure != DecodeFailure.None)
        {
            return failure;
        }

        // A tag has 32 bits; the field number 0 does not exist.
        if (tag > uint.MaxValue || tag >> WireTypeBits == 0)
        {
            return DecodeFailure.Malformed;
        }

        switch ((WireFormat.WireType)(tag & WireTypeMask))
        {
            case WireFormat.WireType.Varint:
                return ReadNumber(ref rest, out _);
            case WireFormat.WireType.Fixed64:
                return Skip(ref rest, sizeof(ulong));
            case WireFormat.WireType.Fixed32:
                return Skip(ref rest, sizeof(uint));
            case WireFormat.WireType.LengthDelimited:
                return SkipDelimited(ref rest, descriptor?.FindFieldByNumber((int)(tag >> WireTypeBits)), depth);
            default:
                // Groups are long gone, and nothing here has any.
                return DecodeFailure.Malformed;
        }
    }

    private static DecodeFailure SkipDelimited(ref ReadOnlySpan<byte> rest, FieldDescriptor? field, int depth)
    {
        var failure = ReadNumber(ref rest, out var length);
        if (failure != DecodeFailure.None)
        {
            return failure;
        }

        if (length > (ulong)rest.Length)
        {
            return DecodeFailure.Truncated;
        }

        var content = rest[..(int)length];
        rest = rest[(int)length..];
        return field is { FieldType: FieldType.Message } ? Check(content, field.MessageType, depth + 1) : DecodeFailure.None;
    }

    private static DecodeFailure Skip(ref ReadOnlySpan<byte> rest, int count)
    {
        if (rest.Length < count)
        {
            return DecodeFailure.Truncated;
        }

        rest = rest[count..];
        return DecodeFailure.None;
    }

    private static DecodeFailure ReadNumber(ref ReadOnlySpan<byte> rest, out ulong value)
    {
        value = 0;
        for (var i = 0; i < rest.Length; i++)
        {
            var current = rest[i];
            if (i == MaxNumberLength - 1 && current > 1)
            {
                return DecodeFailure.Overflow;
            }

            value |= (ulong)(current & ~ContinuationBit) << (BitsPerByte * i);
            if ((current & ContinuationBit) == 0)
            {
                rest = rest[(i + 1)..];
                return current == 0 && i > 0 ? DecodeFailure.NonMinimal : DecodeFailure.None;
            }
        }

        return DecodeFailure.Truncated;
    }
}
