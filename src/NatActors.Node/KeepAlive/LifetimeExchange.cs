using NatActors.Node.Negotiation;
using NatActors.Node.Streams;
using NatActors.Protocols.KeepAlive;
using NatActors.Transports;

namespace NatActors.Node.KeepAlive;

/// <summary>
/// The reads and writes of <see cref="LifetimeProtocol"/>, for actors to pipe to themselves. What is broken throws <see cref="IOException"/>.
/// </summary>
internal static class LifetimeExchange
{
    /// <summary>The next message of the stream; null when it ended, or holds something else.</summary>
    public static async Task<LifetimeMessage?> ReadAsync(MessageStream messages, CancellationToken cancellationToken)
    {
        var read = await messages.ReadMessageAsync(LifetimeCodec.MaxMessageSize, cancellationToken);
        return read.Message is { } message ? LifetimeCodec.Decode(message.Span).Message : null;
    }

    /// <summary>Asks; the answer is a grant, a refusal, or null for what is neither.</summary>
    public static async Task<LifetimeMessage?> AskAsync(
        MessageStream messages, IReadOnlyList<TimeSpan> silences, CancellationToken cancellationToken)
    {
        await messages.WriteMessageAsync(LifetimeCodec.Encode(new LifetimeMessage.Ask(silences)), cancellationToken);
        return await ReadAsync(messages, cancellationToken);
    }

    /// <summary>Makes a connection one that is measured: the protocol, the token, the server's first byte. The conduit to wait on, or null.</summary>
    public static async Task<IConduit?> ArmAsync(IConduit conduit, ReadOnlyMemory<byte> token, CancellationToken cancellationToken)
    {
        var agreed = await ConduitNegotiation.ProposeAsync(conduit, [LifetimeProtocol.Id], cancellationToken);
        if (agreed.Protocol is null)
        {
            return null;
        }

        await agreed.Conduit.WriteAsync(token, cancellationToken);
        return await ReadByteAsync(agreed.Conduit, cancellationToken) == LifetimeProtocol.Armed ? agreed.Conduit : null;
    }

    /// <summary>The next byte, or -1 at the end.</summary>
    public static async Task<int> ReadByteAsync(IConduit conduit, CancellationToken cancellationToken)
    {
        var one = new byte[1];
        return await conduit.ReadAsync(one, cancellationToken) == 0 ? -1 : one[0];
    }

    /// <summary>The token that a measured connection begins with, or null when it ends before.</summary>
    public static async Task<byte[]?> ReadTokenAsync(IConduit conduit, CancellationToken cancellationToken)
    {
        var token = new byte[LifetimeProtocol.TokenLength];
        for (var length = 0; length < token.Length;)
        {
            var read = await conduit.ReadAsync(token.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return null;
            }

            length += read;
        }

        return token;
    }
}
