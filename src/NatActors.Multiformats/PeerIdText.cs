using System.Diagnostics.CodeAnalysis;
using SimpleBase;

namespace NatActors.Multiformats;

/// <summary>The two text forms of a peer id (libp2p/specs peer-ids, "String representation").</summary>
internal static class PeerIdText
{
    private const byte CidVersion = 0x01;
    private const byte Libp2pKeyCodec = 0x72;
    private const char Base32Prefix = 'b';

    private const string Base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

    /// <summary>Digits of base 58 that go into one limb: the largest power that leaves room for a carry in 64 bits.</summary>
    private const int LimbDigits = 5;
    private const uint LimbRadix = 58 * 58 * 58 * 58 * 58;

    /// <summary>
    /// Five digits at a time: every connection brings a peer id that is written as text, and digit by digit that took a fiftieth of a handshake.
    /// </summary>
    internal static string ToBase58(ReadOnlySpan<byte> multihash)
    {
        // A digit of base 58 holds more than five bits, a limb more than 29.
        Span<uint> limbs = stackalloc uint[(Multihash.MaxLength * 8 / 29) + 1];
        var zeros = multihash.Length - multihash.TrimStart((byte)0).Length;
        var count = ToLimbs(multihash[zeros..], limbs);
        Span<char> text = stackalloc char[Multihash.MaxLength + (limbs.Length * LimbDigits)];
        var start = text.Length;
        foreach (var limb in limbs[..count])
        {
            var rest = limb;
            for (var digit = 0; digit < LimbDigits; digit++)
            {
                text[--start] = Base58Digits[(int)(rest % 58)];
                rest /= 58;
            }
        }

        // Of the highest limb only the digits that count; then one for each leading byte of zero.
        text = text[start..].TrimStart(Base58Digits[0]);
        return new string(Base58Digits[0], zeros) + text.ToString();
    }

    /// <summary>Little-endian.</summary>
    private static int ToLimbs(ReadOnlySpan<byte> number, Span<uint> limbs)
    {
        var count = 0;
        foreach (var next in number)
        {
            ulong carry = next;
            for (var i = 0; i < count; i++)
            {
                carry += (ulong)limbs[i] << 8;
                (limbs[i], carry) = ((uint)(carry % LimbRadix), carry / LimbRadix);
            }

            if (carry > 0)
            {
                limbs[count++] = (uint)carry;
            }
        }

        return count;
    }

    internal static string ToCid(ReadOnlySpan<byte> multihash)
    {
        Span<byte> cid = stackalloc byte[2 + multihash.Length];
        cid[0] = CidVersion;
        cid[1] = Libp2pKeyCodec;
        multihash.CopyTo(cid[2..]);
        return Base32Prefix + Base32.Rfc4648.Encode(cid, padding: false).ToLowerInvariant();
    }

    internal static bool TryParse(string? text, [NotNullWhen(true)] out PeerId? id, [NotNullWhen(false)] out string? error)
    {
        id = null;
        if (string.IsNullOrEmpty(text))
        {
            error = "A peer id is missing; it looks like 12D3Koo… or Qm….";
            return false;
        }

        if (text.Length > PeerId.MaxTextLength)
        {
            error = $"A peer id has at most {PeerId.MaxTextLength} characters; this text has {text.Length}.";
            return false;
        }

        // peer-ids spec: base58btc multihashes start with 1 or Qm, everything else is a CID with a multibase prefix.
        var isBase58 = text[0] == '1' || text.StartsWith("Qm", StringComparison.Ordinal);
        var bytes = isBase58 ? MultibaseText.DecodeBase58(text) : FromCid(text);
        if (bytes is null)
        {
            error = $"{QuotedText.Of(text)} is not a peer id: it is neither base58btc (12D3Koo…, Qm…) nor a CIDv1 of a libp2p key (bafz…).";
            return false;
        }

        if (!PeerId.TryDecode(bytes, out id, out var failure))
        {
            error = $"{QuotedText.Of(text)} is not a peer id: its multihash is refused ({failure}). Check that it was copied whole.";
            return false;
        }

        error = null;
        return true;
    }

    private static byte[]? FromCid(string text) =>
        MultibaseText.Decode(text) is { Length: > 2 } cid && cid[0] == CidVersion && cid[1] == Libp2pKeyCodec ? cid[2..] : null;
}
