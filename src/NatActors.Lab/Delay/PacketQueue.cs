using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace NatActors.Lab.Delay;

/// <summary>Packets that wait the same time, first in first out, in one bounded ring of memory.</summary>
/// <remarks>Each is stored unbroken behind a 16-byte header (due time, length), so that it goes to the kernel from where it lies.</remarks>
internal sealed unsafe class PacketQueue : IDisposable
{
    private const int HeaderBytes = 16;
    private const int Alignment = 16;
    private const int WrapMark = -1;

    private readonly int _capacity;
    private byte* _memory;
    private int _head;
    private int _tail;
    private int _used;

    /// <summary>Makes a queue.</summary>
    /// <param name="wait">How long each packet waits in it.</param>
    /// <param name="capacity">Bytes it holds at most, headers included; a multiple of 16.</param>
    internal PacketQueue(TimeSpan wait, int capacity)
    {
        Wait = wait;
        _capacity = capacity;
        _memory = (byte*)NativeMemory.AlignedAlloc((nuint)capacity, Alignment);
    }

    internal TimeSpan Wait { get; }

    internal bool IsEmpty => _used == 0;

    /// <summary>When the first packet leaves; only asked while there is one.</summary>
    internal long NextDue
    {
        get
        {
            SkipWrap();
            return BinaryPrimitives.ReadInt64LittleEndian(new ReadOnlySpan<byte>(_memory + _head, 8));
        }
    }

    /// <summary>Appends a packet; false where there is no room for it: it is dropped, as a full router drops it.</summary>
    internal bool TryEnqueue(long due, ReadOnlySpan<byte> packet)
    {
        var need = Rounded(packet.Length);
        if (_capacity - _tail < need)
        {
            var lost = _capacity - _tail;
            if (_used + lost + need > _capacity)
            {
                return false;
            }

            if (lost > 0)
            {
                WriteHeader(_tail, due, WrapMark);
            }

            _used += lost;
            _tail = 0;
        }

        if (_used + need > _capacity)
        {
            return false;
        }

        WriteHeader(_tail, due, packet.Length);
        packet.CopyTo(new Span<byte>(_memory + _tail + HeaderBytes, packet.Length));
        _tail += need;
        _used += need;
        return true;
    }

    /// <summary>The first packet, where it lies; valid until <see cref="Dequeue"/>.</summary>
    internal ReadOnlySpan<byte> Peek()
    {
        SkipWrap();
        return new ReadOnlySpan<byte>(_memory + _head + HeaderBytes, LengthAt(_head));
    }

    /// <summary>Removes the first packet.</summary>
    internal void Dequeue()
    {
        SkipWrap();
        var size = Rounded(LengthAt(_head));
        _head += size;
        _used -= size;
        if (_used == 0)
        {
            _head = _tail = 0;
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }

    private static int Rounded(int length) => HeaderBytes + ((length + Alignment - 1) & ~(Alignment - 1));

    private int LengthAt(int offset) => BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(_memory + offset + 8, 4));

    private void WriteHeader(int offset, long due, int length)
    {
        var header = new Span<byte>(_memory + offset, HeaderBytes);
        BinaryPrimitives.WriteInt64LittleEndian(header, due);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], length);
    }

    private void SkipWrap()
    {
        if (_head == _capacity || LengthAt(_head) == WrapMark)
        {
            _used -= _capacity - _head;
            _head = 0;
        }
    }
}
