using System.Buffers;
using NatActors.Transports.Muxing;
using NatActors.Wire.Negotiation;

namespace NatActors.Node.Negotiation;

/// <summary>What negotiating the protocol of a stream came to.</summary>
/// <param name="Protocol">What was agreed, or null.</param>
/// <param name="Leftover">Bytes that came right behind the negotiation: the protocol's first.</param>
/// <param name="Reason">Why nothing was agreed.</param>
public sealed record StreamNegotiationResult(string? Protocol, ReadOnlyMemory<byte> Leftover, NegotiationFailure Reason)
{
    /// <summary><see cref="Reason"/> in words for a person; null on success.</summary>
    public string? Failure => Protocol is null ? Describe(Reason) : null;

    internal static string Describe(NegotiationFailure failure) => failure switch
    {
        NegotiationFailure.NoCommonProtocol => "the two sides have no protocol in common",
        NegotiationFailure.NotMultistream => "the other side does not speak multistream-select 1.0",
        NegotiationFailure.MalformedMessage => "the other side sent a malformed multistream message",
        NegotiationFailure.UnexpectedAnswer => "the other side answered with a protocol that was not proposed",
        NegotiationFailure.TooManyRounds => "the other side proposed too many protocols",
        NegotiationFailure.EndedEarly => "the other side stopped during the negotiation",
        _ => "the negotiation failed",
    };
}

/// <summary>
/// multistream-select over a raw stream. A peer's bad bytes come back as <see cref="StreamNegotiationResult.Reason"/>; a reset or lost
/// stream throws <see cref="IOException"/>, cancellation <see cref="OperationCanceledException"/>.
/// </summary>
public static class StreamNegotiation
{
    /// <summary>Bytes read at a time: a whole negotiation fits, and what is read beyond it is handed on.</summary>
    internal const int ReadSize = 1024;

    /// <summary>Proposes the protocols in this order.</summary>
    public static async Task<StreamNegotiationResult> ProposeAsync(
        IMuxedStream stream, IReadOnlyList<string> protocols, CancellationToken cancellationToken)
    {
        var dialer = new MultistreamDialer(protocols);
        var output = new ArrayBufferWriter<byte>();
        dialer.Start(output);
        return await DriveAsync(stream.ReadAsync, stream.WriteAsync, dialer.OnBytes, dialer.OnEnd, output, cancellationToken) is { } leftover
            ? new StreamNegotiationResult(dialer.Protocol, leftover, NegotiationFailure.None)
            : new StreamNegotiationResult(null, default, dialer.Failure);
    }

    /// <summary>Answers the peer's proposals; its header goes out with the first answer.</summary>
    public static async Task<StreamNegotiationResult> AnswerAsync(
        IMuxedStream stream, Func<string, bool> supports, CancellationToken cancellationToken, int maxRounds = Multistream.MaxRounds)
    {
        var listener = new MultistreamListener(supports, maxRounds);
        var output = new ArrayBufferWriter<byte>();
        return await DriveAsync(stream.ReadAsync, stream.WriteAsync, listener.OnBytes, listener.OnEnd, output, cancellationToken) is { } leftover
            ? new StreamNegotiationResult(listener.Protocol, leftover, NegotiationFailure.None)
            : new StreamNegotiationResult(null, default, listener.Failure);
    }

    /// <summary>Feeds a negotiation from any pipe; returns the bytes behind it, or null when it failed.</summary>
    internal static async Task<ReadOnlyMemory<byte>?> DriveAsync(
        Func<Memory<byte>, CancellationToken, ValueTask<int>> read,
        Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write,
        Step step,
        Action onEnd,
        ArrayBufferWriter<byte> output,
        CancellationToken cancellationToken)
    {
        var buffer = new byte[ReadSize];
        while (true)
        {
            if (output.WrittenCount > 0)
            {
                await write(output.WrittenMemory, cancellationToken);
                output.ResetWrittenCount();
            }

            var length = await read(buffer, cancellationToken);
            if (length == 0)
            {
                onEnd();
                return null;
            }

            var status = step(buffer.AsSpan(0, length), output, out var consumed);
            if (status == NegotiationStatus.NeedMoreData)
            {
                continue;
            }

            if (output.WrittenCount > 0)
            {
                await write(output.WrittenMemory, cancellationToken);
            }

            // Not "null": that would convert to an empty memory, by way of a null array.
            return status == NegotiationStatus.Agreed ? buffer.AsMemory(consumed, length - consumed) : default(ReadOnlyMemory<byte>?);
        }
    }

    /// <summary>One step of either side of a negotiation.</summary>
    internal delegate NegotiationStatus Step(ReadOnlySpan<byte> input, IBufferWriter<byte> output, out int consumed);
}
