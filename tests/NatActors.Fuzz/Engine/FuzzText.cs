using System.Text;

namespace NatActors.Fuzz.Engine;

/// <summary>
/// Input as text. The framework's decoder allocates for every bad byte, which would count against the entry; this one does not.
/// </summary>
public static class FuzzText
{
    /// <summary>
    /// The text; what is not UTF-8 becomes U+FFFD. Allocates the string and nothing else, for inputs of up to 4,096 bytes.
    /// </summary>
    public static string Of(ReadOnlySpan<byte> input)
    {
        const int OnStack = 4096;
        var characters = input.Length <= OnStack ? stackalloc char[input.Length] : new char[input.Length];
        var length = 0;
        for (var rest = input; !rest.IsEmpty;)
        {
            Rune.DecodeFromUtf8(rest, out var rune, out var consumed);
            length += rune.EncodeToUtf16(characters[length..]);
            rest = rest[consumed..];
        }

        return new string(characters[..length]);
    }
}
