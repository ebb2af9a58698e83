using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace NatActors.Multiformats;

/// <summary>IPv6 addresses as RFC 5952 writes them: lower case, no leading zeros, the longest run of zero groups as <c>::</c>.</summary>
internal static class Ip6Text
{
    private const int Groups = 8;
    private const int Length = 16;
    private const int MaxTextLength = 45;

    internal static string Format(ReadOnlySpan<byte> address)
    {
        // RFC 5952 section 5: an IPv4-mapped address shows its IPv4 part in dots.
        if (address[..10].IndexOfAnyExcept((byte)0) < 0 && address[10] == 0xff && address[11] == 0xff)
        {
            return $"::ffff:{address[12]}.{address[13]}.{address[14]}.{address[15]}";
        }

        var (start, count) = LongestZeroRun(address);
        var text = new StringBuilder(MaxTextLength);
        for (var i = 0; i < Groups; i++)
        {
            if (i == start)
            {
                text.Append("::");
                i += count - 1;
                continue;
            }

            if (text.Length > 0 && text[^1] != ':')
            {
                text.Append(':');
            }

            text.Append(Group(address, i).ToString("x", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    internal static byte[]? Parse(string text)
    {
        // IPAddress also takes brackets, ports, prefixes and zones, none of which belong in /ip6/.
        var isPlain = text.Length is > 1 and <= MaxTextLength && text.All(c => char.IsAsciiHexDigit(c) || c is ':' or '.') && text.Contains(':');
        return isPlain && IPAddress.TryParse(text, out var address) && address.GetAddressBytes() is { Length: Length } bytes ? bytes : null;
    }

    private static ushort Group(ReadOnlySpan<byte> address, int index) => BinaryPrimitives.ReadUInt16BigEndian(address[(2 * index)..]);

    private static (int Start, int Count) LongestZeroRun(ReadOnlySpan<byte> address)
    {
        // RFC 5952 section 4.2: never a single group; of equal runs the first.
        var best = (Start: -1, Count: 1);
        var current = 0;
        for (var i = 0; i < Groups; i++)
        {
            current = Group(address, i) == 0 ? current + 1 : 0;
            if (current > best.Count)
            {
                best = (i - current + 1, current);
            }
        }

        return best;
    }
}
