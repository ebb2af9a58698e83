using System.Buffers;
using NatActors.Node.Negotiation;
using NatActors.Transports.Muxing;
using NatActors.Wire.Negotiation;

namespace NatActors.Node.Streams;

/// <summary>
/// The pending negotiation of a lazily opened stream: what has to go out with the first payload, and the answer to be read before the first
/// payload of the peer. Reader and closer may both come to wait for the answer.
/// </summary>
internal sealed class LazyNegotiation
{
    private const int PayloadWithProposal = 4096;

    private readonly IMuxedStream _stream;
    private readonly MultistreamDialer _dialer;
    private readonly ArrayBufferWriter<byte> _proposal = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly TaskCompletionSource _proposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _taken;

    public LazyNegotiation(IMuxedStream stream, string protocol)
    {
        _stream = stream;
        _dialer = new MultistreamDialer([protocol]);
        _dialer.Start(_proposal);
    }

    /// <summary>True when the answer has been read.</summary>
    public bool IsDone => Volatile.Read(ref _dialerDone);

    /// <summary>What came behind the answer, once.</summary>
    public ReadOnlyMemory<byte> Leftover { get; set; }

    private bool _dialerDone;

    /// <summary>True when the proposal is on its way, so that payload may follow.</summary>
    public bool IsProposed => _proposed.Task.IsCompleted;

    /// <summary>
    /// Sends the proposal unless somebody took it; returns at once when a writer did, who sends it in front of its payload.
    /// </summary>
    public Task ProposeAsync(CancellationToken cancellationToken) =>
        Take() ? SendAsync(default).MayBeAbandoned().WaitAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>
    /// Sends the first payload behind the proposal: in one write, or when a reader is sending the proposal just now, after that.
    /// </summary>
    public async ValueTask WriteFirstAsync(ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        if (Take())
        {
            // Never together with more than one write can hold: a copy of a large payload is waste.
            var together = payload[..Math.Min(payload.Length, PayloadWithProposal)];
            await SendAsync(together).MayBeAbandoned().WaitAsync(cancellationToken);
            payload = payload[together.Length..];
        }
        else
        {
            await _proposed.Task.WaitAsync(cancellationToken);
        }

        await _stream.WriteAsync(payload, cancellationToken);
    }

    /// <summary>Reads the answer unless somebody did; throws <see cref="IOException"/> when the peer does not agree.</summary>
    public async ValueTask ReadAnswerAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var buffer = new byte[StreamNegotiation.ReadSize];
            while (_dialer.Protocol is null && _dialer.Failure == NegotiationFailure.None)
            {
                var read = await _stream.ReadAsync(buffer, cancellationToken);
                if (read == 0)
                {
                    _dialer.OnEnd();
                    break;
                }

                if (_dialer.OnBytes(buffer.AsSpan(0, read), new ArrayBufferWriter<byte>(), out var consumed) == NegotiationStatus.Agreed)
                {
                    Leftover = buffer.AsMemory(consumed, read - consumed);
                }
            }
        }
        finally
        {
            _turn.Release();
        }

        if (_dialer.Protocol is null)
        {
            _stream.Reset();
            throw new StreamNegotiationException(_dialer.Failure);
        }

        Volatile.Write(ref _dialerDone, true);
    }

    private bool Take() => Interlocked.Exchange(ref _taken, 1) == 0;

    // Not cancellable: half a proposal would spoil the stream for whoever goes on with it.
    private async Task SendAsync(ReadOnlyMemory<byte> payload)
    {
        try
        {
            await _stream.WriteAsync(payload.IsEmpty ? _proposal.WrittenMemory : (byte[])[.. _proposal.WrittenSpan, .. payload.Span]);
        }
        finally
        {
            _proposed.TrySetResult();
        }
    }
}

/// <summary>The peer turned out not to speak the protocol of a stream that was opened without waiting for its answer.</summary>
public sealed class StreamNegotiationException : IOException
{
    /// <summary>Says why.</summary>
    public StreamNegotiationException(NegotiationFailure reason)
        : base($"The protocol was not agreed: {StreamNegotiationResult.Describe(reason)}.") => Reason = reason;

    /// <summary>Why it was not agreed.</summary>
    public NegotiationFailure Reason { get; }
}
