using System.Buffers;
using SimpleBase;

namespace NatActors.Multiformats;

/// <summary>Text that names its own base by its first character (multiformats/multibase), as far as peer ids and certificate hashes use it.</summary>
internal static class MultibaseText
{
    private const int MaxTextLength = PeerId.MaxTextLength;

    // Lower-case hex, base32 and base36, base58btc, and base64url: what go, js and rust print.
    private static readonly SearchValues<char> Prefixes = SearchValues.Create("fbkzu");

    // SimpleBase throws on some characters outside of a base; none of them is ever right here.
    private static readonly SearchValues<char> Alphabet =
        SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_");

    /// <summary>The bytes; null when it is not text in one of the bases known here.</summary>
    internal static byte[]? Decode(ReadOnlySpan<char> text)
    {
        if (text.Length is < 2 or > MaxTextLength || !Prefixes.Contains(text[0]) || text.ContainsAnyExcept(Alphabet))
        {
            return null;
        }

        Span<byte> buffer = stackalloc byte[MaxTextLength];
        return Multibase.TryDecode(text, buffer, out var written) ? buffer[..written].ToArray() : null;
    }

    /// <summary>The bytes of base58btc without a prefix; null when it is not that.</summary>
    internal static byte[]? DecodeBase58(ReadOnlySpan<char> text)
    {
        if (text.Length is 0 or > MaxTextLength || text.ContainsAnyExcept(Alphabet))
        {
            return null;
        }

        Span<byte> buffer = stackalloc byte[MaxTextLength];
        return Base58.Bitcoin.TryDecode(text, buffer, out var written) ? buffer[..written].ToArray() : null;
    }
}
