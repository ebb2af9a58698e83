using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Mutation;

/// <summary>Bytes being changed; never longer than its limit.</summary>
public sealed class MutationBuffer(int limit)
{
    private readonly byte[] _bytes = new byte[limit];

    /// <summary>How many there are.</summary>
    public int Length { get; private set; }

    /// <summary>The bytes.</summary>
    public Span<byte> Span => _bytes.AsSpan(0, Length);

    /// <summary>Begins anew; what is too long is cut off.</summary>
    public void Set(ReadOnlySpan<byte> bytes)
    {
        Length = 0;
        Insert(0, bytes);
    }

    /// <summary>Inserts as much as there is room for.</summary>
    public void Insert(int at, ReadOnlySpan<byte> bytes)
    {
        var count = Math.Min(bytes.Length, _bytes.Length - Length);
        var copy = bytes.Overlaps(_bytes) ? bytes[..count].ToArray() : bytes[..count];
        _bytes.AsSpan(at, Length - at).CopyTo(_bytes.AsSpan(at + count));
        copy.CopyTo(_bytes.AsSpan(at));
        Length += count;
    }

    /// <summary>Removes bytes.</summary>
    public void Remove(int at, int count)
    {
        _bytes.AsSpan(at + count, Length - at - count).CopyTo(_bytes.AsSpan(at));
        Length -= count;
    }

    /// <summary>Puts other bytes in the place of some.</summary>
    public void Replace(int at, int count, ReadOnlySpan<byte> bytes)
    {
        var copy = bytes.Overlaps(_bytes) ? bytes.ToArray() : bytes;
        Remove(at, count);
        Insert(at, copy);
    }

    /// <summary>A random stretch, at least one byte; nothing of nothing.</summary>
    public (int At, int Count) Stretch(FuzzRandom random)
    {
        if (Length == 0)
        {
            return (0, 0);
        }

        var at = random.Below(Length);
        var longest = Length - at;
        return (at, 1 + random.Below(random.OneIn(4) ? longest : Math.Min(longest, 16)));
    }
}
