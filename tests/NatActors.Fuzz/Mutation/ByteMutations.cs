using System.Buffers.Binary;
using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Mutation;

/// <summary>Changes that know nothing of the structure.</summary>
internal static class ByteMutations
{
    private const int Kinds = 14;
    private const int LongRun = 300;

    private static readonly byte[] Bytes = [0, 1, 2, 0x7f, 0x80, 0x81, 0xfe, 0xff, (byte)'\n', (byte)'/', 12, 32];

    private static readonly uint[] Numbers =
        [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x3fff, 0x4000, 0x7fff, 0x8000, 0xffff, 0x10000, 0x40000, 0x40001, 0x7fffffff, 0x80000000,
        0xfffffffe, 0xffffffff];

    /// <summary>One change; the donor is another input to take bytes from.</summary>
    public static void Apply(MutationBuffer buffer, FuzzRandom random, ReadOnlySpan<byte> donor, IReadOnlyList<byte[]> words)
    {
        if (buffer.Length == 0)
        {
            buffer.Insert(0, donor.IsEmpty ? Random(random, 1 + random.Below(16)) : donor);
            return;
        }

        var at = random.Below(buffer.Length);
        switch (random.Below(Kinds))
        {
            case 0:
                buffer.Span[at] ^= (byte)(1 << random.Below(8));
                break;
            case 1:
                buffer.Span[at] = Bytes[random.Below(Bytes.Length)];
                break;
            case 2:
                buffer.Span[at] = (byte)random.Next();
                break;
            case 3:
                buffer.Span[at] += (byte)(random.Below(33) - 16);
                break;
            case 4:
                buffer.Insert(at, Random(random, 1 + random.Below(8)));
                break;
            case 5:
                var (from, count) = buffer.Stretch(random);
                buffer.Remove(from, count);
                break;
            case 6:
                Duplicate(buffer, random);
                break;
            case 7:
                Swap(buffer, random);
                break;
            case 8:
                Number(buffer, random, at);
                break;
            case 9:
                buffer.Insert(at, Number(random));
                break;
            case 10:
                buffer.Insert(at, Piece(donor, random));
                break;
            case 11:
                Overwrite(buffer, at, Piece(donor, random));
                break;
            case 12 when words.Count > 0:
                buffer.Insert(at, words[random.Below(words.Count)]);
                break;
            default:
                Rarely(buffer, random, at);
                break;
        }
    }

    /// <summary>A varint: small, huge, at a power of 128, or not minimal.</summary>
    public static byte[] Number(FuzzRandom random)
    {
        var value = random.Below(4) switch
        {
            0 => (ulong)random.Below(128),
            1 => Numbers[random.Below(Numbers.Length)],
            2 => 1UL << random.Below(64),
            _ => random.Next() >> random.Below(64),
        };
        var bytes = new List<byte>();
        for (; value >= 0x80; value >>= 7)
        {
            bytes.Add((byte)(value | 0x80));
        }

        bytes.Add((byte)value);
        if (random.OneIn(16))
        {
            bytes[^1] |= 0x80;
            bytes.Add(0);
        }

        return [.. bytes];
    }

    /// <summary>A stretch of another input.</summary>
    public static ReadOnlySpan<byte> Piece(ReadOnlySpan<byte> donor, FuzzRandom random)
    {
        if (donor.IsEmpty)
        {
            return donor;
        }

        var at = random.Below(donor.Length);
        return donor.Slice(at, 1 + random.Below(Math.Min(64, donor.Length - at)));
    }

    public static byte[] Random(FuzzRandom random, int count)
    {
        var bytes = new byte[count];
        random.Fill(bytes);
        return bytes;
    }

    private static void Duplicate(MutationBuffer buffer, FuzzRandom random)
    {
        var (at, count) = buffer.Stretch(random);
        var piece = buffer.Span.Slice(at, count).ToArray();
        for (var times = random.OneIn(16) ? 1 + random.Below(32) : 1; times > 0; times--)
        {
            buffer.Insert(at, piece);
        }
    }

    private static void Swap(MutationBuffer buffer, FuzzRandom random)
    {
        var (at, count) = buffer.Stretch(random);
        var piece = buffer.Span.Slice(at, count).ToArray();
        buffer.Remove(at, count);
        buffer.Insert(random.Below(buffer.Length + 1), piece);
    }

    private static void Number(MutationBuffer buffer, FuzzRandom random, int at)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        var value = Numbers[random.Below(Numbers.Length)];
        var width = 1 << random.Below(3);
        if (random.OneIn(4))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(number, value);
            Overwrite(buffer, at, number[..width]);
        }
        else
        {
            BinaryPrimitives.WriteUInt32BigEndian(number, value);
            Overwrite(buffer, at, number[^width..]);
        }
    }

    private static void Overwrite(MutationBuffer buffer, int at, ReadOnlySpan<byte> bytes)
    {
        var room = buffer.Span[at..];
        bytes[..Math.Min(bytes.Length, room.Length)].CopyTo(room);
    }

    private static void Rarely(MutationBuffer buffer, FuzzRandom random, int at)
    {
        switch (random.Below(3))
        {
            case 0:
                buffer.Remove(at, buffer.Length - at);
                break;
            case 1:
                var run = new byte[1 + random.Below(LongRun)];
                run.AsSpan().Fill(buffer.Span[at]);
                buffer.Insert(at, run);
                break;
            default:
                buffer.Span[at..].Reverse();
                break;
        }
    }
}
