namespace NatActors.Node.Muxing;

/// <summary>
/// Buffers of one size, kept for the next user up to a limit, and those that nobody needed between two full garbage collections not even that
/// long. The shared array pool rounds sizes up and keeps fewer of them per core than a large receive window needs. Safe from any thread.
/// </summary>
internal sealed class BufferPool
{
    private readonly Stack<byte[]> _free = new();
    private readonly Lock _gate = new();
    private readonly int _maxRetained;
    private int _leastFree;

    public BufferPool(int bufferSize, int maxRetained)
    {
        BufferSize = bufferSize;
        _maxRetained = maxRetained;
        _ = new FullCollection(this);
    }

    /// <summary>
    /// Pieces of receive buffers. 64 KiB holds the largest data frame that is usual (go-yamux, and ours) and stays out of the large object
    /// heap; 512 kept are two windows of 16 MiB.
    /// </summary>
    public static BufferPool Segments { get; } = new(64 * 1024, 512);

    /// <summary>Size of every buffer.</summary>
    public int BufferSize { get; }

    /// <summary>A buffer with whatever was in it before.</summary>
    public byte[] Rent()
    {
        lock (_gate)
        {
            if (_free.TryPop(out var buffer))
            {
                _leastFree = Math.Min(_leastFree, _free.Count);
                return buffer;
            }
        }

        return GC.AllocateUninitializedArray<byte>(BufferSize);
    }

    /// <summary>Gives a buffer back; nobody may hold on to it.</summary>
    public void Return(byte[] buffer)
    {
        lock (_gate)
        {
            if (_free.Count < _maxRetained)
            {
                _free.Push(buffer);
            }
        }
    }

    /// <summary>Lets go of the buffers that were free ever since this was called last.</summary>
    internal void Trim()
    {
        lock (_gate)
        {
            for (; _leastFree > 0; _leastFree--)
            {
                _free.Pop();
            }

            _leastFree = _free.Count;
        }
    }

    /// <summary>Garbage that comes back to life: its finalizer runs once in each full collection, when it is old enough itself.</summary>
    private sealed class FullCollection(BufferPool pool)
    {
        ~FullCollection()
        {
            pool.Trim();
            GC.ReRegisterForFinalize(this);
        }
    }
}
