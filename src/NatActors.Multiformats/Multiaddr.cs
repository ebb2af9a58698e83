using System.Diagnostics.CodeAnalysis;

namespace NatActors.Multiformats;

/// <summary>
/// A self-describing network address: a path of components such as <c>/ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…</c> (multiformats/multiaddr,
/// libp2p/specs addressing). Immutable; two are equal when their bytes are. Never empty.
/// </summary>
public sealed partial class Multiaddr : IEquatable<Multiaddr>
{
    /// <summary>
    /// The longest address accepted, in bytes. Ours: a relayed WebTransport address with two certificate hashes and two peer ids takes about 220.
    /// </summary>
    public const int MaxLength = 1024;

    /// <summary>
    /// Bytes of the longest address that is taken out of a peer's message: what is left to <see cref="MaxLength"/> is room for what a node
    /// appends to it, two peer ids and <c>/p2p-circuit</c> (100 bytes). An address with two certificate hashes has about 150.
    /// </summary>
    public const int MaxForeignLength = 768;

    /// <summary>The longest text accepted, in characters. Ours: the text of a value takes at most about three times its bytes.</summary>
    public const int MaxTextLength = 4 * MaxLength;

    private readonly byte[] _bytes;
    private readonly MultiaddrComponent[] _components;
    private readonly bool _isForeign;
    private string? _text;

    private Multiaddr(byte[] bytes, MultiaddrComponent[] components, bool isForeign = false)
    {
        _isForeign = isForeign;
        _bytes = bytes;
        _components = components;
    }

    /// <summary>The address as messages carry it.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Its components in order; at least one.</summary>
    public IReadOnlyList<MultiaddrComponent> Components => _components;

    /// <summary>Reads an address from text, normalising it.</summary>
    /// <exception cref="FormatException">The text is not a multiaddr; the message says what to write instead.</exception>
    public static Multiaddr Parse(string text) => TryParse(text, out var address, out var error) ? address : throw new FormatException(error);

    /// <summary>Reads an address from text, normalising it (IPv6 as RFC 5952 writes it, <c>/ipfs/</c> as <c>/p2p/</c>).</summary>
    /// <param name="text">The text, with its leading slash.</param>
    /// <param name="address">The address.</param>
    /// <param name="error">One line for a person: what is wrong and what to write.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Multiaddr? address, [NotNullWhen(false)] out string? error)
    {
        var bytes = MultiaddrCodec.FromText(text, out error);
        address = null;
        if (bytes is null)
        {
            error ??= $"{QuotedText.Of(text)} is not a multiaddr.";
            return false;
        }

        if (!TryDecode(bytes, out address, out var failure))
        {
            error = $"{QuotedText.Of(text)} is not a multiaddr: {failure}.";
            return false;
        }

        error = null;
        return true;
    }

    /// <summary>As the other overload, without the reason.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Multiaddr? address) => TryParse(text, out address, out _);

    /// <summary>Reads an address from bytes, all of them.</summary>
    /// <param name="bytes">The address; at most <see cref="MaxLength"/> bytes.</param>
    /// <param name="address">The address.</param>
    /// <param name="failure">Why it is refused; <see cref="DecodeFailure.Unsupported"/> for a component that this code does not know.</param>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Multiaddr? address, out DecodeFailure failure)
    {
        address = null;
        if (!MultiaddrCodec.TryValidate(bytes, out var count, out failure))
        {
            return false;
        }

        var copy = bytes.ToArray();
        address = new Multiaddr(copy, MultiaddrCodec.Split(copy, count));
        return true;
    }

    /// <summary>As the other overload, without the reason.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Multiaddr? address) => TryDecode(bytes, out address, out _);

    /// <summary>Reads an address out of a peer's message: of at most <see cref="MaxForeignLength"/> bytes, so that whatever is appended fits.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="address">The address.</param>
    public static bool TryDecodeForeign(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Multiaddr? address)
    {
        address = bytes.Length <= MaxForeignLength && TryDecode(bytes, out var decoded)
            ? new Multiaddr(decoded._bytes, decoded._components, isForeign: true)
            : null;
        return address is not null;
    }

    /// <summary>A copy of the bytes.</summary>
    public byte[] ToByteArray() => [.. _bytes];

    /// <summary>The canonical text.</summary>
    public override string ToString() => _text ??= string.Concat(_components.Select(c => c.ToString()));

    /// <inheritdoc />
    public bool Equals(Multiaddr? other) => other is not null && (ReferenceEquals(this, other) || _bytes.AsSpan().SequenceEqual(other._bytes));

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Multiaddr);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    /// <summary>Equality by bytes.</summary>
    public static bool operator ==(Multiaddr? left, Multiaddr? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Inequality by bytes.</summary>
    public static bool operator !=(Multiaddr? left, Multiaddr? right) => !(left == right);
}
