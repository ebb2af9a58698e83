namespace NatActors.Multiformats;

/// <summary>The binary form: varint code, then a value of fixed length or with a varint length (multiformats/multiaddr, "Binary format").</summary>
internal static class MultiaddrCodec
{
    /// <summary>Checks a whole address and counts its components, allocating nothing that the input's length does not bound.</summary>
    internal static bool TryValidate(ReadOnlySpan<byte> bytes, out int count, out DecodeFailure failure)
    {
        count = 0;
        if (bytes.Length is 0 or > Multiaddr.MaxLength)
        {
            failure = bytes.IsEmpty ? DecodeFailure.Truncated : DecodeFailure.TooLarge;
            return false;
        }

        var rest = bytes;
        while (!rest.IsEmpty)
        {
            if (!TryReadComponent(rest, out var protocol, out var start, out var end, out failure)
                || !MultiaddrValue.TryToText(protocol!.Kind, rest[start..end], out _, out failure))
            {
                return false;
            }

            rest = rest[end..];
            count++;
        }

        failure = DecodeFailure.None;
        return true;
    }

    /// <summary>The components of an address that has been validated; they point into its bytes.</summary>
    internal static MultiaddrComponent[] Split(byte[] bytes, int count)
    {
        var components = new MultiaddrComponent[count];
        var offset = 0;
        for (var i = 0; i < count; i++)
        {
            var rest = bytes.AsMemory(offset);
            TryReadComponent(rest.Span, out var protocol, out var start, out var end, out _);
            var value = rest[start..end];
            MultiaddrValue.TryToText(protocol!.Kind, value.Span, out var text, out _);
            components[i] = new MultiaddrComponent(protocol, value, text!);
            offset += end;
        }

        return components;
    }

    /// <summary>Appends one component.</summary>
    internal static void Write(List<byte> destination, MultiaddrProtocol protocol, ReadOnlySpan<byte> value)
    {
        WriteNumber(destination, protocol.Code);
        if (MultiaddrValue.FixedLength(protocol.Kind) is null)
        {
            WriteNumber(destination, (ulong)value.Length);
        }

        destination.AddRange(value);
    }

    /// <summary>The bytes of an address in text; null and one line for a person when it is not one.</summary>
    internal static byte[]? FromText(string? text, out string? error)
    {
        if (string.IsNullOrWhiteSpace(text) || text[0] != '/')
        {
            error = $"{QuotedText.Of(text)} is not a multiaddr: it starts with a slash, like /ip4/192.0.2.1/tcp/4001.";
            return null;
        }

        if (text.Length > Multiaddr.MaxTextLength)
        {
            error = $"A multiaddr has at most {Multiaddr.MaxTextLength} characters; this one has {text.Length}.";
            return null;
        }

        // One trailing slash is common in what people paste and means nothing.
        var parts = (text.Length > 1 && text[^1] == '/' ? text[1..^1] : text[1..]).Split('/');
        var bytes = new List<byte>();
        for (var i = 0; i < parts.Length; i++)
        {
            if (!TryAddPart(bytes, parts, ref i, out error))
            {
                error = $"{QuotedText.Of(text)} is not a multiaddr: {error}";
                return null;
            }
        }

        error = bytes.Count > Multiaddr.MaxLength ? $"The multiaddr takes {bytes.Count} bytes; at most {Multiaddr.MaxLength} are allowed." : null;
        return error is null ? bytes.ToArray() : null;
    }

    private static bool TryAddPart(List<byte> bytes, string[] parts, ref int index, out string? error)
    {
        var name = parts[index];
        if (MultiaddrProtocol.Find(name) is not { } protocol)
        {
            error = name.Length == 0 ? "it has an empty part between two slashes." : $"{QuotedText.Of(name)} is not a protocol known here.";
            return false;
        }

        if (!protocol.HasValue)
        {
            Write(bytes, protocol, []);
            error = null;
            return true;
        }

        if (++index == parts.Length)
        {
            error = $"/{protocol.Name} lacks its value; write {MultiaddrValue.Expectation(protocol.Kind)}.";
            return false;
        }

        var value = MultiaddrValue.FromText(protocol, parts[index], out error);
        if (value is not null)
        {
            Write(bytes, protocol, value);
        }

        return value is not null;
    }

    private static bool TryReadComponent(
        ReadOnlySpan<byte> source,
        out MultiaddrProtocol? protocol,
        out int valueStart,
        out int valueEnd,
        out DecodeFailure failure)
    {
        protocol = null;
        valueEnd = 0;
        if (!TryReadNumber(source, out var code, out valueStart, out failure))
        {
            return false;
        }

        protocol = MultiaddrProtocol.Find(code);
        if (protocol is null)
        {
            failure = DecodeFailure.Unsupported;
            return false;
        }

        var length = (ulong)(MultiaddrValue.FixedLength(protocol.Kind) ?? 0);
        if (MultiaddrValue.FixedLength(protocol.Kind) is null)
        {
            if (!TryReadNumber(source[valueStart..], out length, out var lengthLength, out failure))
            {
                return false;
            }

            valueStart += lengthLength;
            if (length > (ulong)MultiaddrValue.MaxLength(protocol.Kind))
            {
                failure = DecodeFailure.TooLarge;
                return false;
            }
        }

        if (length > (ulong)(source.Length - valueStart))
        {
            failure = DecodeFailure.Truncated;
            return false;
        }

        valueEnd = valueStart + (int)length;
        return true;
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> source, out ulong value, out int bytesRead, out DecodeFailure failure)
    {
        var status = Varint.TryRead(source, out value, out bytesRead, out failure);
        if (status == DecodeStatus.NeedMoreData)
        {
            failure = DecodeFailure.Truncated;
        }

        return status == DecodeStatus.Done;
    }

    private static void WriteNumber(List<byte> destination, ulong value)
    {
        Span<byte> buffer = stackalloc byte[Varint.MaxLength];
        destination.AddRange(buffer[..Varint.Write(buffer, value)]);
    }
}
