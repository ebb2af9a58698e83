using System.Buffers;

namespace NatActors.Wire.Framing;

/// <summary>Writes length-prefixed messages: an unsigned varint length and that many bytes.</summary>
public static class MessageWriter
{
    /// <summary>Longest length prefix written: an int has at most five groups of seven bits.</summary>
    private const int MaxPrefixLength = 5;

    /// <summary>Bytes that a message of that size takes with its prefix.</summary>
    public static int FramedSize(int messageSize)
    {
        var size = messageSize + 1;
        for (var rest = (uint)messageSize >> 7; rest != 0; rest >>= 7)
        {
            size++;
        }

        return size;
    }

    /// <summary>Writes the prefix and the message.</summary>
    public static void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> message)
    {
        var span = output.GetSpan(MaxPrefixLength + message.Length);
        output.Advance(Write(span, message));
    }

    /// <summary>Writes the prefix and the message; returns the bytes written, which are <see cref="FramedSize"/>.</summary>
    public static int Write(Span<byte> destination, ReadOnlySpan<byte> message)
    {
        var prefix = 0;
        var rest = (uint)message.Length;
        for (; rest >= 0x80; rest >>= 7)
        {
            destination[prefix++] = (byte)(rest | 0x80);
        }

        destination[prefix++] = (byte)rest;
        message.CopyTo(destination[prefix..]);
        return prefix + message.Length;
    }

    /// <summary>The prefix and the message as one new array.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> message)
    {
        var framed = new byte[FramedSize(message.Length)];
        Write(framed, message);
        return framed;
    }
}
