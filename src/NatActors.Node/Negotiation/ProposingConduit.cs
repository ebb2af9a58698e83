using System.Buffers;
using NatActors.Multiformats;
using NatActors.Transports;
using NatActors.Wire.Negotiation;

namespace NatActors.Node.Negotiation;

/// <summary>
/// A conduit that proposes one protocol along with the first write and takes the answer in front of the first read: a round trip less than
/// waiting for it. With a single proposal nothing else could follow a refusal, so nothing is lost; the security handshake's first message
/// holds no secret. Never two of them nested, which would be ambiguous. One reader and one writer, the writer first.
/// </summary>
internal sealed class ProposingConduit : IConduit
{
    private readonly IConduit _inner;
    private readonly MultistreamDialer _dialer;
    private readonly ArrayBufferWriter<byte> _proposal = new();
    private ReadOnlyMemory<byte> _leftover;

    public ProposingConduit(IConduit inner, string protocol)
    {
        _inner = inner;
        _dialer = new MultistreamDialer([protocol]);
        _dialer.Start(_proposal);
    }

    public Multiaddr LocalAddress => _inner.LocalAddress;

    public Multiaddr RemoteAddress => _inner.RemoteAddress;

    /// <summary>Why the protocol was not agreed; reading then yields the end.</summary>
    public NegotiationFailure Failure => _dialer.Failure;

    public ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _dialer.Protocol is not null && _leftover.IsEmpty
            ? _inner.ReadAsync(buffer, cancellationToken)
            : ReadAnswerAsync(buffer, cancellationToken);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_proposal.WrittenCount == 0)
        {
            return _inner.WriteAsync(buffer, cancellationToken);
        }

        byte[] together = [.. _proposal.WrittenSpan, .. buffer.Span];
        _proposal.Clear();
        return _inner.WriteAsync(together, cancellationToken);
    }

    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => _inner.CompleteWritesAsync(cancellationToken);

    public void Abort() => _inner.Abort();

    public ValueTask DisposeAsync() => _inner.DisposeAsync();

    private async ValueTask<int> ReadAnswerAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (_dialer is { Protocol: null, Failure: NegotiationFailure.None })
        {
            var bytes = new byte[StreamNegotiation.ReadSize];
            var length = await _inner.ReadAsync(bytes, cancellationToken);
            if (length == 0)
            {
                _dialer.OnEnd();
            }
            else if (_dialer.OnBytes(bytes.AsSpan(0, length), _proposal, out var consumed) == NegotiationStatus.Agreed)
            {
                _leftover = bytes.AsMemory(consumed, length - consumed);
            }
        }

        if (_dialer.Protocol is null)
        {
            return 0;
        }

        if (_leftover.IsEmpty)
        {
            return await _inner.ReadAsync(buffer, cancellationToken);
        }

        var taken = Math.Min(buffer.Length, _leftover.Length);
        _leftover[..taken].CopyTo(buffer);
        _leftover = taken == _leftover.Length ? default : _leftover[taken..];
        return taken;
    }
}
