using NatActors.Wire.Muxing;

namespace NatActors.Node.Muxing;

/// <summary>
/// Frames laid out for one write of the conduit. Data frames are put behind a reserve, into which the control frames are placed, flush with
/// the data, when the batch is taken: control first, and one contiguous write.
/// </summary>
internal sealed class WriteBatch
{
    /// <summary>Room for 341 control frames in front of the data.</summary>
    public const int ControlReserve = 4092;

    /// <summary>
    /// Plaintext of four full Noise frames (65,519 bytes each): large enough to make socket calls rare, small enough for the cache.
    /// </summary>
    public const int Capacity = 4 * 65_519;

    /// <summary>Room at first: the control frames and a few small messages, for that is all that most batches are.</summary>
    private const int InitialCapacity = 8 * 1024;

    /// <summary>Less room than this at the end of a batch is left empty rather than filled with a sliver of a frame.</summary>
    private const int MinUsefulPayload = 512;

    /// <summary>Batches kept for the next user: two for each of 32 busy links.</summary>
    private const int MaxRetained = 64;

    private static readonly BufferPool Small = new(InitialCapacity, MaxRetained);
    private static readonly BufferPool Large = new(Capacity, MaxRetained);
    private static readonly Stack<WriteBatch> Free = new();
    private static readonly Lock FreeGate = new();

    private byte[] _buffer = [];
    private int _start = ControlReserve;
    private int _end = ControlReserve;

    private WriteBatch()
    {
    }

    /// <summary>True when no data frame is in it.</summary>
    public bool IsEmpty => _end == ControlReserve;

    /// <summary>The bytes to write.</summary>
    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(_start, _end - _start);

    /// <summary>Bytes of memory that it takes.</summary>
    public int Held => _buffer.Length;

    private int Room => _buffer.Length - _end - YamuxHeader.Size;

    /// <summary>Room for one frame's payload of up to that many bytes; less than 0 when the batch is as good as full.</summary>
    public int PayloadRoom(int wanted)
    {
        if (Room < wanted && _buffer.Length < Capacity)
        {
            Grow();
        }

        return Room >= wanted ? wanted : Room >= MinUsefulPayload ? Room : -1;
    }

    /// <summary>Lays out one data frame.</summary>
    public void Add(YamuxSession session, YamuxStream stream, ReadOnlySpan<byte> payload, bool fin)
    {
        session.WriteDataHeader(stream, payload.Length, fin, _buffer.AsSpan(_end));
        payload.CopyTo(_buffer.AsSpan(_end + YamuxHeader.Size));
        _end += YamuxHeader.Size + payload.Length;
    }

    /// <summary>Puts the waiting control frames in front.</summary>
    public void TakeControl(YamuxSession session)
    {
        var length = session.DrainControl(_buffer.AsSpan(0, ControlReserve));
        _start = ControlReserve - length;
        _buffer.AsSpan(0, length).CopyTo(_buffer.AsSpan(_start));
    }

    /// <summary>An empty batch. Idle links hold none.</summary>
    public static WriteBatch Rent()
    {
        WriteBatch? batch;
        lock (FreeGate)
        {
            batch = Free.TryPop(out var free) ? free : new WriteBatch();
        }

        batch._buffer = Small.Rent();
        return batch;
    }

    /// <summary>Gives the batch back; nobody may hold on to it.</summary>
    public void Return()
    {
        _start = _end = ControlReserve;
        GiveBack(_buffer);
        _buffer = [];
        lock (FreeGate)
        {
            if (Free.Count < MaxRetained)
            {
                Free.Push(this);
            }
        }
    }

    private static void GiveBack(byte[] buffer) => (buffer.Length == Capacity ? Large : Small).Return(buffer);

    private void Grow()
    {
        var larger = Large.Rent();
        _buffer.AsSpan(_start, _end - _start).CopyTo(larger.AsSpan(_start));
        GiveBack(_buffer);
        _buffer = larger;
    }
}
