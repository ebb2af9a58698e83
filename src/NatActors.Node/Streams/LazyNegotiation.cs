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
    private readonly IMuxedStream _stream;
    private readonly MultistreamDialer _dialer;
    private readonly ArrayBufferWriter<byte> _proposal = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _sent;

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

    /// <summary>What must precede the first payload; nothing the second time.</summary>
    public ReadOnlyMemory<byte> TakeProposal() => Interlocked.Exchange(ref _sent, 1) == 0 ? _proposal.WrittenMemory : default;

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
