namespace NatActors.Multiformats;

/// <summary>
/// The wire form of keys: <c>{ required KeyType Type = 1; required bytes Data = 2; }</c> (libp2p/specs peer-ids, "Keys"). The spec asks for
/// one deterministic encoding, since peer ids hash it, so that is all that is read: two fields in order, each number minimal.
/// </summary>
internal static class KeyProtobuf
{
    private const byte TypeTag = 0x08;
    private const byte DataTag = 0x12;

    internal static byte[] Encode(KeyType type, ReadOnlySpan<byte> data)
    {
        var bytes = new byte[3 + Varint.Length((ulong)data.Length) + data.Length];
        bytes[0] = TypeTag;
        bytes[1] = (byte)type;
        bytes[2] = DataTag;
        var offset = 3 + Varint.Write(bytes.AsSpan(3), (ulong)data.Length);
        data.CopyTo(bytes.AsSpan(offset));
        return bytes;
    }

    internal static bool TryDecode(
        ReadOnlySpan<byte> bytes,
        int maxDataLength,
        out KeyType type,
        out ReadOnlySpan<byte> data,
        out DecodeFailure failure)
    {
        type = default;
        data = default;
        var rest = bytes;
        if (!TryReadTag(ref rest, TypeTag, out failure) || !TryReadNumber(ref rest, out var typeNumber, out failure))
        {
            return false;
        }

        if (typeNumber > (ulong)KeyType.Ecdsa)
        {
            failure = DecodeFailure.Unsupported;
            return false;
        }

        if (!TryReadTag(ref rest, DataTag, out failure) || !TryReadNumber(ref rest, out var length, out failure))
        {
            return false;
        }

        if (length > (ulong)maxDataLength)
        {
            failure = DecodeFailure.TooLarge;
            return false;
        }

        if (length != (ulong)rest.Length)
        {
            failure = length > (ulong)rest.Length ? DecodeFailure.Truncated : DecodeFailure.TrailingBytes;
            return false;
        }

        type = (KeyType)typeNumber;
        data = rest;
        return true;
    }

    private static bool TryReadTag(ref ReadOnlySpan<byte> rest, byte tag, out DecodeFailure failure)
    {
        failure = rest.IsEmpty ? DecodeFailure.Truncated : rest[0] != tag ? DecodeFailure.Malformed : DecodeFailure.None;
        rest = rest.IsEmpty ? rest : rest[1..];
        return failure == DecodeFailure.None;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> rest, out ulong value, out DecodeFailure failure)
    {
        var status = Varint.TryRead(rest, out value, out var read, out failure);
        if (status == DecodeStatus.NeedMoreData)
        {
            failure = DecodeFailure.Truncated;
        }

        rest = rest[read..];
        return status == DecodeStatus.Done;
    }
}
