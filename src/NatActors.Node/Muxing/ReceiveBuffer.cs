using NatActors.Node.Resources;

namespace NatActors.Node.Muxing;

/// <summary>
/// Bytes received and not yet read, packed into pooled segments, so that a peer that sends single bytes takes no more memory than the bytes
/// and one segment. Not thread-safe.
/// </summary>
internal sealed class ReceiveBuffer
{
    private readonly Queue<byte[]> _segments = new();
    private byte[]? _last;
    private int _firstStart;
    private int _lastEnd;

    /// <summary>Bytes held.</summary>
    public long Length { get; private set; }

    /// <summary>Where its segments are charged; null for nowhere.</summary>
    public StreamResources? Resources { get; set; }

    /// <summary>Copies bytes in, as many as there is memory for; returns how many.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="isPaid">True when one more segment is charged already; false after this when it was used.</param>
    public int Append(ReadOnlySpan<byte> bytes, ref bool isPaid)
    {
        var taken = 0;
        while (taken < bytes.Length)
        {
            if (_last is null || _lastEnd == _last.Length)
            {
                if (!isPaid && Resources?.TryTake(BufferPool.Segments.BufferSize) == false)
                {
                    break;
                }

                isPaid = false;
                _last = BufferPool.Segments.Rent();
                _lastEnd = 0;
                _segments.Enqueue(_last);
            }

            var take = Math.Min(bytes.Length - taken, _last.Length - _lastEnd);
            bytes.Slice(taken, take).CopyTo(_last.AsSpan(_lastEnd));
            _lastEnd += take;
            taken += take;
        }

        Length += taken;
        return taken;
    }

    /// <summary>Moves bytes out, as many as there are and fit.</summary>
    public int Read(Span<byte> destination)
    {
        var read = 0;
        while (read < destination.Length && _segments.TryPeek(out var first))
        {
            var end = ReferenceEquals(first, _last) ? _lastEnd : first.Length;
            var take = Math.Min(destination.Length - read, end - _firstStart);
            first.AsSpan(_firstStart, take).CopyTo(destination[read..]);
            _firstStart += take;
            read += take;
            if (_firstStart == end)
            {
                DropFirst();
            }
        }

        Length -= read;
        return read;
    }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        while (_segments.Count > 0)
        {
            DropFirst();
        }

        Length = 0;
    }

    private void DropFirst()
    {
        var first = _segments.Dequeue();
        _firstStart = 0;
        if (ReferenceEquals(first, _last))
        {
            _last = null;
        }

        BufferPool.Segments.Return(first);
        Resources?.Return(BufferPool.Segments.BufferSize);
    }
}
