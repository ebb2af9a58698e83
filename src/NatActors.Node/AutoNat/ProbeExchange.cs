using NatActors.Multiformats;
using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;
using NatActors.Wire.Framing;

namespace NatActors.Node.AutoNat;

/// <summary>
/// The reads and writes of the asking side, for actors to pipe to themselves. A broken stream throws <see cref="IOException"/>; wrong bytes
/// are a decoded fault.
/// </summary>
internal static class ProbeExchange
{
    private static readonly byte[] DialData =
        AutoNatV2Codec.Encode(new AutoNatV2Message.DialDataResponse(new byte[ProbeMachine.DialDataChunk]));

    /// <summary>Sends a message and dial data, where there is any, and reads the next message; null when the server has finished.</summary>
    public static async Task<AutoNatV2Decoded?> GoOnAsync(
        MessageStream messages, ReadOnlyMemory<byte>? message, int dialData, CancellationToken cancellationToken)
    {
        if (message is { } request)
        {
            await messages.WriteMessageAsync(request, cancellationToken);
        }

        while (dialData > 0)
        {
            var size = Math.Min(dialData, ProbeMachine.DialDataChunk);
            var chunk = size == ProbeMachine.DialDataChunk
                ? DialData
                : AutoNatV2Codec.Encode(new AutoNatV2Message.DialDataResponse(new byte[size]));
            await messages.WriteMessageAsync(chunk, cancellationToken);
            dialData -= size;
        }

        var read = await messages.ReadMessageAsync(AutoNatV2Codec.MaxMessageSize, cancellationToken);
        if (read.IsEnd)
        {
            return null;
        }

        return read.Message is { } answer
            ? AutoNatV2Codec.Decode(answer.Span)
            : new AutoNatV2Decoded(null, read.Failure == FramingFailure.MessageTooLarge ? AutoNatMessageFault.TooLong : AutoNatMessageFault.NotProtobuf);
    }

    /// <summary>Asks by version 1 and reads the answer.</summary>
    public static async Task<AutoNatV1Decoded> AskV1Async(
        PeerStream stream, PeerId self, IReadOnlyList<Multiaddr> addresses, CancellationToken cancellationToken)
    {
        var messages = new MessageStream(stream);
        await messages.WriteMessageAsync(AutoNatV1Codec.Encode(new AutoNatV1Message.Dial(self, addresses)), cancellationToken);
        var read = await messages.ReadMessageAsync(AutoNatV1Codec.MaxMessageSize, cancellationToken);
        return read.Message is { } message ? AutoNatV1Codec.Decode(message.Span) : new AutoNatV1Decoded(null, AutoNatMessageFault.NotProtobuf);
    }

    /// <summary>Reads the nonce of a dial-back; null when there is none.</summary>
    public static async Task<ulong?> ReadNonceAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        var read = await new MessageStream(stream).ReadMessageAsync(DialBackCodec.MaxMessageSize, cancellationToken);
        return read.Message is { } message && DialBackCodec.Decode(message.Span) is { Fault: AutoNatMessageFault.None } decoded ? decoded.Nonce : null;
    }

    /// <summary>Confirms a nonce and closes the stream in order.</summary>
    public static async Task ConfirmAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        await new MessageStream(stream).WriteMessageAsync(DialBackCodec.EncodeReceipt(), cancellationToken);
        await stream.DisposeAsync();
    }
}
