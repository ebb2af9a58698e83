using NatActors.Multiformats;
using NatActors.Transports;

namespace NatActors.Node.Connections;

/// <summary>
/// A conduit whose first read is started before it is known who speaks first. After a hole punch both ends may take themselves for the
/// listener; the one that waited long enough then speaks (DCUtR roles, and peers that swap them). No byte read meanwhile is lost.
/// </summary>
internal sealed class FirstWord(IConduit inner) : IConduit
{
    /// <summary>
    /// The multistream-select header, which some listeners send unasked (go-multistream: Negotiate): length, text, newline. Only what
    /// follows it is a dialer's proposal.
    /// </summary>
    public const int HeaderLength = 20;

    private readonly byte[] _buffer = new byte[256];
    private Task<int>? _pending;
    private int _start;
    private int _end;

    public Multiaddr LocalAddress => inner.LocalAddress;

    public Multiaddr RemoteAddress => inner.RemoteAddress;

    /// <summary>True when the other side proposed something (or went) before <paramref name="patienceIsOver"/> completed.</summary>
    public async Task<bool> OtherSpeaksAsync(Task patienceIsOver, CancellationToken cancellationToken)
    {
        while (_end <= HeaderLength)
        {
            _pending ??= inner.ReadAsync(_buffer.AsMemory(_end), cancellationToken).AsTask().MayBeAbandoned();
            if (await Task.WhenAny(_pending, patienceIsOver) != _pending)
            {
                return false;
            }

            var count = await _pending;
            if (count == 0)
            {
                return true;
            }

            _pending = null;
            _end += count;
        }

        return true;
    }

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start == _end && _pending is { } pending)
        {
            var count = await pending.WaitAsync(cancellationToken);
            if (count == 0)
            {
                return 0;
            }

            // The pending read filled the buffer from where the bytes before it ended.
            _pending = null;
            _end += count;
        }

        if (_start == _end)
        {
            return await inner.ReadAsync(buffer, cancellationToken);
        }

        var taken = Math.Min(buffer.Length, _end - _start);
        _buffer.AsMemory(_start, taken).CopyTo(buffer);
        _start += taken;
        return taken;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => inner.CompleteWritesAsync(cancellationToken);

    public void Abort() => inner.Abort();

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
