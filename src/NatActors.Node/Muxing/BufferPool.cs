namespace NatActors.Node.Muxing;

/// <summary>
/// Buffers of one size, kept for the next user up to a limit. The shared array pool rounds sizes up and keeps fewer of them per core than a
/// large receive window needs. Safe from any thread.
/// </summary>
internal sealed class BufferPool
{
    private readonly Stack<byte[]> _free = new();
    private readonly Lock _gate = new();
    private readonly int _maxRetained;

    public BufferPool(int bufferSize, int maxRetained)
    {
        BufferSize = bufferSize;
        _maxRetained = maxRetained;
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
}
