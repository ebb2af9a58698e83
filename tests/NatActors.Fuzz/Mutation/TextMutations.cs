using System.Text;
using NatActors.Fuzz.Engine;

namespace NatActors.Fuzz.Mutation;

/// <summary>Changes of text: by the words between its separators.</summary>
internal static class TextMutations
{
    private const int Kinds = 8;

    private static readonly byte[][] Words =
    [
        .. new[]
        {
            "0", "-1", "1", "255", "256", "65535", "65536", "4294967295", "4294967296", "18446744073709551616", "00", "1e9", "0x10", "+1",
            "",
            "::", "::1", "127.0.0.1", "[::1]", "%", "\u00e9", "\ud55c", "\ud83d\ude00", "\u0000", "\r\n", "\n", " ", "\t", "/", "//", ":",
            "<", "&amp;", "]]>", "\"", "'", "{", "[",
        }.Select(Encoding.UTF8.GetBytes),
        [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80],
    ];

    /// <summary>One change.</summary>
    public static void Apply(MutationBuffer buffer, FuzzRandom random, ReadOnlySpan<byte> donor, IReadOnlyList<byte[]> words)
    {
        if (buffer.Length == 0)
        {
            buffer.Insert(0, donor);
            return;
        }

        var (at, count) = WordAt(buffer.Span, random.Below(buffer.Length));
        switch (random.Below(Kinds))
        {
            case 0:
                buffer.Remove(at, count);
                break;
            case 1:
                buffer.Insert(at, buffer.Span.Slice(at, count).ToArray());
                break;
            case 2:
                buffer.Replace(at, count, Word(random, words));
                break;
            case 3:
                buffer.Insert(at, Word(random, words));
                break;
            case 4 when !donor.IsEmpty:
                var (from, length) = WordAt(donor, random.Below(donor.Length));
                buffer.Replace(at, random.OneIn(2) ? count : 0, donor.Slice(from, length));
                break;
            case 5:
                var (otherAt, otherCount) = WordAt(buffer.Span, random.Below(buffer.Length));
                buffer.Insert(at, buffer.Span.Slice(otherAt, otherCount).ToArray());
                break;
            case 6:
                Recase(buffer.Span.Slice(at, count));
                break;
            default:
                ByteMutations.Apply(buffer, random, donor, words);
                break;
        }
    }

    private static byte[] Word(FuzzRandom random, IReadOnlyList<byte[]> words) =>
        words.Count > 0 && random.OneIn(2) ? words[random.Below(words.Count)] : Words[random.Below(Words.Length)];

    private static void Recase(Span<byte> word)
    {
        foreach (ref var one in word)
        {
            one = char.IsAsciiLetter((char)one) ? (byte)(one ^ 0x20) : one;
        }
    }

    /// <summary>The word around a place with the separator in front of it.</summary>
    private static (int At, int Count) WordAt(ReadOnlySpan<byte> text, int place)
    {
        var at = place;
        while (at > 0 && IsPartOfWord(text[at]))
        {
            at--;
        }

        var end = place + 1;
        while (end < text.Length && IsPartOfWord(text[end]))
        {
            end++;
        }

        return (at, end - at);
    }

    private static bool IsPartOfWord(byte value) => value >= 0x80 || char.IsAsciiLetterOrDigit((char)value);
}
