using System.Diagnostics.CodeAnalysis;

namespace NatActors.Multiformats;

/// <summary>
/// A peer's name: the multihash of its public key (libp2p/specs peer-ids). Keys of at most 42 bytes are inlined (identity), longer ones hashed.
/// </summary>
public sealed class PeerId : IEquatable<PeerId>, IComparable<PeerId>
{
    /// <summary>The longest text accepted, in characters; the longest real ones take about 80.</summary>
    public const int MaxTextLength = 128;

    private readonly byte[] _bytes;
    private readonly Multihash _multihash;
    private string? _text;

    private PeerId(byte[] bytes, Multihash multihash)
    {
        _bytes = bytes;
        _multihash = multihash;
    }

    /// <summary>The multihash, as it stands in messages and multiaddrs.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The peer id of a key.</summary>
    public static PeerId FromPublicKey(PublicKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var serialised = key.ToProtobuf();
        // peer-ids spec: serialised keys of up to 42 bytes are inlined.
        var code = serialised.Length <= Multihash.MaxIdentityLength ? MultihashCode.Identity : MultihashCode.Sha256;
        var bytes = Multihash.Of(code, serialised);
        return TryDecode(bytes, out var id, out var failure)
            ? id
            : throw new InvalidOperationException($"A peer id that was just made does not decode: {failure}.");
    }

    /// <summary>Reads a peer id from its multihash.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PeerId? id, out DecodeFailure failure)
    {
        id = null;
        if (!Multihash.TryRead(bytes, out var multihash, out failure))
        {
            return false;
        }

        // An empty identity digest names no key.
        if (multihash.DigestOffset == multihash.Length)
        {
            failure = DecodeFailure.Malformed;
            return false;
        }

        id = new PeerId(bytes.ToArray(), multihash);
        return true;
    }

    /// <summary>As <see cref="TryDecode(ReadOnlySpan{byte}, out PeerId?, out DecodeFailure)"/>, for callers to whom every failure is the same.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out PeerId? id) => TryDecode(bytes, out id, out _);

    /// <summary>Reads a peer id from text: base58btc (<c>12D3Koo…</c>, <c>Qm…</c>) or a CIDv1 with codec libp2p-key.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PeerId? id) => TryParse(text, out id, out _);

    /// <summary>As the other overload, with one line for a person about what is wrong.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PeerId? id, [NotNullWhen(false)] out string? error) =>
        PeerIdText.TryParse(text, out id, out error);

    /// <summary>Reads a peer id from text.</summary>
    /// <exception cref="FormatException">The text is not a peer id; the message says why.</exception>
    public static PeerId Parse(string text) => TryParse(text, out var id, out var error) ? id : throw new FormatException(error);

    /// <summary>The key itself, if the peer id holds it (identity multihash) and it is a valid key.</summary>
    public bool TryExtractKey([NotNullWhen(true)] out PublicKey? key)
    {
        key = null;
        return _multihash.Code == MultihashCode.Identity
            && PublicKey.TryFromProtobuf(_bytes.AsSpan(_multihash.DigestOffset), out key, out _);
    }

    /// <summary>True when this is the peer id of that key.</summary>
    public bool Matches(PublicKey key) => Equals(FromPublicKey(key));

    /// <summary>The CIDv1 text: base32, codec libp2p-key (<c>bafz…</c>).</summary>
    public string ToCid() => PeerIdText.ToCid(_bytes);

    /// <summary>The base58btc text, the usual one.</summary>
    public override string ToString() => _text ??= PeerIdText.ToBase58(_bytes);

    /// <inheritdoc />
    public bool Equals(PeerId? other) => other is not null && (ReferenceEquals(this, other) || _bytes.AsSpan().SequenceEqual(other._bytes));

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as PeerId);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    /// <summary>Orders by the multihash's bytes, the same on every machine.</summary>
    public int CompareTo(PeerId? other) => other is null ? 1 : _bytes.AsSpan().SequenceCompareTo(other._bytes);

    /// <summary>Equality by bytes.</summary>
    public static bool operator ==(PeerId? left, PeerId? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Inequality by bytes.</summary>
    public static bool operator !=(PeerId? left, PeerId? right) => !(left == right);
}
