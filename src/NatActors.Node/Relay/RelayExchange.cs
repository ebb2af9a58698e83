using NatActors.Node.Connections;
using NatActors.Node.Streams;
using NatActors.Protocols.Relay;

namespace NatActors.Node.Relay;

/// <summary>
/// The reads and writes of relay messages, for actors to pipe to themselves. A broken stream throws <see cref="IOException"/>; wrong bytes
/// are
/// a decoded fault.
/// </summary>
internal static class RelayExchange
{
    /// <summary>
    /// After so long without an answer the connection that was asked over is looked at (<see cref="ConnectionsMessages.CheckConnection"/>): it may
    /// be dead without anybody knowing, and would be until the next ping. Ours: many round trips; a relay that asks a third peer may well take
    /// longer, and then a ping more does no harm.
    /// </summary>
    public static readonly TimeSpan SuspiciousAfter = TimeSpan.FromSeconds(3);

    /// <summary>Asks for a reservation, reads the answer and closes the stream in order.</summary>
    public static async Task<HopDecoded> ReserveAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        var answer = await AskAsync(stream, new HopMessage.Reserve(), cancellationToken);
        await stream.DisposeAsync();
        return answer;
    }

    /// <summary>Sends a hop message and reads the one that answers it; what follows the answer stays in the stream.</summary>
    public static async Task<HopDecoded> AskAsync(PeerStream stream, HopMessage question, CancellationToken cancellationToken)
    {
        var messages = new MessageStream(stream);
        await messages.WriteMessageAsync(RelayCodec.Encode(question), cancellationToken);
        var answer = await ReadHopAsync(messages, cancellationToken);
        messages.Release();
        return answer;
    }

    /// <summary>Sends a stop message and reads the one that answers it; what follows the answer stays in the stream.</summary>
    public static async Task<StopDecoded> AskAsync(PeerStream stream, StopMessage question, CancellationToken cancellationToken)
    {
        var messages = new MessageStream(stream);
        await messages.WriteMessageAsync(RelayCodec.Encode(question), cancellationToken);
        var answer = await ReadStopAsync(messages, cancellationToken);
        messages.Release();
        return answer;
    }

    /// <summary>Reads one hop message.</summary>
    public static async Task<HopDecoded> ReadHopAsync(MessageStream messages, CancellationToken cancellationToken)
    {
        var read = await messages.ReadMessageAsync(RelayCodec.MaxMessageSize, cancellationToken);
        return read.Message is { } message ? RelayCodec.DecodeHop(message.Span) : new HopDecoded(null, RelayMessageFault.NotProtobuf);
    }

    /// <summary>Reads one stop message.</summary>
    public static async Task<StopDecoded> ReadStopAsync(MessageStream messages, CancellationToken cancellationToken)
    {
        var read = await messages.ReadMessageAsync(RelayCodec.MaxMessageSize, cancellationToken);
        return read.Message is { } message ? RelayCodec.DecodeStop(message.Span) : new StopDecoded(null, RelayMessageFault.NotProtobuf);
    }

    /// <summary>The limits in the node's words; null for none.</summary>
    public static StreamLimits? ToStreamLimits(RelayLimits limits) =>
        limits.Unlimited ? null : new StreamLimits(limits.Duration, limits.BytesPerDirection);
}
