using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;
using NatActors.Wire.Framing;

namespace NatActors.Node.AutoNat;

/// <summary>
/// The reads and writes of the answering side, for actors to pipe to themselves. A broken stream throws <see cref="IOException"/>; wrong
/// bytes are a decoded fault.
/// </summary>
internal static class ServerExchange
{
    /// <summary>How long writing an answer may take. Ours: it is a few bytes, and a client that does not read must not hold us.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    private static readonly AutoNatV2Decoded NoMessage = new(null, AutoNatMessageFault.NotProtobuf);

    /// <summary>Reads one message of version 2.</summary>
    public static async Task<AutoNatV2Decoded> ReadV2Async(MessageStream messages, CancellationToken cancellationToken)
    {
        var read = await messages.ReadMessageAsync(AutoNatV2Codec.MaxMessageSize, cancellationToken);
        return read.Message is { } message ? AutoNatV2Codec.Decode(message.Span)
            : read.Failure == FramingFailure.MessageTooLarge ? NoMessage with { Fault = AutoNatMessageFault.TooLong }
            : NoMessage;
    }

    /// <summary>Asks for dial data and reads until it is paid, or what comes is none.</summary>
    public static async Task<DialDataOutcome> CollectAsync(
        MessageStream messages, AutoNatV2Message.DialDataRequest request, CancellationToken cancellationToken)
    {
        await messages.WriteMessageAsync(AutoNatV2Codec.Encode(request), cancellationToken);
        var data = new AutoNatServerData((int)request.ByteCount);
        DialDataOutcome outcome;
        do
        {
            outcome = data.OnMessage(await ReadV2Async(messages, cancellationToken));
        }
        while (outcome == DialDataOutcome.Owed);
        return outcome;
    }

    /// <summary>Reads one message of version 1; null when none came, or none that could be one.</summary>
    public static async Task<AutoNatV1Decoded?> ReadV1Async(PeerStream stream, CancellationToken cancellationToken)
    {
        var read = await new MessageStream(stream).ReadMessageAsync(AutoNatV1Codec.MaxMessageSize, cancellationToken);
        return read.Message is { } message ? AutoNatV1Codec.Decode(message.Span) : null;
    }

    /// <summary>Reads a server's ask.</summary>
    public static async Task<DialBackAskDecoded> ReadAskAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        var read = await new MessageStream(stream).ReadMessageAsync(DialBackPartnerCodec.MaxMessageSize, cancellationToken);
        return read.Message is { } message
            ? DialBackPartnerCodec.DecodeAsk(message.Span)
            : new DialBackAskDecoded(null, AutoNatMessageFault.NotProtobuf);
    }

    /// <summary>Asks a partner, reads its reply and closes the stream in order.</summary>
    public static async Task<DialBackReplyDecoded> AskAsync(PeerStream stream, DialBackAsk ask, CancellationToken cancellationToken)
    {
        var messages = new MessageStream(stream);
        await messages.WriteMessageAsync(DialBackPartnerCodec.Encode(ask), cancellationToken);
        var read = await messages.ReadMessageAsync(DialBackPartnerCodec.MaxMessageSize, cancellationToken);
        await stream.DisposeAsync();
        return read.Message is { } message
            ? DialBackPartnerCodec.DecodeReply(message.Span)
            : new DialBackReplyDecoded(DialBackPartnerStatus.Unstated, AutoNatMessageFault.NotProtobuf);
    }

    /// <summary>Hands the nonce over on a dial-back stream; true when the client has confirmed it.</summary>
    public static async Task<bool> HandOverAsync(PeerStream stream, ulong nonce, CancellationToken cancellationToken)
    {
        var messages = new MessageStream(stream);
        await messages.WriteMessageAsync(DialBackCodec.Encode(nonce), cancellationToken);
        var read = await messages.ReadMessageAsync(DialBackCodec.MaxMessageSize, cancellationToken);
        await stream.DisposeAsync();
        return read.Message is { } message && DialBackCodec.DecodeReceipt(message.Span) == AutoNatMessageFault.None;
    }

    /// <summary>Writes the last message of a stream and closes it in order.</summary>
    public static async Task AnswerAsync(PeerStream stream, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        await new MessageStream(stream).WriteMessageAsync(message, cancellationToken);
        await stream.DisposeAsync();
    }
}
