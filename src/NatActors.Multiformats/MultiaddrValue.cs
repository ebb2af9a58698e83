using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;

namespace NatActors.Multiformats;

/// <summary>The values of components, between bytes and canonical text.</summary>
internal static class MultiaddrValue
{
    /// <summary>The longest domain name (RFC 1035 section 2.3.4) in bytes; zones and server names are held to the same.</summary>
    internal const int MaxNameLength = 253;

    private const int Ip4Length = 4;
    private const int Ip6Length = 16;
    private const int PortLength = 2;
    private const char Base64UrlPrefix = 'u';

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The length of the value in bytes, or null when a varint length prefix stands before it.</summary>
    internal static int? FixedLength(MultiaddrValueKind kind) => kind switch
    {
        MultiaddrValueKind.None => 0,
        MultiaddrValueKind.Ip4 => Ip4Length,
        MultiaddrValueKind.Ip6 => Ip6Length,
        MultiaddrValueKind.Port => PortLength,
        MultiaddrValueKind.UInt64 => sizeof(ulong),
        _ => null,
    };

    /// <summary>The longest value accepted where a length prefix says it, in bytes.</summary>
    internal static int MaxLength(MultiaddrValueKind kind) => kind == MultiaddrValueKind.Name ? MaxNameLength : Multihash.MaxLength;

    /// <summary>The canonical text of a value; false when the value breaks its grammar.</summary>
    internal static bool TryToText(
        MultiaddrValueKind kind,
        ReadOnlySpan<byte> value,
        [NotNullWhen(true)] out string? text,
        out DecodeFailure failure)
    {
        failure = DecodeFailure.None;
        text = kind switch
        {
            MultiaddrValueKind.None => string.Empty,
            MultiaddrValueKind.Ip4 => $"{value[0]}.{value[1]}.{value[2]}.{value[3]}",
            MultiaddrValueKind.Ip6 => Ip6Text.Format(value),
            MultiaddrValueKind.Port => BinaryPrimitives.ReadUInt16BigEndian(value).ToString(CultureInfo.InvariantCulture),
            MultiaddrValueKind.UInt64 => BinaryPrimitives.ReadUInt64BigEndian(value).ToString(CultureInfo.InvariantCulture),
            MultiaddrValueKind.Name => NameToText(value),
            MultiaddrValueKind.PeerId => PeerId.TryDecode(value, out var id, out failure) ? id.ToString() : null,
            _ => Multihash.TryRead(value, out _, out failure) ? Base64UrlPrefix + Base64Url.EncodeToString(value) : null,
        };
        if (text is null && failure == DecodeFailure.None)
        {
            failure = DecodeFailure.Malformed;
        }

        return text is not null;
    }

    /// <summary>The bytes of a value; null and one line for a person when the text breaks its grammar.</summary>
    internal static byte[]? FromText(MultiaddrProtocol protocol, string text, out string? error)
    {
        error = null;
        var bytes = protocol.Kind switch
        {
            MultiaddrValueKind.Ip4 => Ip4FromText(text),
            MultiaddrValueKind.Ip6 => Ip6Text.Parse(text),
            MultiaddrValueKind.Port => PortFromText(text),
            MultiaddrValueKind.UInt64 => NumberFromText(text),
            MultiaddrValueKind.Name => NameFromText(text),
            MultiaddrValueKind.PeerId => PeerId.TryParse(text, out var id, out error) ? id.Bytes.ToArray() : null,
            MultiaddrValueKind.CertHash => CertHashFromText(text),
            _ => [],
        };
        if (bytes is null)
        {
            error ??= $"{QuotedText.Of(text)} is not a value for /{protocol.Name}; write {Expectation(protocol.Kind)}.";
        }

        return bytes;
    }

    /// <summary>What a person should write after the protocol's name.</summary>
    internal static string Expectation(MultiaddrValueKind kind) => kind switch
    {
        MultiaddrValueKind.Ip4 => "four numbers from 0 to 255 with dots, like 192.0.2.1",
        MultiaddrValueKind.Ip6 => "an IPv6 address, like 2001:db8::1",
        MultiaddrValueKind.Port => "a port from 0 to 65535",
        MultiaddrValueKind.UInt64 => "a whole number",
        MultiaddrValueKind.Name => $"a name of 1 to {MaxNameLength} bytes without spaces",
        MultiaddrValueKind.PeerId => "a peer id, like 12D3Koo…",
        _ => "a multihash in multibase, like uEi…",
    };

    private static string? NameToText(ReadOnlySpan<byte> value)
    {
        if (value.Length is 0 or > MaxNameLength)
        {
            return null;
        }

        foreach (var b in value)
        {
            // A slash would read as the next component; control characters and spaces do not survive a line of text.
            if (b is (byte)'/' or <= (byte)' ' or 0x7f)
            {
                return null;
            }
        }

        try
        {
            return StrictUtf8.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static byte[]? NameFromText(string text)
    {
        if (text.Length is 0 or > MaxNameLength)
        {
            return null;
        }

        try
        {
            var bytes = StrictUtf8.GetBytes(text);
            return NameToText(bytes) is null ? null : bytes;
        }
        catch (EncoderFallbackException)
        {
            return null;
        }
    }

    private static byte[]? Ip4FromText(string text)
    {
        // IPAddress also takes 1, 0x7f.1 and 010.0.0.1; only the one canonical spelling is right here.
        return text.Length <= "255.255.255.255".Length
            && IPAddress.TryParse(text, out var address)
            && address.GetAddressBytes() is { Length: Ip4Length } bytes
            && address.ToString() == text
            ? bytes
            : null;
    }

    private static byte[]? PortFromText(string text)
    {
        if (!IsPlainNumber(text) || !ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        var bytes = new byte[PortLength];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, port);
        return bytes;
    }

    private static byte[]? NumberFromText(string text)
    {
        if (!IsPlainNumber(text) || !ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
        return bytes;
    }

    private static bool IsPlainNumber(string text) => text.Length is > 0 and <= 20 && (text.Length == 1 || text[0] != '0');

    private static byte[]? CertHashFromText(string text) =>
        MultibaseText.Decode(text) is { } bytes && Multihash.TryRead(bytes, out _, out _) ? bytes : null;
}
