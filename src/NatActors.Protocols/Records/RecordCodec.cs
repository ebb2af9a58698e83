using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using NatActors.Multiformats;

namespace NatActors.Protocols.Records;

/// <summary>Protobuf messages of a peer, read as values: bad bytes are a failure, never an exception.</summary>
internal static class RecordCodec
{
    internal static bool TryParse<TMessage>(
        MessageParser<TMessage> parser,
        ReadOnlySpan<byte> bytes,
        int maxLength,
        [NotNullWhen(true)] out TMessage? message,
        out DecodeFailure failure)
        where TMessage : class, IMessage<TMessage>
    {
        message = null;
        if (bytes.Length > maxLength)
        {
            failure = DecodeFailure.TooLarge;
            return false;
        }

        try
        {
            message = parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            failure = DecodeFailure.Malformed;
            return false;
        }

        failure = DecodeFailure.None;
        return true;
    }
}
