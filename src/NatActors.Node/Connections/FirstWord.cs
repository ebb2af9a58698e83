using NatActors.Multiformats;
using NatActors.Transports;

namespace NatActors.Node.Connections;

/// <summary>
/// A conduit whose first read is started before it is known who speaks first. After a hole punch both ends may take themselves for the
/// listener; the one that waited long enough then speaks (protocols: DCUtR roles). The read that was started meanwhile is not lost.
/// </summary>
internal sealed class FirstWord(IConduit inner) : IConduit
{
    private readonly byte[] _buffer = new byte[256];
    private Task<int>? _pending;
    private int _start;
    private int _end;

    public Multiaddr LocalAddress => inner.LocalAddress;

    public Multiaddr RemoteAddress => inner.RemoteAddress;

    /// <summary>True when the other side spoke (or went) before <paramref name="patienceIsOver"/> completed.</summary>
    public async Task<bool> OtherSpeaksAsync(Task patienceIsOver, CancellationToken cancellationToken)
    {
        _pending = inner.ReadAsync(_buffer, cancellationToken).AsTask();
        return await Task.WhenAny(_pending, patienceIsOver) == _pending;
    }

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_pending is { } pending)
        {
            _pending = null;
            _start = 0;
            _end = await pending.WaitAsync(cancellationToken);
            if (_end == 0)
            {
                return 0;
            }
        }

        if (_start == _end)
        {
            return await inner.ReadAsync(buffer, cancellationToken);
        }

        var count = Math.Min(buffer.Length, _end - _start);
        _buffer.AsMemory(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public ValueTask CompleteWritesAsync(CancellationToken cancellationToken = default) => inner.CompleteWritesAsync(cancellationToken);

    public void Abort() => inner.Abort();

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
