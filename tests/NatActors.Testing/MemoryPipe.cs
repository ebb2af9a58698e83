namespace NatActors.Testing;

/// <summary>One direction of a <see cref="MemoryConduit"/>: a bounded ring of bytes. Writers wait for room, readers for bytes.</summary>
internal sealed class MemoryPipe
{
    private readonly Lock _gate = new();
    private readonly byte[] _ring;
    private readonly int _maxRead;
    private int _start;
    private int _count;
    private bool _completed;
    private bool _aborted;
    private TaskCompletionSource? _change;

    public MemoryPipe(int capacity, int maxRead)
    {
        _ring = new byte[capacity];
        _maxRead = maxRead;
    }

    /// <summary>Bytes now in the pipe.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change;
            lock (_gate)
            {
                ThrowIfAborted();
                if (_count > 0)
                {
                    return Take(buffer.Span[..Math.Min(buffer.Length, _maxRead)]);
                }

                if (_completed)
                {
                    return 0;
                }

                change = Change();
            }

            await change.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change;
            lock (_gate)
            {
                ThrowIfAborted();
                if (_completed)
                {
                    throw new IOException("Written after the end of writing.");
                }

                buffer = buffer[Put(buffer.Span)..];
                if (buffer.IsEmpty)
                {
                    return;
                }

                change = Change();
            }

            await change.WaitAsync(cancellationToken);
        }
    }

    public void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            Wake();
        }
    }

    public void Abort()
    {
        lock (_gate)
        {
            _aborted = true;
            Wake();
        }
    }

    private int Take(Span<byte> destination)
    {
        var taken = 0;
        while (taken < destination.Length && _count > 0)
        {
            var take = Math.Min(destination.Length - taken, Math.Min(_count, _ring.Length - _start));
            _ring.AsSpan(_start, take).CopyTo(destination[taken..]);
            _start = (_start + take) % _ring.Length;
            _count -= take;
            taken += take;
        }

        Wake();
        return taken;
    }

    private int Put(ReadOnlySpan<byte> source)
    {
        var put = 0;
        while (put < source.Length && _count < _ring.Length)
        {
            var end = (_start + _count) % _ring.Length;
            var room = Math.Min(_ring.Length - _count, _ring.Length - end);
            var take = Math.Min(source.Length - put, room);
            source.Slice(put, take).CopyTo(_ring.AsSpan(end));
            _count += take;
            put += take;
        }

        if (put > 0)
        {
            Wake();
        }

        return put;
    }

    private Task Change() => (_change ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Wake()
    {
        _change?.SetResult();
        _change = null;
    }

    private void ThrowIfAborted()
    {
        if (_aborted)
        {
            throw new IOException("The conduit was aborted.");
        }
    }
}
