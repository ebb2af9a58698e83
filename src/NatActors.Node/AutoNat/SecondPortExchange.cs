using NatActors.Node.Streams;
using NatActors.Protocols.AutoNat;
using NatActors.Transports;

namespace NatActors.Node.AutoNat;

/// <summary>
/// The reads and writes of <see cref="SecondPortProtocol"/>, both sides, for actors to pipe to themselves. What is broken throws <see
/// cref="IOException"/>; wrong bytes are a decoded fault.
/// </summary>
internal static class SecondPortExchange
{
    /// <summary>Reads a client's ask.</summary>
    public static async Task<SecondPortAskDecoded> ReadAskAsync(MessageStream messages, CancellationToken cancellationToken)
    {
        var read = await messages.ReadMessageAsync(SecondPortProtocol.MaxMessageSize, cancellationToken);
        return read.Message is { } message
            ? SecondPortCodec.DecodeAsk(message.Span)
            : new SecondPortAskDecoded(0, SecondPortFault.NotProtobuf);
    }

    /// <summary>Writes a reply after which another follows.</summary>
    public static Task SayAsync(MessageStream messages, SecondPortReply reply, CancellationToken cancellationToken) =>
        messages.WriteMessageAsync(SecondPortCodec.Encode(reply), cancellationToken).AsTask();

    /// <summary>True when the first bytes of a connection are the nonce. No more than these are read.</summary>
    public static async Task<bool> ShowsAsync(IConduit visitor, ulong nonce, CancellationToken cancellationToken)
    {
        var shown = new byte[SecondPortProtocol.NonceLength];
        for (var length = 0; length < shown.Length;)
        {
            var read = await visitor.ReadAsync(shown.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return false;
            }

            length += read;
        }

        return shown.AsSpan().SequenceEqual(SecondPortCodec.NonceBytes(nonce));
    }

    /// <summary>Asks for a second port and reads the first reply; null when it is none.</summary>
    public static async Task<SecondPortReply?> AskAsync(MessageStream messages, ulong nonce, CancellationToken cancellationToken)
    {
        await messages.WriteMessageAsync(SecondPortCodec.Encode(nonce), cancellationToken);
        return await ReadReplyAsync(messages, cancellationToken);
    }

    /// <summary>Shows the nonce on the second port and reads the second reply; null when it is none.</summary>
    public static async Task<SecondPortReply?> ShowAsync(
        IConduit conduit, ulong nonce, MessageStream messages, CancellationToken cancellationToken)
    {
        await conduit.WriteAsync(SecondPortCodec.NonceBytes(nonce), cancellationToken);
        return await ReadReplyAsync(messages, cancellationToken);
    }

    private static async Task<SecondPortReply?> ReadReplyAsync(MessageStream messages, CancellationToken cancellationToken)
    {
        var read = await messages.ReadMessageAsync(SecondPortProtocol.MaxMessageSize, cancellationToken);
        return read.Message is { } message ? SecondPortCodec.DecodeReply(message.Span).Reply : null;
    }
}
