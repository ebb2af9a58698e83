using System.Diagnostics.CodeAnalysis;
using SimpleBase;

namespace NatActors.Multiformats;

/// <summary>The two text forms of a peer id (libp2p/specs peer-ids, "String representation").</summary>
internal static class PeerIdText
{
    private const byte CidVersion = 0x01;
    private const byte Libp2pKeyCodec = 0x72;
    private const char Base32Prefix = 'b';

    internal static string ToBase58(ReadOnlySpan<byte> multihash) => Base58.Bitcoin.Encode(multihash);

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
