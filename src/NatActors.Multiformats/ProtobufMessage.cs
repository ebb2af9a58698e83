using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;

namespace NatActors.Multiformats;

/// <summary>Protobuf messages of a peer, read as values: bad bytes are a named failure, never an exception.</summary>
public static class ProtobufMessage
{
    /// <summary>Reads a message.</summary>
    /// <param name="parser">The generated parser.</param>
    /// <param name="bytes">The message, without any length prefix.</param>
    /// <param name="maxLength">The longest message accepted, in bytes; judged before anything else.</param>
    /// <param name="message">The message.</param>
    /// <param name="failure">
    /// Why it is refused: too large, truncated, a number not minimal or over 64 bits, or malformed in another way. Unknown fields do no harm.
    /// </param>
    public static bool TryParse<TMessage>(
        MessageParser<TMessage> parser,
        ReadOnlySpan<byte> bytes,
        int maxLength,
        [NotNullWhen(true)] out TMessage? message,
        out DecodeFailure failure)
        where TMessage : class, IMessage<TMessage>, new()
    {
        ArgumentNullException.ThrowIfNull(parser);
        message = null;
        failure = bytes.Length > maxLength ? DecodeFailure.TooLarge : ProtobufWire.Check(bytes, Outline<TMessage>.Descriptor);
        if (failure != DecodeFailure.None)
        {
            return false;
        }

        try
        {
            message = parser.ParseFrom(bytes);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            failure = DecodeFailure.Malformed;
            return false;
        }
    }

    private static class Outline<TMessage>
        where TMessage : class, IMessage<TMessage>, new()
    {
        internal static readonly Google.Protobuf.Reflection.MessageDescriptor Descriptor = new TMessage().Descriptor;
    }
}
